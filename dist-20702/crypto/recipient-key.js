import { GnupgKey } from './gnupg.js';
import { decryptSmall } from './message.js';
/** Ids of the key and its subkeys, lower-case hex. */
export function keyIdsOf(key) {
    return key instanceof GnupgKey ? key.keyIds : key.getKeyIDs().map((id) => id.toHex());
}
/** Decrypts a small message. Errors of openpgp.js go to the caller, who knows what it is about. */
export function decryptWith(key, message) {
    return key instanceof GnupgKey ? key.decrypt(message) : decryptSmall(message, key);
}
