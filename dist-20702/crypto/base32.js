/** Bytes as text that a person can read out and type: Crockford's base32, which has no I, L, O or U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Upper case, without padding. */
export function toBase32(bytes) {
    let text = '';
    let bits = 0;
    let value = 0;
    for (const byte of bytes) {
        value = (value << 8) | byte;
        for (bits += 8; bits >= 5; bits -= 5)
            text += ALPHABET[(value >> (bits - 5)) & 31];
        value &= 0xff;
    }
    return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31];
}
/** Takes lower case, blanks and hyphens, and O, I and L for what they look like. @returns undefined if it is no such text */
export function fromBase32(text) {
    const typed = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
    const bytes = [];
    let bits = 0;
    let value = 0;
    for (const character of typed) {
        const digit = ALPHABET.indexOf(character);
        if (digit < 0)
            return undefined;
        value = ((value << 5) | digit) & 0xfff;
        bits += 5;
        if (bits < 8)
            continue;
        bits -= 8;
        bytes.push((value >> bits) & 0xff);
    }
    const isWhole = bits < 5 && (value & ((1 << bits) - 1)) === 0;
    return isWhole ? Uint8Array.from(bytes) : undefined;
}
