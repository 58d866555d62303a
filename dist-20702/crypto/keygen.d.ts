/** Makes OpenPGP keys: for recipients, agents and generations (docs/format.md §3). */
import * as openpgp from 'openpgp';
import type { Secret } from '../system/secret.ts';
export interface RecipientKeyOptions {
    /** The user id: `Operations`, or `Operations <ops@example.org>`. */
    readonly name: string;
    /** `gpg`: a v4 key that GnuPG 2.2 can use, at the price of older algorithms. */
    readonly compat?: 'gpg' | undefined;
    /** How long from `now` until it expires; never, if left out. */
    readonly expiresSeconds?: number | undefined;
    readonly passphrase?: Secret | undefined;
    readonly now: Date;
}
/** A new key pair, armored. The key blocks carry a checksum that `readKeyBlock` checks. */
export interface GeneratedKey {
    readonly publicKey: string;
    readonly privateKey: string;
    /** Revokes the key, once it is merged into the public key. */
    readonly revocation: string;
    /** Of the primary key, lower-case hex. */
    readonly fingerprint: string;
}
/**
 * Makes the key pair of a recipient. Client machines only.
 * @throws {@link UsageError} if the name cannot be a user id
 */
export declare function generateRecipientKey({ name, compat, expiresSeconds, passphrase, now, }: RecipientKeyOptions): Promise<GeneratedKey>;
/** The key of a machine that is backed up. No passphrase: it runs unattended. */
export declare function generateAgentKey(now: Date): Promise<openpgp.PrivateKey>;
/** The key of one generation. It is handed to the recipients and forgotten. */
export declare function generateGenerationKey(now: Date): Promise<openpgp.PrivateKey>;
