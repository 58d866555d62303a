/** A value is not what docs/format.md says. Callers say of which object. */
export declare class FormatError extends Error {
}
/**
 * Text that was signed as bytes.
 * @throws {@link FormatError} unless it is UTF-8: other bytes would be read as the same text as U+FFFD
 */
export declare function signedText(data: Uint8Array): string;
/** The members of one JSON object, each checked when it is read. */
export declare class Fields {
    #private;
    constructor(raw: unknown);
    static parse(text: string): Fields;
    has(member: string): boolean;
    text(member: string): string;
    /** @throws {@link FormatError} unless `format` is the one that this Holdfast writes */
    format(): void;
    hash(member: string): string;
    count(member: string): number;
    time(member: string): string;
    object(member: string): Fields;
    list<T>(member: string, most: number, read: (item: unknown) => T): T[];
    texts(member: string, most: number): string[];
    /** A list of pairs, such as `[["<sha256>", 123]]`. */
    sizes(member: string, most: number): [string, number][];
}
export declare function isCount(value: unknown): value is number;
