/**
 * What a key file holds, told before openpgp.js sees it: which says too little about what is wrong, ignores checksums,
 * and takes the first of several keys.
 */
import { createHash } from 'node:crypto';
import * as openpgp from 'openpgp';
import { KeyError } from '../errors.js';
import { readArmors } from './key-armor.js';
/** No real key comes near this; it bounds what a wrong file can cost. */
const MAX_KEY_FILE_BYTES = 4 * 2 ** 20;
const CHECKSUM_LINE = /^Comment: SHA-256 ([0-9a-f]{64})$/;
const DAMAGED_HINT = 'Use another copy of the file.';
const TAG = {
    signature: 2,
    secretKey: 5,
    publicKey: 6,
    secretSubkey: 7,
    userId: 13,
    publicSubkey: 14,
    userAttribute: 17,
};
/** Marker, trust and padding packets mean nothing in a key; the last range is for private experiments. */
const IGNORED_TAGS = new Set([10, 12, 21]);
const MESSAGE_TAGS = new Set([1, 3, 4, 8, 9, 11, 18, 20]);
/**
 * Finds the one key in a file: armored or binary, with or without a byte order mark, any line ends.
 * @param label names the file in messages
 * @throws {@link KeyError} for whatever is not exactly one whole key block, in words that say what it is
 */
export function readKeyBlock(file, label) {
    if (file.length === 0)
        throw new KeyError(`${label} is empty.`, { hint: 'Export the key again.' });
    if (file.length > MAX_KEY_FILE_BYTES)
        throw notAKey(label);
    const armors = looksBinary(file) ? [] : readArmors(decodeText(file), label);
    const keys = armors.filter(({ type }) => type.endsWith('KEY BLOCK'));
    if (keys.length > 1)
        throw severalKeys(label);
    const [armor] = keys.length === 1 ? keys : armors;
    if (armor !== undefined)
        return blockOf(armor.bytes, label, provenBy(armor, label));
    if (!looksBinary(file))
        throw notAKey(label);
    return blockOf(file, label, false);
}
/** Armors a key block with its SHA-256 in a comment that {@link readKeyBlock} checks: v6 armor has no checksum of its own. */
export function armorKeyBlock(key) {
    const bytes = key.write();
    const type = key.isPrivate() ? openpgp.enums.armor.privateKey : openpgp.enums.armor.publicKey;
    // RFC 9580 §6.1: no CRC with v6 keys; GnuPG wants one with v4.
    return openpgp.armor(type, bytes, undefined, undefined, `SHA-256 ${sha256(bytes)}`, key.keyPacket.version !== 6, openpgp.config);
}
/** Whether the file holds, or claims to hold, any private key, be it damaged or not OpenPGP at all. */
export function holdsPrivateKey(file) {
    if (!looksBinary(file))
        return /-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/.test(decodeText(file)) || hiddenInArmor(file);
    return secretPacketIn(file);
}
export function damagedKey(label, what, cause) {
    return new KeyError(`${label} is damaged: ${what}.`, { hint: DAMAGED_HINT, cause });
}
function hiddenInArmor(file) {
    try {
        return readArmors(decodeText(file), '').some(({ bytes }) => secretPacketIn(bytes));
    }
    catch {
        return false; // What is wrong with the armor is told by whoever reads the key.
    }
}
function secretPacketIn(bytes) {
    try {
        for (const { tag } of packets(bytes))
            if (tag === TAG.secretKey || tag === TAG.secretSubkey)
                return true;
    }
    catch {
        // Cut off: what came before it counted.
    }
    return false;
}
function looksBinary(file) {
    const [first, second, third] = file;
    const utf8Mark = first === 0xef && second === 0xbb && third === 0xbf;
    return (first ?? 0) >= 0x80 && !utf8Mark && utf16Mark(file) === undefined;
}
/** PowerShell's `>` writes UTF-16. */
function utf16Mark([first, second]) {
    if (first === 0xff && second === 0xfe)
        return 'utf-16le';
    return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}
function decodeText(file) {
    return new TextDecoder(utf16Mark(file) ?? 'utf-8').decode(file); // It drops the byte order mark.
}
/** Whether a checksum proves the armored bytes; a checksum that does not match is an error. */
function provenBy({ headers, bytes, crcMatches }, label) {
    const line = headers.find((header) => header.includes('SHA-256'));
    if (line !== undefined && CHECKSUM_LINE.exec(line)?.[1] !== sha256(bytes)) {
        throw new KeyError(`${label} is damaged: its content does not match the SHA-256 in its "Comment:" line.`, {
            hint: 'Use another copy of the file; or remove that line, to try this one all the same.',
        });
    }
    if (crcMatches === false) {
        throw new KeyError(`${label} is damaged: its content does not match its checksum.`, {
            hint: 'Use another copy of the file; or remove the short line that begins with "=", to try this one all the same.',
        });
    }
    return line !== undefined || crcMatches === true;
}
function blockOf(bytes, label, proven) {
    const tags = [];
    let version = 0;
    let broken;
    try {
        for (const { tag, body } of packets(bytes)) {
            if (tags.length === 0)
                version = body[0] ?? 0;
            if (!IGNORED_TAGS.has(tag))
                tags.push(tag);
        }
    }
    catch (cause) {
        broken = cause;
    }
    const [first] = tags;
    if (first === TAG.signature)
        throw signatureInstead(bytes, label);
    if (first !== undefined && MESSAGE_TAGS.has(first) && broken === undefined) {
        throw new KeyError(`${label} is an OpenPGP message, not a key.`, { hint: 'Give the file with the key.' });
    }
    if (first !== TAG.publicKey && first !== TAG.secretKey) {
        if (first === TAG.publicSubkey || first === TAG.secretSubkey || first === TAG.userId)
            throw damagedKey(label, 'its primary key is missing');
        if (broken !== undefined && proven)
            throw damagedKey(label, 'its packets do not fit together', broken);
        throw notAKey(label, broken);
    }
    if (broken !== undefined)
        throw damagedKey(label, 'it ends in the middle, or a length in it is wrong', broken);
    if (tags.filter((tag) => tag === TAG.publicKey || tag === TAG.secretKey).length > 1)
        throw severalKeys(label);
    const strange = tags.find((tag) => tag < 40 && !Object.values(TAG).includes(tag));
    if (strange !== undefined)
        throw damagedKey(label, `a packet of type ${strange} does not belong in a key`);
    const kind = tags.includes(TAG.secretKey) || tags.includes(TAG.secretSubkey) ? 'private' : 'public';
    const subkeys = tags.filter((tag) => tag === TAG.publicSubkey || tag === TAG.secretSubkey).length;
    return { kind, version, bytes, subkeys, proven };
}
/** Walks packets of the current and of the old format (RFC 9580 §4.2); lengths must be definite and fit. */
function* packets(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length;) {
        const header = view.getUint8(at++); // Beyond the end, DataView throws: that is "cut off".
        if ((header & 0x80) === 0)
            throw new Error('no packet begins here');
        const { length, octets } = (header & 0x40) !== 0 ? currentLength(view, at) : oldLength(view, at, header & 3);
        at += octets;
        if (at + length > bytes.length)
            throw new Error('the last packet is cut off');
        yield {
            tag: (header & 0x40) !== 0 ? header & 0x3f : (header >> 2) & 0xf,
            body: bytes.subarray(at, at + length),
        };
        at += length;
    }
}
function currentLength(view, at) {
    const first = view.getUint8(at);
    if (first < 192)
        return { length: first, octets: 1 };
    if (first < 224)
        return { length: ((first - 192) << 8) + view.getUint8(at + 1) + 192, octets: 2 };
    if (first < 255)
        throw new Error('a packet has no definite length');
    return { length: view.getUint32(at + 1), octets: 5 };
}
function oldLength(view, at, type) {
    if (type === 0)
        return { length: view.getUint8(at), octets: 1 };
    if (type === 1)
        return { length: view.getUint16(at), octets: 2 };
    if (type === 2)
        return { length: view.getUint32(at), octets: 4 };
    throw new Error('a packet has no definite length');
}
function signatureInstead(bytes, label) {
    const [packet] = packets(bytes);
    // Octets 0 and 1 of a signature: version and type; 0x20 revokes a key.
    return packet?.body[1] === 0x20
        ? new KeyError(`${label} is a revocation certificate, not a key.`, {
            hint: 'Give the file with the key itself.',
        })
        : new KeyError(`${label} is a signature, not a key.`, { hint: 'Give the file with the key itself.' });
}
function severalKeys(label) {
    return new KeyError(`${label} holds several keys.`, {
        hint: 'Give one file for each key, so that it is clear which are meant.',
    });
}
function notAKey(label, cause) {
    return new KeyError(`${label} is not an OpenPGP key.`, {
        hint: 'Give a file that begins with "-----BEGIN PGP".',
        cause,
    });
}
function sha256(bytes) {
    return createHash('sha256').update(bytes).digest('hex');
}
