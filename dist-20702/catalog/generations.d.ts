import type { Database } from 'better-sqlite3';
/** A stored object as a seal names it. */
export interface ObjectFacts {
    readonly name: string;
    readonly size: number;
    readonly sha256: string;
}
export interface ChunkerRow {
    /** base64. */
    readonly seed: string;
    readonly min: number;
    readonly maskBits: number;
    readonly max: number;
}
/** What this machine knows of a generation it started or may go on in. */
export interface GenerationRow {
    readonly source: string;
    readonly name: string;
    readonly created: string;
    /** Armored. */
    readonly publicKey: string;
    readonly blobIdKey: Buffer;
    readonly chunker: ChunkerRow;
    readonly secrets: readonly ObjectFacts[];
    /** Fingerprints. */
    readonly recipients: readonly string[];
}
export interface StoredGeneration extends GenerationRow {
    readonly id: number;
}
export declare class GenerationTable {
    #private;
    constructor(database: Database);
    add(row: GenerationRow): StoredGeneration;
    find(source: string, name: string): StoredGeneration | undefined;
    /** The newest generation of a source, by name. */
    newest(source: string): StoredGeneration | undefined;
    all(): StoredGeneration[];
}
