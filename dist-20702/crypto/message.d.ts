import * as openpgp from 'openpgp';
import type { Session } from './seipd.ts';
/** The signature of a message is not what is expected. Callers say of which object. */
export declare class SignatureError extends Error {
}
/** It may be a good signature, but none of the keys that count made it. */
export declare class UnknownSignerError extends SignatureError {
    /** Id of the key that it says it is made with: for a v6 key the first 16 digits of the fingerprint. */
    readonly keyId: string;
    constructor(keyId: string);
}
/** Signs bytes: a one-pass-signed message, binary. `date` lies in the past of every reader's clock or near it. */
export declare function signMessage(data: Uint8Array, signingKey: openpgp.PrivateKey, date: Date): Promise<Uint8Array>;
/**
 * Checks a signed message and returns exactly the bytes that were signed, and whose key signed them.
 * The clock plays no part: a machine's clock may jump (docs/threat-model.md); what counts is what is signed.
 * @throws {@link SignatureError} unless it is one literal, signed once, by one of `keys`
 */
export declare function verifyMessage(bytes: Uint8Array, keys: readonly openpgp.PublicKey[]): Promise<{
    data: Uint8Array;
    signer: string;
}>;
/** ASCII armor for a message, without headers. */
export declare function armor(bytes: Uint8Array): string;
/**
 * The bytes of an armored message.
 * @throws {@link SignatureError}
 */
export declare function unarmor(text: string): Promise<Uint8Array>;
/** A fresh session key, handed to these encryption keys with one PKESK v6 packet each. */
export declare function newSession(keys: readonly openpgp.Key[]): Promise<Session>;
/**
 * Gets the session key out of the PKESK packets of a message.
 * @throws {@link PacketError} if none of them is for this key
 */
export declare function openSession(pkesks: Uint8Array, key: openpgp.PrivateKey): Promise<Uint8Array>;
/** Encrypts a small message to recipients, with what all of their keys can read. Not signed. */
export declare function encryptToRecipients(data: Uint8Array, recipients: readonly openpgp.PublicKey[]): Promise<Uint8Array>;
/** Decrypts a small message. openpgp.js's errors go to the caller, who knows what it is about. */
export declare function decryptSmall(bytes: Uint8Array, key: openpgp.PrivateKey): Promise<Uint8Array>;
