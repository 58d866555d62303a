import type { S3Requests } from './s3-requests.ts';
import { type ByteRange, type ObjectName } from './target.ts';
interface ReadPiecesOptions {
    readonly name: ObjectName;
    readonly range: ByteRange | undefined;
    readonly version?: string | undefined;
    /** How many bytes the object has, where that is known. */
    readonly sizeBytes?: number | undefined;
    /** How long the store may be silent. */
    readonly stallMs: number;
    readonly signal: AbortSignal | undefined;
}
/**
 * Yields the bytes of an object, or of a range of it that is not empty; each buffer belongs to the receiver.
 *
 * @throws {@link TargetError} for fewer or more bytes than were asked for or announced
 */
export declare function readPieces(requests: S3Requests, key: string, { name, range, version, sizeBytes, stallMs, signal }: ReadPiecesOptions): AsyncIterable<Uint8Array>;
export {};
