/** Whether a key can be a recipient, and if not, why: in words for people, one for each reason. */
import * as openpgp from 'openpgp';
/** One reason against a key. */
export interface Unfitness {
    /** A clause about "this key", without a full stop. */
    readonly reason: string;
    readonly hint: string;
}
export interface Fitness {
    readonly problems: readonly Unfitness[];
    /** What messages are encrypted to; undefined if there are problems. */
    readonly encryptionKey: openpgp.Key | openpgp.Subkey | undefined;
    /** When the key, or the subkey that encrypts, expires, whichever is first. */
    readonly expires: Date | null;
}
/** No date check. openpgp.js takes null for that; its types do not all say so. */
export declare const ANY_TIME: Date;
/** Tells what only an old hash makes invalid from what does not verify at all. */
export declare const ANY_HASH: openpgp.Config;
/** Algorithms that encrypt and decrypt. */
export declare const DECRYPTING: Set<openpgp.enums.publicKey>;
/**
 * Judges a public key, or the public half of a private one, at the time `now`.
 * @param subkeyCount how many its file has; `key` lacks those that openpgp.js does not understand
 */
export declare function judgeKey(key: openpgp.Key, now: Date, subkeyCount: number): Promise<Fitness>;
/**
 * The curve of a primary key whose signatures openpgp.js cannot check on Node: it would need the package eckey-utils,
 * and without it takes every signature for a wrong one.
 */
export declare function unsupportedCurve(key: openpgp.Key): string | undefined;
/** A name that people know the algorithms by, such as `X25519 + Ed25519` or `RSA-4096`. */
export declare function algorithmName(key: openpgp.Key): string;
/** A copy of the object that does not know its revocations: whether they hold is asked apart. */
export declare function withoutRevocations<Part extends object>(part: Part): Part;
