/** Private keys: read, checked for damage, opened. Only restoring machines do this. */
import * as openpgp from 'openpgp';
import {KeyError, PassphraseError} from '../errors.ts';
import type {Secret} from '../system/secret.ts';
import {deriveNatively} from './argon2.ts';
import {damagedKey, readKeyBlock} from './key-block.ts';
import {ANY_HASH, ANY_TIME, DECRYPTING, unsupportedCurve, withoutRevocations} from './key-fitness.ts';

/** A private key as it lies in its file. */
export interface LockedKey {
  /** Names the file in messages. */
  readonly label: string;
  /** Of the primary key, lower-case hex. */
  readonly fingerprint: string;
  readonly needsPassphrase: boolean;
  /** Whether a checksum in the file shows that it is whole. */
  readonly proven: boolean;
  /** The OpenPGP packets. */
  readonly bytes: Uint8Array;
}

type SecretPacket = openpgp.SecretKeyPacket | openpgp.SecretSubkeyPacket;

/** A damaged file must not make Argon2 ask for more than this: 2 GiB. */
const OPENING: openpgp.Config = {...openpgp.config, maxArgon2MemoryExponent: 21};
/** What openpgp.js says for a passphrase that does not fit, and what node:crypto says through it for AES-GCM. */
const WRONG_KEY = /incorrect key passphrase|authentication tag mismatch|unable to authenticate data/i;
const ANOTHER_COPY = 'Use another copy of the file.';

/**
 * Reads a private key, whatever its age: one that is expired, revoked or weak still opens what was encrypted to it.
 * Damage is found here as far as it can be without the passphrase: by checksums, packet structure, and the key's own signatures.
 * @throws {@link KeyError}
 */
export async function readPrivateKey(bytes: Uint8Array, label: string): Promise<LockedKey> {
  const block = readKeyBlock(bytes, label);
  if (block.kind === 'public') {
    throw new KeyError(`${label} is a public key; here the private key is needed.`, {
      hint: 'Give the private half, such as "….private.asc".',
    });
  }
  const key = await parse(block.bytes, label);
  const curve = unsupportedCurve(key);
  if (curve !== undefined) {
    throw new KeyError(`${label} uses the curve ${curve}, which is not supported.`, {
      hint: 'Use --key gpg:FINGERPRINT.',
    });
  }
  await checkPublicPart(key, label);
  const secrets = secretPackets(key);
  if (secrets.some((packet) => packet.isMissingSecretKeyMaterial() && !packet.isDummy())) {
    throw new KeyError(`${label} cannot be opened: its protection is not supported, or it is damaged.`, {
      hint: 'Use another copy of the file, or protect the key anew with the program that made it, or use --key gpg:FINGERPRINT.',
    });
  }
  if (!secrets.some(canDecrypt)) {
    throw new KeyError(
      `${label} does not hold the secret part that decrypts: that is on a smart card, or the file is damaged.`,
      {
        hint: 'Use --key gpg:FINGERPRINT, or export the whole key, or use another copy of the file.',
      },
    );
  }
  const needsPassphrase = secrets.some(isLocked);
  return {
    label,
    fingerprint: key.getFingerprint(),
    needsPassphrase,
    proven: block.proven,
    bytes: block.bytes,
  };
}

/**
 * Opens a private key: what decrypts of it. A passphrase is worth half a second for each part, and what only signs is of no use here. Where that
 * fails, each secret part is tried for itself: a passphrase that opens one part is right, and the part that it does not open is damaged.
 * @param passphrase may be undefined for a key that has none
 * @returns a key that can decrypt; old messages open with `date: null`
 * @throws {@link PassphraseError} if the passphrase is wrong or missing
 * @throws {@link KeyError} if the key is damaged
 */
export async function unlockPrivateKey(
  locked: LockedKey,
  passphrase: Secret | undefined,
): Promise<openpgp.PrivateKey> {
  const {label} = locked;
  const key = await parse(locked.bytes, label);
  const closed = secretPackets(key).filter(isLocked);
  if (closed.length > 0) {
    if (passphrase === undefined)
      throw new PassphraseError(`${label} needs its passphrase.`, {
        hint: 'Give it, for example with --passphrase-file.',
      });
    const outcomes = await openEach(closed.filter(canDecrypt), passphrase);
    if (!outcomes.every(({opened}) => opened)) {
      outcomes.push(
        ...(await openEach(
          closed.filter((packet) => !canDecrypt(packet)),
          passphrase,
        )),
      );
      judge(locked, outcomes);
    }
  }
  for (const packet of secretPackets(key)) {
    if (packet.isDummy() || isLocked(packet)) continue;
    await packet.validate().catch((cause: unknown) => {
      throw damagedKey(label, 'its secret part does not belong to its public part', cause);
    });
  }
  return key;
}

type Outcome =
  | {readonly opened: true}
  | {readonly opened: false; readonly refused: boolean; readonly cause: unknown};

/** One after the other: Argon2 takes memory. */
async function openEach(packets: readonly SecretPacket[], passphrase: Secret): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const packet of packets) outcomes.push(await open(packet, passphrase));
  return outcomes;
}

async function open(packet: SecretPacket, passphrase: Secret): Promise<Outcome> {
  deriveNatively(packet);
  try {
    // The types of openpgp.js leave the second parameter out.
    await (packet as {decrypt(passphrase: string, config: openpgp.Config): Promise<void>}).decrypt(
      passphrase.reveal(),
      OPENING,
    );
    return {opened: true};
  } catch (cause) {
    return {opened: false, refused: WRONG_KEY.test(String(cause)), cause};
  }
}

function judge({label, proven}: LockedKey, outcomes: readonly Outcome[]): void {
  const failures = outcomes.filter((outcome) => !outcome.opened);
  const [first] = failures;
  if (first === undefined) return;
  const odd = failures.find(({refused}) => !refused);
  if (odd !== undefined && !proven) throw damagedKey(label, 'its secret part cannot be read', odd.cause);
  if (odd !== undefined) {
    throw new KeyError(`${label} cannot be opened: ${String(odd.cause)}.`, {
      hint: 'Protect the key anew with the program that made it, or use --key gpg:FINGERPRINT.',
      cause: odd.cause,
    });
  }
  if (failures.length < outcomes.length) {
    const [what, hint] = proven
      ? [
          'its parts have different passphrases',
          'Give all parts of the key one passphrase, with the program that made it.',
        ]
      : [
          'the passphrase opens one of its secret parts, but not all, so the others are damaged',
          ANOTHER_COPY,
        ];
    throw new KeyError(`${label} cannot be opened: ${what}.`, {hint, cause: first.cause});
  }
  if (proven)
    throw new PassphraseError(`The passphrase does not open ${label}.`, {
      hint: 'Try again: the file itself is whole.',
      cause: first.cause,
    });
  if (outcomes.length > 1) {
    throw new PassphraseError(`The passphrase does not open ${label}.`, {
      hint: 'Try again; if you are sure of the passphrase, try another copy of the file, which has no checksum of its own.',
      cause: first.cause,
    });
  }
  throw new PassphraseError(
    `Either the passphrase is wrong, or ${label} is damaged: it has no checksum that would tell.`,
    {
      hint: 'Try again, or use another copy of the file.',
      cause: first.cause,
    },
  );
}

async function parse(bytes: Uint8Array, label: string): Promise<openpgp.PrivateKey> {
  try {
    return await openpgp.readPrivateKey({binaryKey: bytes});
  } catch (cause) {
    throw damagedKey(label, 'its packets cannot be read, or use an algorithm that is not known', cause);
  }
}

/**
 * A key signs its own public part, each user id and each subkey: what does not verify is damaged. Parts that are revoked,
 * or signed in a way that openpgp.js does not know, count as whole if decryption does not need them.
 */
async function checkPublicPart(key: openpgp.PrivateKey, label: string): Promise<void> {
  const bare = withoutRevocations(key.toPublic());
  bare.users = bare.users.map(withoutRevocations);
  const needed = [bare.verifyPrimaryKey(ANY_TIME, undefined, ANY_HASH)];
  const spare: Promise<unknown>[] = [];
  for (const subkey of bare.subkeys) {
    const check = withoutRevocations(subkey).verify(ANY_TIME, ANY_HASH);
    if (DECRYPTING.has(subkey.keyPacket.algorithm)) needed.push(check.then(() => undefined));
    else spare.push(check);
  }
  for (const user of bare.users)
    if (user.selfCertifications.length > 0) spare.push(user.verify(ANY_TIME, ANY_HASH));
  const [strict, lenient] = await Promise.all([Promise.allSettled(needed), Promise.allSettled(spare)]);
  const failure = [...strict, ...lenient.filter(isForged)].find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined)
    throw damagedKey(label, 'its own signatures do not match its public part', failure.reason);
}

function isForged(outcome: PromiseSettledResult<unknown>): boolean {
  return (
    outcome.status === 'rejected' && /digest did not match|verification failed/i.test(String(outcome.reason))
  );
}

/** The primary key and the subkeys of a private key. */
export function secretPackets(key: openpgp.Key): SecretPacket[] {
  return key.getKeys().map(({keyPacket}) => keyPacket as SecretPacket);
}

/** Whether the packet has a secret part that only a passphrase opens. */
export function isLocked(packet: SecretPacket): boolean {
  return !packet.isDummy() && !packet.isDecrypted();
}

function canDecrypt(packet: SecretPacket): boolean {
  return !packet.isDummy() && DECRYPTING.has(packet.algorithm);
}
