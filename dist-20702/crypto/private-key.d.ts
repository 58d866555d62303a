/** Private keys: read, checked for damage, opened. Only restoring machines do this. */
import * as openpgp from 'openpgp';
import type { Secret } from '../system/secret.ts';
/** A private key as it lies in its file. */
export interface LockedKey {
    /** Names the file in messages. */
    readonly label: string;
    /** Of the primary key, lower-case hex. */
    readonly fingerprint: string;
    readonly needsPassphrase: boolean;
    /** Whether a checksum in the file shows that it is whole. */
    readonly proven: boolean;
    /** The OpenPGP packets. */
    readonly bytes: Uint8Array;
}
type SecretPacket = openpgp.SecretKeyPacket | openpgp.SecretSubkeyPacket;
/**
 * Reads a private key, whatever its age: one that is expired, revoked or weak still opens what was encrypted to it.
 * Damage is found here as far as it can be without the passphrase: by checksums, packet structure, and the key's own signatures.
 * @throws {@link KeyError}
 */
export declare function readPrivateKey(bytes: Uint8Array, label: string): Promise<LockedKey>;
/**
 * Opens a private key. Each secret part is tried for itself: a passphrase that opens one part is right, and the part that
 * it does not open is damaged.
 * @param passphrase may be undefined for a key that has none
 * @returns a key that can decrypt; old messages open with `date: null`
 * @throws {@link PassphraseError} if the passphrase is wrong or missing
 * @throws {@link KeyError} if the key is damaged
 */
export declare function unlockPrivateKey(locked: LockedKey, passphrase: Secret | undefined): Promise<openpgp.PrivateKey>;
/** The primary key and the subkeys of a private key. */
export declare function secretPackets(key: openpgp.Key): SecretPacket[];
/** Whether the packet has a secret part that only a passphrase opens. */
export declare function isLocked(packet: SecretPacket): boolean;
export {};
