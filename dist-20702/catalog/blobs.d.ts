import type { Database } from 'better-sqlite3';
export interface StoredPack {
    readonly name: string;
    readonly size: number;
}
/** Which blobs lie in which acknowledged pack, and which packs no index object describes yet. */
export declare class BlobTable {
    #private;
    constructor(database: Database);
    has(generation: number, id: Buffer): boolean;
    /** Whether nothing of the generation was stored so far. */
    isEmpty(generation: number): boolean;
    /**
     * Books a pack whose upload was acknowledged.
     * @param record what the index will say of it; null when an index object does already
     */
    addPack(generation: number, pack: StoredPack, ids: Iterable<Buffer>, record: string | null): void;
    packs(generation: number): StoredPack[];
    indexObjects(generation: number): StoredPack[];
    /** What the index has to say of packs that no index object describes yet. */
    unindexed(generation: number): {
        name: string;
        record: string;
    }[];
    /** Books an index object that was stored and describes these packs. */
    addIndex(generation: number, index: StoredPack, packs: readonly string[]): void;
    /** Forgets a pack that is no longer stored, with its blobs: they will be stored again. */
    forgetPack(generation: number, name: string): void;
    /** Forgets all packs, blobs and index objects of a generation. */
    forgetGeneration(generation: number): void;
    count(): number;
}
