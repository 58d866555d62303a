export interface ChunkerParameters {
    /** 32 secret bytes, the generation's own: boundaries must not be a fingerprint of known content. */
    readonly seed: Uint8Array;
    /** No chunk but the last of a content is shorter. At least 64. */
    readonly min: number;
    /** A cut falls on one byte in 2^`maskBits`. 1 to 48. */
    readonly maskBits: number;
    /** No chunk is longer. */
    readonly max: number;
}
/** Chunks of about 1.25 MiB on average. */
export declare const DEFAULT_CHUNKING: {
    readonly min: 262144;
    readonly maskBits: 20;
    readonly max: 4194304;
};
/**
 * Chunks of streams, by where they begin. Dumps change a little in many places: small chunks keep what is stored again small
 * (PERFORMANCE §5). Far into a huge dump the lists of chunks would outgrow that, so chunks are larger there. The cuts of the larger are
 * among the candidates of the smaller, so both fall into step again behind a change.
 */
export declare const STREAM_CHUNKING: readonly [{
    readonly from: 0;
    readonly min: 2048;
    readonly maskBits: 13;
    readonly max: 65536;
}, {
    readonly from: number;
    readonly min: 16384;
    readonly maskBits: 16;
    readonly max: 524288;
}, {
    readonly min: 262144;
    readonly maskBits: 20;
    readonly max: 4194304;
    readonly from: number;
}];
/** The room that the table of {@link createChunker} takes. */
export declare const TABLE_BYTES = 2048;
/** Finds where chunks end (docs/format.md §6, `gear64`). */
export interface Chunker {
    readonly min: number;
    readonly max: number;
    /** Starts a chunk. */
    begin(): void;
    /**
     * Scans what it has not scanned yet of the chunk that starts at byte `offset` of the memory and of which `length`
     * bytes are there. Call it with growing lengths, by any step, until it finds the end; what lies behind the end is
     * the next chunk's. The chunk may be moved in the memory between calls. Where the content ends without a cut, the
     * rest is the last chunk.
     *
     * @returns the chunk's length, or 0 when more bytes are needed
     */
    scan(offset: number, length: number): number;
}
/**
 * Makes a chunker that scans bytes in `memory`, which workers may share.
 *
 * @param tableOffset where to write its table of {@link TABLE_BYTES}, which must stay as it is; a multiple of 8
 * @throws {@link RangeError} for parameters that no chunker can have; whoever reads them from storage checks them before
 */
export declare function createChunker(memory: WebAssembly.Memory, tableOffset: number, { seed, min, maskBits, max }: ChunkerParameters): Chunker;
