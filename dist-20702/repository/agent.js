import { readFileSync } from 'node:fs';
import { generateAgentKey } from '../crypto/keygen.js';
import { readPrivateKey, unlockPrivateKey } from '../crypto/keys.js';
import { signMessage } from '../crypto/message.js';
import { openMessage, sealMessage } from '../crypto/seipd.js';
import { KeyError } from '../errors.js';
export async function newAgent(now) {
    const key = await generateAgentKey(now);
    return { fingerprint: key.getFingerprint(), key };
}
/** @throws {@link KeyError} if it is missing, unreadable or damaged */
export async function loadAgent(path) {
    let bytes;
    try {
        bytes = readFileSync(path);
    }
    catch (cause) {
        throw new KeyError(`The agent key ${path} cannot be read: ${cause.message}.`, {
            cause,
            hint: 'Name it as "agent" in the configuration; if it is lost, run "holdfast init" again to enrol a new agent.',
        });
    }
    const key = await unlockPrivateKey(await readPrivateKey(bytes, path), undefined);
    return { fingerprint: key.getFingerprint(), key };
}
/** Fingerprint of the subkey that messages to this key are encrypted to. */
export function encryptionFingerprint(key) {
    const [subkey] = key.getSubkeys();
    if (subkey === undefined)
        throw new Error('The key has no encryption subkey.');
    return subkey.getFingerprint();
}
/** Signs with the agent's key. A clock behind the key's creation must not stop a backup: then the key's time is used. */
export async function signAsAgent(agent, data, now) {
    const date = new Date(Math.max(now.getTime(), agent.key.getCreationTime().getTime()));
    return signMessage(data, agent.key, date);
}
/** Signs, then encrypts: how index and snapshot objects are made. */
export async function sealSigned(agent, session, data, now) {
    return sealMessage(session, [await signAsAgent(agent, data, now)]);
}
/** The signed message inside an index or snapshot object. */
export function openSigned(bytes, sessionKey) {
    return openMessage(bytes, sessionKey);
}
