import type { Catalog } from '../../catalog/catalog.ts';
import type { BlobId } from '../../repository/layout.ts';
/** What the last walk of this source in this generation left in the catalog of one directory. */
export interface KnownDirectory {
    /** In byte order, as latin1. */
    readonly names: readonly string[];
    /** {@link STATS} numbers per name. */
    readonly stats: BigInt64Array;
    readonly trees: readonly BlobId[];
}
export interface NewPart {
    readonly tree: BlobId;
    readonly content: Buffer;
    readonly names: readonly string[];
    readonly stats: BigInt64Array;
}
/** The walk's view of the catalog: what was, and what is found now, written in few transactions. */
export declare class WalkState {
    #private;
    /** @param keep false for a dry run: nothing is noted */
    constructor(catalog: Catalog, source: string, generation: number, keep: boolean);
    /** Undefined for a directory that was not there, or whose state cannot be used. */
    known(path: Buffer): KnownDirectory | undefined;
    /** The lines of a known directory, one per name; undefined if the catalog does not have them all. */
    lines({ trees, names }: KnownDirectory): string[] | undefined;
    note(path: Buffer, parts: readonly NewPart[]): void;
    /** Notes that a directory is gone, and counts the entries that were below it. */
    noteGone(path: Buffer): number;
    flush(): void;
}
