/** What opens `generation.pgp`: a private key that we hold, or one that GnuPG uses for us. */
import type { PrivateKey } from 'openpgp';
import { GnupgKey } from './gnupg.ts';
export type RecipientKey = PrivateKey | GnupgKey;
/** Ids of the key and its subkeys, lower-case hex. */
export declare function keyIdsOf(key: RecipientKey): readonly string[];
/** Decrypts a small message. Errors of openpgp.js go to the caller, who knows what it is about. */
export declare function decryptWith(key: RecipientKey, message: Uint8Array): Promise<Uint8Array>;
