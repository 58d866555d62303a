import { KeyError } from '../errors.js';
const BEGIN = /^-----BEGIN (PGP [A-Z0-9,/ ]+)-----$/;
const HINT = 'Use another copy of the file.';
/**
 * Reads every armored block of a text, however much other text surrounds them. Stricter than openpgp.js, which skips
 * characters that are not base64, and checksums.
 * @throws {@link KeyError} for a block that is cut off or holds foreign characters
 */
export function readArmors(text, label) {
    const lines = text.split(/\r\n|\n|\r/).map((line) => line.trimEnd());
    const armors = [];
    for (let at = 0; at < lines.length; at++) {
        const type = BEGIN.exec(lines[at] ?? '')?.[1];
        if (type === undefined || type === 'PGP SIGNED MESSAGE')
            continue; // That one has no END; its signature follows.
        const end = lines.indexOf(`-----END ${type}-----`, at + 1);
        if (end === -1)
            throw damaged(label, `it has no line "-----END ${type}-----", so it was cut off`);
        armors.push(readBlock(type, lines.slice(at + 1, end), label));
        at = end;
    }
    return armors;
}
function readBlock(type, lines, label) {
    const blank = lines.indexOf('');
    const headers = lines.slice(0, Math.max(blank, 0));
    const body = lines.slice(blank + 1).filter((line) => line !== '');
    if (headers.some((line) => !/^[A-Za-z][A-Za-z0-9-]*: ?/.test(line)))
        throw damaged(label, 'its armor header is not readable');
    const last = body.at(-1) ?? '';
    const crc = /^=[A-Za-z0-9+/]{4}$/.test(last)
        ? Buffer.from(last.slice(1), 'base64').readUIntBE(0, 3)
        : undefined;
    const base64 = body.slice(0, crc === undefined ? undefined : -1).join('');
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
        throw damaged(label, 'its text holds characters that are not base64');
    const bytes = Buffer.from(base64, 'base64');
    // Also finds a length that base64 cannot have, and bits in the last character that no encoder sets.
    if (bytes.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, ''))
        throw damaged(label, 'its base64 text is incomplete');
    return { type, headers, bytes, crcMatches: crc === undefined ? undefined : crc === crc24(bytes) };
}
/** RFC 9580 §6.1.1. */
function crc24(bytes) {
    let crc = 0xb704ce;
    for (const byte of bytes) {
        crc ^= byte << 16;
        for (let bit = 0; bit < 8; bit++)
            crc = (crc << 1) ^ ((crc & 0x800000) === 0 ? 0 : 0x1864cfb);
    }
    return crc & 0xffffff;
}
function damaged(label, what) {
    return new KeyError(`${label} is damaged: ${what}.`, { hint: HINT });
}
