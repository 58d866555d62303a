import { type Session } from '../../crypto/seipd.ts';
import { type BlobList, type PackKind, type PackRecord } from '../pack.ts';
/** Where the pack may be read: the message went wrong in this machine's memory, so nothing of it may leave. */
export declare class PackCheckError extends Error {
}
export interface SealedPack<Blobs = BlobList> {
    readonly record: PackRecord<Blobs>;
    readonly bytes: Buffer;
}
export interface PackBuilderOptions {
    readonly session: Session;
    /** Fingerprint of the only key that may open the packs. */
    readonly generationKey: string;
    readonly kind: PackKind;
    /** A pack is closed when its compressed frames reach this. */
    readonly packBytes: number;
}
/**
 * Compresses frames and seals them into packs. What it made is decoded and compared before it is handed out. A pack is gathered
 * and encrypted in one piece of memory.
 */
export declare class PackBuilder<Blobs = BlobList> {
    #private;
    constructor(options: PackBuilderOptions);
    /** Takes one frame of whole tar members, `count` blobs. Returns a pack when that filled one. */
    add(raw: Uint8Array, blobs: Blobs, count: number): SealedPack<Blobs> | undefined;
    /** Seals what is there, if anything. */
    finish(): SealedPack<Blobs> | undefined;
}
