import type { Secret } from '../system/secret.ts';
export interface GnupgOptions {
    /** For gpg. Holds no secret of ours. */
    readonly env: Readonly<Record<string, string | undefined>>;
    /** Handed to gpg over a pipe; without one, its agent asks. */
    readonly passphrase?: Secret | undefined;
    readonly signal?: AbortSignal | undefined;
}
/** A private key that `gpg` finds by its fingerprint. */
export declare class GnupgKey {
    #private;
    readonly fingerprint: string;
    /** Of the key and its subkeys, lower-case hex. */
    readonly keyIds: readonly string[];
    private constructor();
    /**
     * Asks gpg for a key. Nobody has to type anything yet.
     * @param fingerprint a whole one; blanks do not matter
     * @throws {@link KeyError} if there is no gpg, or it does not have the private key
     */
    static find(fingerprint: string, options: GnupgOptions): Promise<GnupgKey>;
    /**
     * Decrypts a small message.
     * @throws {@link PassphraseError} if the passphrase or PIN is wrong, missing or was not entered; {@link KeyError}
     */
    decrypt(message: Uint8Array): Promise<Uint8Array>;
}
