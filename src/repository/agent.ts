import {readFileSync} from 'node:fs';
import type {PrivateKey, PublicKey} from 'openpgp';
import {generateAgentKey} from '../crypto/keygen.ts';
import {readPrivateKey, unlockPrivateKey} from '../crypto/keys.ts';
import {signMessage} from '../crypto/message.ts';
import {openMessage, type Session, sealMessage} from '../crypto/seipd.ts';
import {KeyError} from '../errors.ts';
import {whyFailed} from '../system/system-error.ts';

/** The VM's own key pair: signs what the VM says, opens what the VM may read again. */
export interface Agent {
  /** Of the primary key; 64 hex digits. */
  readonly fingerprint: string;
  readonly key: PrivateKey;
}

export async function newAgent(now: Date): Promise<Agent> {
  const key = await generateAgentKey(now);
  return {fingerprint: key.getFingerprint(), key};
}

/** @throws {@link KeyError} if it is missing, unreadable or damaged */
export async function loadAgent(path: string): Promise<Agent> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new KeyError(`The agent key ${path} cannot be read: ${whyFailed(cause)}.`, {
      cause,
      hint: 'Name it as "agent" in the configuration; if it is lost, run "holdfast init" again to enrol a new agent.',
    });
  }
  const key = await unlockPrivateKey(await readPrivateKey(bytes, path), undefined);
  return {fingerprint: key.getFingerprint(), key};
}

/** Fingerprint of the subkey that messages to this key are encrypted to. */
export function encryptionFingerprint(key: PublicKey | PrivateKey): string {
  const [subkey] = key.getSubkeys();
  if (subkey === undefined) throw new Error('The key has no encryption subkey.');
  return subkey.getFingerprint();
}

/** Signs with the agent's key. A clock behind the key's creation must not stop a backup: then the key's time is used. */
export async function signAsAgent(agent: Agent, data: Uint8Array, now: Date): Promise<Uint8Array> {
  const date = new Date(Math.max(now.getTime(), agent.key.getCreationTime().getTime()));
  return signMessage(data, agent.key, date);
}

/** Signs, then encrypts: how index and snapshot objects are made. */
export async function sealSigned(
  agent: Agent,
  session: Session,
  data: Uint8Array,
  now: Date,
): Promise<Buffer> {
  return sealMessage(session, [await signAsAgent(agent, data, now)]);
}

/** The signed message inside an index or snapshot object. */
export function openSigned(bytes: Uint8Array, sessionKey: Uint8Array): Buffer {
  return openMessage(bytes, sessionKey);
}
