/** Where every blob of a generation lies, in some 55 bytes each: a restore of millions of files has to know all of them. */
import type { BlobId, PackName } from './layout.ts';
import { type PackKind, type PackRecord } from './pack.ts';
export interface IndexedFrame {
    readonly pack: IndexedPack;
    /** In the `.tar.zst`. */
    readonly offset: number;
    readonly size: number;
    /** Decompressed size. */
    readonly raw: number;
    /** Number of its first blob in the index; the others follow. */
    readonly first: number;
    readonly count: number;
}
export interface IndexedPack {
    readonly name: PackName;
    /** Of the whole object. */
    readonly size: number;
    readonly kind: PackKind;
    readonly frames: readonly IndexedFrame[];
}
/** Where a blob lies. */
export interface BlobPlace {
    readonly frame: IndexedFrame;
    /** Its number in the frame. */
    readonly at: number;
    /** In the decompressed frame. */
    readonly offset: number;
    readonly length: number;
}
export declare class BlobIndex {
    #private;
    get packs(): IterableIterator<IndexedPack>;
    pack(name: string): IndexedPack | undefined;
    /** @param isPreferred of a blob that lies in several packs, the place in this one is taken */
    add(record: PackRecord, isPreferred: boolean): void;
    find(id: BlobId): BlobPlace | undefined;
    /** The ids of a frame's blobs, 32 bytes each. */
    idsOf({ first, count }: IndexedFrame): Uint8Array;
    lengthsOf({ first, count }: IndexedFrame): Uint32Array;
    /** @param at number of the blob in the frame */
    idOf(frame: IndexedFrame, at: number): BlobId;
}
