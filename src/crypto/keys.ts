/** Keys that come from outside: what they are, and whether they can be recipients. Private keys: private-key.ts. */
import * as openpgp from 'openpgp';
import {KeyError, PrivateKeyPresentError} from '../errors.ts';
import {damagedKey, holdsPrivateKey, type KeyBlock, readKeyBlock} from './key-block.ts';
import {algorithmName, encryptingIds, judgeKey, type Unfitness} from './key-fitness.ts';
import {isLocked, secretPackets} from './private-key.ts';

export {readPrivateKey, unlockPrivateKey} from './private-key.ts';

/** What a key file says, for `keys inspect`. */
export interface KeyFacts {
  /** Of the primary key, lower-case hex. */
  readonly fingerprint: string;
  readonly version: number;
  /** Such as `X25519 + Ed25519`, `Curve25519`, `RSA-4096`. */
  readonly algorithm: string;
  readonly userIds: readonly string[];
  /** ISO 8601. */
  readonly created: string;
  readonly private: boolean;
  /** Whether it is private and protected by a passphrase. */
  readonly passphrase: boolean;
  /** ISO 8601; null if it never expires. */
  readonly expires: string | null;
  /** Ids of the parts that can encrypt, as messages name them: 16 hex digits. */
  readonly encryptsAs: readonly string[];
  /** Whether it can be a recipient. */
  readonly usable: boolean;
  /** Why not. */
  readonly reason: string | null;
}

/** A key that backups are encrypted to. */
export interface Recipient {
  /** Of the primary key, lower-case hex. */
  readonly fingerprint: string;
  /**
   * Holds the one encryption key that was found fit. Encrypt with `date: null`: its dates were judged when it was read,
   * and openpgp.js would refuse a key that expires during a run, or was made by a clock slightly ahead.
   */
  readonly key: openpgp.PublicKey;
  readonly expires: Date | null;
}

const INSPECT_LABEL = 'The file';

/**
 * Tells what a key is, public or private, without any passphrase.
 * @throws {@link KeyError} if the file is not one whole OpenPGP key
 */
export async function inspectKey(
  bytes: Uint8Array,
  now: Date,
  label: string = INSPECT_LABEL,
): Promise<KeyFacts> {
  const block = readKeyBlock(bytes, label);
  const key = await parseKey(block, label);
  const {problems, expires} = await judgeKey(key.isPrivate() ? key.toPublic() : key, now, block.subkeys);
  const isPrivate = block.kind === 'private';
  const reasons = problems.map(({reason}) => reason);
  if (isPrivate) reasons.unshift('it is a private key; a recipient is its public half');
  return {
    fingerprint: key.getFingerprint(),
    version: block.version,
    algorithm: algorithmName(key),
    userIds: key.getUserIDs().map((userId) => userId.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')), // It may come from anyone, and go to a terminal.
    created: key.getCreationTime().toISOString(),
    private: isPrivate,
    passphrase: isPrivate && secretPackets(key).some(isLocked),
    expires: expires?.toISOString() ?? null,
    encryptsAs: await encryptingIds(key),
    usable: reasons.length === 0,
    reason: reasons.length === 0 ? null : reasons.join('; '),
  };
}

/**
 * Reads a public key that backups shall be encrypted to.
 * @param label names the file in messages
 * @throws {@link PrivateKeyPresentError} if the file holds a private key, even a damaged one
 * @throws {@link KeyError} if it is not one whole public key that can encrypt now
 */
export async function readRecipient(bytes: Uint8Array, label: string, now: Date): Promise<Recipient> {
  if (holdsPrivateKey(bytes)) throw privateKeyPresent(label);
  const block = readKeyBlock(bytes, label);
  const key = await parseKey(block, label);
  const {problems, encryptionKey, expires} = await judgeKey(key, now, block.subkeys);
  if (encryptionKey === undefined) throw unfit(label, problems);
  // openpgp.js would take the newest subkey, whether it is still valid or not, when it checks no dates.
  key.subkeys = key.subkeys.filter((subkey) => subkey === encryptionKey);
  return {fingerprint: key.getFingerprint(), key: key.toPublic(), expires};
}

function privateKeyPresent(label: string): PrivateKeyPresentError {
  return new PrivateKeyPresentError(`${label}: this is a private key; it must not be on this machine.`, {
    hint: 'Move it to where you restore, delete it here, and give its public half ("….public.asc", or "gpg --export").',
  });
}

function unfit(label: string, problems: readonly Unfitness[]): KeyError {
  return new KeyError(
    `${label}: this key cannot be a recipient: ${problems.map(({reason}) => reason).join('; ')}.`,
    {hint: problems[0]?.hint},
  );
}

async function parseKey(block: KeyBlock, label: string): Promise<openpgp.Key> {
  if (block.version <= 3) {
    throw new KeyError(
      `${label}: this key cannot be used: it is of version ${block.version}, which is too weak.`,
      {
        hint: 'Make a new key ("holdfast keygen").',
      },
    );
  }
  if (block.version !== 4 && block.version !== 6) {
    throw new KeyError(
      `${label}: this key cannot be used: its version, ${block.version}, is none of RFC 9580.`,
      {
        hint: 'Give a key of version 4 or 6.',
      },
    );
  }
  try {
    return await openpgp.readKey({binaryKey: block.bytes});
  } catch (cause) {
    throw damagedKey(label, 'its packets cannot be read, or use an algorithm that is not known', cause);
  }
}
