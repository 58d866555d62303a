import type { Database } from 'better-sqlite3';
export interface SnapshotRow {
    readonly source: string;
    readonly sequence: number;
    readonly id: string;
    /** Name of the generation. */
    readonly generation: string;
    /** SHA-256 of the signed payload. */
    readonly sealSha256: string;
    /** The signed payload. */
    readonly seal: string;
    /** The root entry as a line of a tree, where this machine knows it. */
    readonly root: string | null;
}
/** What the catalog takes of a checked seal. */
export interface AdoptedSeal {
    readonly source: string;
    readonly sequence: number;
    readonly generation: string;
    readonly snapshot: {
        readonly id: string;
    };
    readonly hash: string;
    readonly payload: string;
}
/** Seals that this machine made or adopted, and the history of its runs. */
export declare class SnapshotTable {
    #private;
    constructor(database: Database);
    add(row: SnapshotRow): void;
    /** Books a seal found in the repository. What its trees hold stays closed to this machine. */
    adopt(seal: AdoptedSeal): void;
    /** Takes these for the seals of a source, instead of those that were booked. */
    replaceAll(source: string, seals: readonly AdoptedSeal[]): void;
    newest(source: string): SnapshotRow | undefined;
    find(id: string): SnapshotRow | undefined;
    count(): number;
    startRun(source: string, started: string): number;
    finishRun(run: number, finished: string, outcome: string, seconds: number): void;
}
