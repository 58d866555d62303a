import { type FileHandle } from 'node:fs/promises';
import { type ByteRange, type ObjectName, TargetError } from './target.ts';
/** Opens the file of an object. O_NONBLOCK: opening a planted FIFO would wait for ever. */
export declare function openObject(path: string): Promise<FileHandle>;
/**
 * Yields the bytes of an open file, or of a range of it; each buffer belongs to the receiver.
 *
 * @throws {@link TargetError} rather than yield fewer bytes
 */
export declare function readPieces(handle: FileHandle, label: string, name: ObjectName, range: ByteRange | undefined, signal: AbortSignal | undefined): AsyncIterable<Uint8Array>;
export declare function notAFileError(label: string, name: ObjectName): TargetError;
/** @throws {@link RangeError} for what no caller may ask */
export declare function checkRange({ offset, length }: ByteRange): void;
