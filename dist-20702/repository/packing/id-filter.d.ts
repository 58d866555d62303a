/** A Bloom filter of ids, which are random bytes. What it has not seen needs no look-up. */
export declare class IdFilter {
    #private;
    add(id: Buffer): void;
    /** Whether it was added, or something that looks like it. */
    mayHave(id: Buffer): boolean;
}
