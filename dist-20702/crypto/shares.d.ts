import { Secret } from '../system/secret.ts';
export declare const SHARES_MOST = 255;
export interface Share {
    /** Names the file in messages. */
    readonly label: string;
    /** Fingerprint of the private key, lower-case hex. */
    readonly key: string;
    /** From 1 to `total`. */
    readonly index: number;
    readonly total: number;
    readonly threshold: number;
    readonly secret: Uint8Array;
}
/** A passphrase that nobody knows: it is split, and forgotten. */
export declare function newSharedPassphrase(): Secret;
/**
 * Splits a passphrase of {@link newSharedPassphrase}.
 * @returns the text of each share, for files or paper
 */
export declare function splitPassphrase(passphrase: Secret, { key, total, threshold }: {
    key: string;
    total: number;
    threshold: number;
}): Promise<string[]>;
/**
 * Reads one share; blanks, hyphens and case do not matter.
 * @throws {@link KeyError} if it is no share, or was altered
 */
export declare function readShare(text: string, label: string): Share;
/**
 * Puts the passphrase of a private key together again.
 * @param key fingerprint, lower-case hex
 * @throws {@link KeyError} if there are too few, or some belong to another key
 */
export declare function combineShares(shares: readonly Share[], key: string): Promise<Secret>;
