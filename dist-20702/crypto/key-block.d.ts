import * as openpgp from 'openpgp';
import { KeyError } from '../errors.ts';
/** One OpenPGP key: its packets, not yet understood. */
export interface KeyBlock {
    /** `private` as soon as any packet is a secret key or secret subkey. */
    readonly kind: 'public' | 'private';
    /** Version of the primary key packet. */
    readonly version: number;
    readonly bytes: Uint8Array;
    /** How many subkeys it has; openpgp.js leaves out those that it does not understand. */
    readonly subkeys: number;
    /** Whether a checksum of the whole block was there, and matched. */
    readonly proven: boolean;
}
/**
 * Finds the one key in a file: armored or binary, with or without a byte order mark, any line ends.
 * @param label names the file in messages
 * @throws {@link KeyError} for whatever is not exactly one whole key block, in words that say what it is
 */
export declare function readKeyBlock(file: Uint8Array, label: string): KeyBlock;
/** Armors a key block with its SHA-256 in a comment that {@link readKeyBlock} checks: v6 armor has no checksum of its own. */
export declare function armorKeyBlock(key: openpgp.Key): string;
/** Whether the file holds, or claims to hold, any private key, be it damaged or not OpenPGP at all. */
export declare function holdsPrivateKey(file: Uint8Array): boolean;
export declare function damagedKey(label: string, what: string, cause?: unknown): KeyError;
