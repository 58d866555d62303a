declare const brand: unique symbol;
type Branded<T, Name extends string> = T & {
    readonly [brand]: Name;
};
/** SHA-256 of a pack's bytes, 64 hex digits. */
export type PackName = Branded<string, 'PackName'>;
/** SHA-256 of an index object's bytes, 64 hex digits. */
export type IndexName = Branded<string, 'IndexName'>;
/** HMAC-SHA256 of a blob's content, 64 hex digits. */
export type BlobId = Branded<string, 'BlobId'>;
/** 16 hex digits. */
export type SnapshotId = Branded<string, 'SnapshotId'>;
export declare const FORMAT = 1;
export declare const MARKER = "holdfast.json";
export declare const RECOVERY_GUIDE = "RECOVERY.md";
export declare const RECOVERY_SCRIPT = "recover.py";
/** One generation of one source. */
export interface GenerationPlace {
    readonly source: string;
    readonly generation: string;
}
export declare function isSourceName(name: string): boolean;
export declare function isGenerationName(name: string): boolean;
export declare function isHash(text: unknown): text is string;
export declare function newGenerationName(now: Date): string;
export declare const agentObject: (fingerprint: string) => string;
export declare const leaseObject: (source: string) => string;
export declare const generationPrefix: ({ source, generation }: GenerationPlace) => string;
export declare const inGeneration: (place: GenerationPlace, name: string) => string;
export declare const packsPrefix: (place: GenerationPlace) => string;
export declare const packObject: (place: GenerationPlace, name: string) => string;
export declare const indexPrefix: (place: GenerationPlace) => string;
export declare const indexObject: (place: GenerationPlace, name: string) => string;
export declare const snapshotObject: (place: GenerationPlace, id: string) => string;
export declare const sealsPrefix: (place: GenerationPlace) => string;
export declare const sealObject: (place: GenerationPlace, sequence: number, id: string) => string;
/** Sequence and snapshot id out of a seal's object name, or undefined if it is none. */
export declare function parseSealObject(place: GenerationPlace, name: string): {
    sequence: number;
    id: SnapshotId;
} | undefined;
/** The hash out of the name of a pack or index object, or undefined if it is none. */
export declare function parseHashObject(prefix: string, name: string): string | undefined;
export declare function sha256(bytes: Uint8Array | string): string;
export {};
