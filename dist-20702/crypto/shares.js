/** Shares of a private key's passphrase, of which some number must come together (docs/format.md §3). */
import { createHash, randomBytes } from 'node:crypto';
import { KeyError } from '../errors.js';
import { Secret } from '../system/secret.js';
import { fromBase32, toBase32 } from './base32.js';
/** 192 bits: with the number that the share itself has, each share is 40 characters long. */
const SECRET_BYTES = 24;
const CHECKSUM_BYTES = 5;
const TITLE = 'Holdfast key share, version 1';
export const SHARES_MOST = 255;
/** A passphrase that nobody knows: it is split, and forgotten. */
export function newSharedPassphrase() {
    return new Secret(toBase32(randomBytes(SECRET_BYTES)));
}
/**
 * Splits a passphrase of {@link newSharedPassphrase}.
 * @returns the text of each share, for files or paper
 */
export async function splitPassphrase(passphrase, { key, total, threshold }) {
    const secret = fromBase32(passphrase.reveal());
    if (secret?.length !== SECRET_BYTES)
        throw new Error('Only a passphrase that was made for it can be split.');
    const { split } = await import('shamir-secret-sharing');
    const parts = await split(secret, total, threshold);
    return parts.map((part, at) => render({ label: '', key, index: at + 1, total, threshold, secret: part }));
}
/**
 * Reads one share; blanks, hyphens and case do not matter.
 * @throws {@link KeyError} if it is no share, or was altered
 */
export function readShare(text, label) {
    if (!/Holdfast key share, version 1(?!\d)/i.test(text)) {
        throw new KeyError(`${label} is not a share of a Holdfast key.`, {
            hint: `A share begins with "${TITLE}".`,
        });
    }
    const field = (name) => new RegExp(`^[ \\t]*${name}[ \\t:]+(.*)$`, 'im').exec(text)?.[1]?.trim() ?? '';
    const [, index, total] = /^(\d{1,3}) *of *(\d{1,3})$/i.exec(field('share')) ?? [];
    const share = {
        label,
        key: field('key').replaceAll(/\s/g, '').toLowerCase(),
        index: Number(index),
        total: Number(total),
        threshold: Number(field('threshold')),
        secret: fromBase32(field('secret')) ?? new Uint8Array(),
    };
    const checksum = fromBase32(field('checksum'));
    if (checksum === undefined ||
        share.secret.length !== SECRET_BYTES + 1 ||
        !checksumOf(share).equals(checksum)) {
        throw new KeyError(`The share ${label} is damaged or mistyped: its checksum does not match.`, {
            hint: 'Compare it with the paper or another copy, or use another share.',
        });
    }
    return share;
}
/**
 * Puts the passphrase of a private key together again.
 * @param key fingerprint, lower-case hex
 * @throws {@link KeyError} if there are too few, or some belong to another key
 */
export async function combineShares(shares, key) {
    const foreign = shares.find((share) => share.key !== key);
    if (foreign !== undefined) {
        throw new KeyError(`The share ${foreign.label} belongs to another key, ${foreign.key}, not to ${key}.`, {
            hint: 'Give shares of this key, or the private key that they belong to.',
        });
    }
    const byIndex = new Map(shares.map((share) => [share.index, share]));
    const threshold = shares[0]?.threshold ?? 0;
    const odd = shares.find((share) => share.threshold !== threshold || byIndex.get(share.index) !== share);
    if (odd !== undefined && odd.threshold !== threshold) {
        throw new KeyError(`The share ${odd.label} does not belong to the others: the key was split twice.`, {
            hint: 'Give shares that were made together.',
        });
    }
    if (byIndex.size < threshold) {
        const twice = odd === undefined ? '' : ` (share ${odd.index} was given twice)`;
        const missing = threshold - byIndex.size;
        throw new KeyError(`It takes ${threshold} different shares to open this key; there ${byIndex.size === 1 ? 'is' : 'are'} ${byIndex.size}${twice}.`, { hint: `Give ${missing} more with --share FILE.` });
    }
    const { combine } = await import('shamir-secret-sharing');
    return new Secret(toBase32(await combine([...byIndex.values()].map(({ secret }) => secret))));
}
function render(share) {
    const { key, index, total, threshold, secret } = share;
    const grouped = (text, size, by) => text.match(new RegExp(`.{1,${size}}`, 'g'))?.join(by) ?? '';
    return `${TITLE}

key        ${grouped(key, 8, ' ')}
share      ${index} of ${total}
threshold  ${threshold}
secret     ${grouped(toBase32(secret), 4, '-')}
checksum   ${grouped(toBase32(checksumOf(share)), 4, '-')}

Any ${threshold} of the ${total} shares open the private key file, which is needed, too:
  holdfast restore latest --to DIR --key FILE --share FILE --share FILE …
Keep this share apart from the others. When it is typed in again from paper,
blanks, hyphens, and upper or lower case do not matter.
`;
}
function checksumOf({ key, index, total, threshold, secret }) {
    const hex = Buffer.from(secret).toString('hex');
    return createHash('sha256')
        .update(`holdfast-key-share\n1\n${key}\n${index}\n${total}\n${threshold}\n${hex}\n`)
        .digest()
        .subarray(0, CHECKSUM_BYTES);
}
