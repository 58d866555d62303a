/** Keys that come from outside: what they are, and whether they can be recipients. Private keys: private-key.ts. */
import * as openpgp from 'openpgp';
export { readPrivateKey, unlockPrivateKey } from './private-key.ts';
/** What a key file says, for `keys inspect`. */
export interface KeyFacts {
    /** Of the primary key, lower-case hex. */
    readonly fingerprint: string;
    readonly version: number;
    /** Such as `X25519 + Ed25519`, `Curve25519`, `RSA-4096`. */
    readonly algorithm: string;
    readonly userIds: readonly string[];
    /** ISO 8601. */
    readonly created: string;
    readonly private: boolean;
    /** Whether it is private and protected by a passphrase. */
    readonly passphrase: boolean;
    /** ISO 8601; null if it never expires. */
    readonly expires: string | null;
    /** Whether it can be a recipient. */
    readonly usable: boolean;
    /** Why not. */
    readonly reason: string | null;
}
/** A key that backups are encrypted to. */
export interface Recipient {
    /** Of the primary key, lower-case hex. */
    readonly fingerprint: string;
    /**
     * Holds the one encryption key that was found fit. Encrypt with `date: null`: its dates were judged when it was read,
     * and openpgp.js would refuse a key that expires during a run, or was made by a clock slightly ahead.
     */
    readonly key: openpgp.PublicKey;
    readonly expires: Date | null;
}
/**
 * Tells what a key is, public or private, without any passphrase.
 * @throws {@link KeyError} if the file is not one whole OpenPGP key
 */
export declare function inspectKey(bytes: Uint8Array, now: Date, label?: string): Promise<KeyFacts>;
/**
 * Reads a public key that backups shall be encrypted to.
 * @param label names the file in messages
 * @throws {@link PrivateKeyPresentError} if the file holds a private key, even a damaged one
 * @throws {@link KeyError} if it is not one whole public key that can encrypt now
 */
export declare function readRecipient(bytes: Uint8Array, label: string, now: Date): Promise<Recipient>;
