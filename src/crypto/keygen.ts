/** Makes OpenPGP keys: for recipients, agents and generations (docs/format.md §3). */
import * as openpgp from 'openpgp';
import {UsageError} from '../errors.ts';
import type {Secret} from '../system/secret.ts';
import {armorKeyBlock} from './key-block.ts';

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

const {aead, s2k, hash, symmetric, compression} = openpgp.enums;

/** v6: X25519 and Ed25519, SEIPD v2 with GCM, the secret part under Argon2 and AEAD. */
const MODERN: openpgp.PartialConfig = {
  v6Keys: true,
  aeadProtect: true,
  preferredAEADAlgorithm: aead.gcm,
  preferredSymmetricAlgorithm: symmetric.aes256,
  preferredHashAlgorithm: hash.sha512,
  preferredCompressionAlgorithm: compression.uncompressed,
  s2kType: s2k.argon2,
};

/** v4: Curve25519, no AEAD feature (so that messages to it are SEIPD v1), the secret part under the slowest iterated S2K. */
const FOR_GNUPG: openpgp.PartialConfig = {
  ...MODERN,
  v6Keys: false,
  aeadProtect: false,
  s2kType: s2k.iterated,
  s2kIterationCountByte: 0xff,
};

/**
 * Makes the key pair of a recipient. Client machines only.
 * @throws {@link UsageError} if the name cannot be a user id
 */
export async function generateRecipientKey({
  name,
  compat,
  expiresSeconds,
  passphrase,
  now,
}: RecipientKeyOptions): Promise<GeneratedKey> {
  const {privateKey, revocationCertificate} = await openpgp.generateKey({
    ...algorithms(compat),
    userIDs: [userId(name)],
    date: now,
    keyExpirationTime: expiresSeconds ?? 0,
    format: 'object',
  });
  if (compat === 'gpg') await preferOldHashes(privateKey, now);
  return {
    publicKey: armorKeyBlock(privateKey.toPublic()),
    privateKey: armorKeyBlock(await protect(privateKey, passphrase, algorithms(compat).config)),
    revocation: revocationCertificate,
    fingerprint: privateKey.getFingerprint(),
  };
}

function protect(
  privateKey: openpgp.PrivateKey,
  passphrase: Secret | undefined,
  config: openpgp.PartialConfig | undefined,
): Promise<openpgp.PrivateKey> | openpgp.PrivateKey {
  if (passphrase === undefined) return privateKey;
  return openpgp.encryptKey({privateKey, passphrase: passphrase.reveal(), ...(config && {config})});
}

/** How a signature over a user id is made; what openpgp.js declares fits signatures over documents alone. */
interface CertificateSigner {
  sign(key: object, signed: object, now: Date, detached: boolean, config: openpgp.Config): Promise<void>;
}

/** openpgp.js always prefers SHA-3, too, which GnuPG 2.2 lacks: it would complain at length when such a key is imported. */
async function preferOldHashes(privateKey: openpgp.PrivateKey, now: Date): Promise<void> {
  for (const user of privateKey.users) {
    for (const signature of user.selfCertifications) {
      signature.preferredHashAlgorithms = [hash.sha512, hash.sha256];
      signature.rawNotations = []; // Its salt, of which each signature gets one of its own.
      const signed = {userID: user.userID, key: privateKey.keyPacket};
      const config = {...openpgp.config, ...FOR_GNUPG};
      await (signature as unknown as CertificateSigner).sign(
        privateKey.keyPacket,
        signed,
        now,
        false,
        config,
      );
    }
  }
}

/** The key of a machine that is backed up. No passphrase: it runs unattended. */
export function generateAgentKey(now: Date): Promise<openpgp.PrivateKey> {
  return generatePlainKey('Holdfast agent', now);
}

/** The key of one generation. It is handed to the recipients and forgotten. */
export function generateGenerationKey(now: Date): Promise<openpgp.PrivateKey> {
  return generatePlainKey('Holdfast generation', now);
}

/** The key of who runs drills: v4, since an auditor may have nothing but GnuPG. No passphrase: drills run unattended. */
export function generateOperatorKey(now: Date): Promise<openpgp.PrivateKey> {
  return generatePlainKey('Holdfast drill operator', now, 'gpg');
}

async function generatePlainKey(name: string, now: Date, compat?: 'gpg'): Promise<openpgp.PrivateKey> {
  const {privateKey} = await openpgp.generateKey({
    ...algorithms(compat),
    userIDs: [{name}],
    date: now,
    format: 'object',
  });
  return privateKey;
}

function algorithms(compat: 'gpg' | undefined): Pick<openpgp.KeyOptions, 'type' | 'curve' | 'config'> {
  return compat === 'gpg'
    ? {type: 'ecc', curve: 'curve25519Legacy', config: FOR_GNUPG}
    : {type: 'curve25519', config: MODERN};
}

function userId(name: string): openpgp.UserID {
  const trimmed = name.trim();
  const [, person = '', email] = /^([^<>]*)(?:<([^<>\s]+@[^<>\s]+)>)?$/.exec(trimmed) ?? [];
  if (
    trimmed === '' ||
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(trimmed) ||
    (person === '' && email === undefined)
  ) {
    throw new UsageError(`"${name}" cannot name a key.`, {
      hint: 'Give a name such as "Operations" or "Operations <ops@example.org>".',
    });
  }
  return {...(person === '' ? {} : {name: person.trim()}), ...(email === undefined ? {} : {email})};
}
