import type { RecipientKey } from '../crypto/recipient-key.ts';
export interface KeyFlags {
    readonly key?: string | undefined;
    readonly share?: readonly string[] | undefined;
    readonly 'passphrase-file'?: string | undefined;
}
export interface KeyPlace {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly cwd: string;
    readonly signal: AbortSignal;
}
/**
 * @returns undefined if no key is named
 * @throws {@link KeyError}, {@link PassphraseError}, {@link UsageError}
 */
export declare function openNamedKey(flags: KeyFlags, place: KeyPlace): Promise<RecipientKey | undefined>;
