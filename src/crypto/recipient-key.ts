/** What opens `generation.pgp`: a private key that we hold, or one that GnuPG uses for us. */
import type {PrivateKey} from 'openpgp';
import {GnupgKey} from './gnupg.ts';
import {decryptSmall} from './message.ts';

export type RecipientKey = PrivateKey | GnupgKey;

/** Ids of the key and its subkeys, lower-case hex. */
export function keyIdsOf(key: RecipientKey): readonly string[] {
  return key instanceof GnupgKey ? key.keyIds : key.getKeyIDs().map((id) => id.toHex());
}

/** Decrypts a small message. Errors of openpgp.js go to the caller, who knows what it is about. */
export function decryptWith(key: RecipientKey, message: Uint8Array): Promise<Uint8Array> {
  return key instanceof GnupgKey ? key.decrypt(message) : decryptSmall(message, key);
}
