/** One ASCII-armored block (RFC 9580 §6). */
export interface Armor {
    /** What follows BEGIN, such as `PGP PUBLIC KEY BLOCK`. */
    readonly type: string;
    /** Header lines, such as `Comment: …`. */
    readonly headers: readonly string[];
    readonly bytes: Uint8Array;
    /** Undefined where the block has no CRC-24. */
    readonly crcMatches: boolean | undefined;
}
/**
 * Reads every armored block of a text, however much other text surrounds them. Stricter than openpgp.js, which skips
 * characters that are not base64, and checksums.
 * @throws {@link KeyError} for a block that is cut off or holds foreign characters
 */
export declare function readArmors(text: string, label: string): Armor[];
