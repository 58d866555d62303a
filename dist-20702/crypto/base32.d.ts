/** Bytes as text that a person can read out and type: Crockford's base32, which has no I, L, O or U. */
/** Upper case, without padding. */
export declare function toBase32(bytes: Uint8Array): string;
/** Takes lower case, blanks and hyphens, and O, I and L for what they look like. @returns undefined if it is no such text */
export declare function fromBase32(text: string): Uint8Array | undefined;
