/** What a pack is made of (docs/format.md §5): tar members in zstd frames, and the record of them that goes into the index. */
import type { BlobId, PackName } from './layout.ts';
/** Whether a pack holds file content or trees; a hint that keeps browsing cheap. */
export type PackKind = 'data' | 'tree';
/** What lies in a frame, in order. */
export type BlobList = readonly (readonly [id: BlobId, length: number])[];
/** @typeParam Blobs how the blobs are told: their list, or something that stands for it */
export interface FrameRecord<Blobs = BlobList> {
    /** In the `.tar.zst`. */
    readonly offset: number;
    readonly size: number;
    /** Decompressed size. */
    readonly raw: number;
    readonly blobs: Blobs;
}
export interface PackRecord<Blobs = BlobList> {
    readonly pack: PackName;
    /** Of the whole object. */
    readonly size: number;
    readonly kind: PackKind;
    readonly frames: readonly FrameRecord<Blobs>[];
}
export declare const LIMITS: {
    readonly packBytes: number;
    readonly frameBytes: number;
    readonly blobBytes: number;
};
export declare const MEMBER_HEADER_BYTES = 512;
/** Bytes that a member of so much content takes in a frame. */
export declare function memberLength(contentLength: number): number;
/** Zeros behind so much content. */
export declare function padding(contentLength: number): number;
/** Writes the ustar header of a blob to `at`. */
export declare function writeMemberHeader(frame: Buffer, at: number, id: BlobId, length: number): void;
