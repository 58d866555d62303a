import type { Database } from 'better-sqlite3';
/** What is remembered of one part of a directory: its tree blob, the names in it, and the stats of each. */
export interface DirectoryPart {
    /** 32 bytes. */
    readonly tree: Buffer;
    /** Entry names as bytes, joined by NUL. */
    readonly names: Buffer;
    /** {@link STATS} signed 64-bit numbers per entry, in the machine's byte order. */
    readonly stats: Buffer;
}
/** Numbers kept of each entry: size, mtime in ns, ctime in ns, inode. */
export declare const STATS = 4;
/** The state of each source at its last sealed snapshot, the state that a running walk finds, and the trees' plaintext. */
export declare class DirectoryTable {
    #private;
    constructor(database: Database);
    /** A directory's parts at the last snapshot, in order; none if it was not there or belongs to another generation. */
    parts(source: string, generation: number, path: Buffer): DirectoryPart[];
    /** The parts of a directory and of everything below it. */
    below(source: string, generation: number, path: Buffer): {
        path: Buffer;
        names: Buffer;
    }[];
    tree(generation: number, id: Buffer): Buffer | undefined;
    addTree(generation: number, id: Buffer, content: Uint8Array): void;
    /** Begins a walk: forgets what an interrupted one of this source left. Other sources may be walked at the same time. */
    beginWalk(source: string): void;
    /** Notes the new state of a directory that changed. */
    noteChanged(source: string, path: Buffer, parts: readonly DirectoryPart[]): void;
    /** Notes that what was known of a directory is no longer true. */
    noteGone(source: string, path: Buffer): void;
    /** Takes over what the walk noted. Runs in the transaction that books the snapshot. */
    commitWalk(source: string, generation: number): void;
    /** Everything below has to be read again. */
    forgetSource(source: string): void;
}
