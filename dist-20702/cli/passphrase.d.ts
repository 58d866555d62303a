import type * as openpgp from 'openpgp';
import { type LockedKey } from '../crypto/private-key.ts';
import { Secret } from '../system/secret.ts';
import type { HiddenPrompt } from './hidden-prompt.ts';
export interface PassphraseOptions {
    /** The value of `--passphrase-file`. */
    readonly flagFile?: string | undefined;
    readonly env: Readonly<Record<string, string | undefined>>;
    /** Undefined where there is no terminal. */
    readonly prompt?: HiddenPrompt | undefined;
    readonly signal?: AbortSignal | undefined;
}
/**
 * Opens a private key: with no passphrase if it has none; else with the one that was given; else, on a terminal, with what
 * a person types, in three tries.
 * @throws {@link PassphraseError} if it is wrong, missing, or cannot be had from where it should be
 * @throws {@link KeyError} if the key is damaged
 */
export declare function openPrivateKey(locked: LockedKey, options: PassphraseOptions): Promise<openpgp.PrivateKey>;
/**
 * The passphrase for a new key: the one that was given, or one that a person typed twice.
 * @throws {@link PassphraseError}
 */
export declare function newPassphrase(options: PassphraseOptions): Promise<Secret>;
/**
 * The passphrase from where it was said to be, without asking anybody; undefined if nothing was said. The first of these
 * counts, and if it cannot be used, that is an error and the next is not tried: `--passphrase-file`,
 * HOLDFAST_PASSPHRASE_FILE, HOLDFAST_PASSPHRASE_COMMAND, HOLDFAST_PASSPHRASE.
 * @throws {@link PassphraseError}
 */
export declare function givenPassphrase({ flagFile, env, signal, }: PassphraseOptions): Promise<Secret | undefined>;
