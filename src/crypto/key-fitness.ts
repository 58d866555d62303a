/** Whether a key can be a recipient, and if not, why: in words for people, one for each reason. */
import * as openpgp from 'openpgp';

/** One reason against a key. */
export interface Unfitness {
  /** A clause about "this key", without a full stop. */
  readonly reason: string;
  readonly hint: string;
}

export interface Fitness {
  readonly problems: readonly Unfitness[];
  /** What messages are encrypted to; undefined if there are problems. */
  readonly encryptionKey: openpgp.Key | openpgp.Subkey | undefined;
  /** When the key, or the subkey that encrypts, expires, whichever is first. */
  readonly expires: Date | null;
}

type KeyPart = openpgp.Key | openpgp.Subkey;

/** No date check. openpgp.js takes null for that; its types do not all say so. */
export const ANY_TIME = null as unknown as Date;

/** A key made on a machine whose clock is ahead by no more than this is taken. */
const CLOCK_TOLERANCE_MS = 10 * 60_000;

const {hash, publicKey: algorithm, keyFlags} = openpgp.enums;
const STRICT: openpgp.Config = {
  ...openpgp.config,
  rejectHashAlgorithms: new Set([hash.md5, hash.ripemd, hash.sha1]),
};
/** Tells what only an old hash makes invalid from what does not verify at all. */
export const ANY_HASH: openpgp.Config = {...openpgp.config, rejectHashAlgorithms: new Set()};
/** Algorithms that encrypt and decrypt. */
export const DECRYPTING = new Set<openpgp.enums.publicKey>([
  algorithm.rsaEncryptSign,
  algorithm.rsaEncrypt,
  algorithm.elgamal,
  algorithm.ecdh,
  algorithm.x25519,
  algorithm.x448,
  algorithm.pqc_mlkem_x25519,
]);
const NEW_KEY = 'Make a new key ("holdfast keygen") and give its public half.';

/**
 * Judges a public key, or the public half of a private one, at the time `now`.
 * @param subkeyCount how many its file has; `key` lacks those that openpgp.js does not understand
 */
export async function judgeKey(key: openpgp.Key, now: Date, subkeyCount: number): Promise<Fitness> {
  const at = leniently(key, now);
  if (await key.isRevoked(undefined, undefined, ANY_TIME)) {
    return {
      problems: [{reason: 'it is revoked', hint: 'Give the key that took its place.'}],
      encryptionKey: undefined,
      expires: null,
    };
  }
  const curve = unsupportedCurve(key);
  if (curve !== undefined) {
    const reason = `it uses the curve ${curve}, which is not supported`;
    return {problems: [{reason, hint: NEW_KEY}], encryptionKey: undefined, expires: null};
  }
  const problems = await primaryProblems(key, at);
  const primaryExpires = dateOf(await key.getExpirationTime(undefined, ANY_HASH));
  // Why there is none is found out below, in words that help.
  const encryptionKey = await key.getEncryptionKey(undefined, at, undefined, STRICT).catch(() => undefined);
  if (encryptionKey !== undefined && problems.length === 0) {
    const ownExpires =
      encryptionKey instanceof openpgp.Subkey
        ? dateOf(await encryptionKey.getExpirationTime(ANY_TIME, STRICT))
        : null;
    return {problems, encryptionKey, expires: earlier(primaryExpires, ownExpires)};
  }
  for (const problem of await encryptionProblems(key, at, subkeyCount)) {
    const sameKind = problem.reason.replace('its encryption subkey ', 'it ');
    if (!problems.some(({reason}) => reason === sameKind)) problems.push(problem);
  }
  if (problems.length === 0) problems.push({reason: 'openpgp.js refuses to encrypt to it', hint: NEW_KEY});
  return {problems, encryptionKey: undefined, expires: primaryExpires};
}

/**
 * The curve of a primary key whose signatures openpgp.js cannot check on Node: it would need the package eckey-utils,
 * and without it takes every signature for a wrong one.
 */
export function unsupportedCurve(key: openpgp.Key): string | undefined {
  const {curve} = key.getAlgorithmInfo();
  return curve !== undefined && /^(brainpool|secp256k1)/.test(curve) ? curve : undefined;
}

/** A name that people know the algorithms by, such as `X25519 + Ed25519` or `RSA-4096`. */
export function algorithmName(key: openpgp.Key): string {
  const primary = partName(key);
  const encrypting = key.subkeys.find((subkey) => DECRYPTING.has(subkey.keyPacket.algorithm));
  const other = encrypting === undefined ? primary : partName(encrypting);
  if (other === primary) return primary;
  return primary === 'Ed25519 (legacy)' && other === 'Curve25519' ? other : `${other} + ${primary}`;
}

/** The ids that a message to this key may name: 16 hex digits each. */
export async function encryptingIds(key: openpgp.Key): Promise<string[]> {
  const subkeys = key.subkeys.filter(({keyPacket}) => DECRYPTING.has(keyPacket.algorithm));
  const parts = (await primaryEncrypts(key)) ? [key, ...subkeys] : subkeys;
  return parts.map((part) => part.getKeyID().toHex());
}

async function primaryProblems(key: openpgp.Key, at: Date): Promise<Unfitness[]> {
  const problems: Unfitness[] = [];
  if (weak(key)) problems.push(weakness('it', key));
  const future = key.getCreationTime() > at;
  if (!(await succeeds(key.verifyPrimaryKey(ANY_TIME, undefined, STRICT)))) {
    problems.push(await selfSignatureProblem(key));
  }
  const expires = dateOf(await key.getExpirationTime(undefined, ANY_HASH));
  if (future) problems.push(fromTheFuture('it', key.getCreationTime()));
  else if (expires !== null && expires <= at) problems.push(expired('it', expires));
  else if (problems.length === 0 && !(await succeeds(key.verifyPrimaryKey(at, undefined, STRICT))))
    problems.push(fromTheFuture('its signature'));
  return problems;
}

async function selfSignatureProblem(key: openpgp.Key): Promise<Unfitness> {
  const failure = await key.verifyPrimaryKey(ANY_TIME, undefined, ANY_HASH).then(() => undefined, String);
  if (failure === undefined) {
    return {reason: 'its self-signatures use SHA-1 or older, which can be forged', hint: NEW_KEY};
  }
  if (failure.includes('user is revoked'))
    return {reason: 'its user id is revoked', hint: 'Export the key again.'};
  return {
    reason: 'it has no valid signature of its own: the file is damaged, or was tampered with',
    hint: 'Export the key again.',
  };
}

/** Why no part of the key can encrypt. Empty if one can, but for its primary key. */
async function encryptionProblems(key: openpgp.Key, at: Date, subkeyCount: number): Promise<Unfitness[]> {
  if (await primaryEncrypts(key)) return [];
  const problems: Unfitness[] = [];
  for (const subkey of key.subkeys) {
    if (!DECRYPTING.has(subkey.keyPacket.algorithm)) continue;
    const problem = await subkeyProblem(subkey, at);
    if (problem === 'fit') return [];
    if (problem !== 'for something else') problems.push(problem);
  }
  if (problems.length > 0) return problems;
  if (key.subkeys.length < subkeyCount) {
    return [
      {
        reason:
          'it has a subkey that cannot be read: its algorithm is not known here, or the file is damaged',
        hint: 'Export the key again.',
      },
    ];
  }
  return [
    {
      reason: 'it has no encryption subkey: it can only sign',
      hint: 'Add one (gpg --quick-add-key), or make a new key ("holdfast keygen").',
    },
  ];
}

async function subkeyProblem(
  subkey: openpgp.Subkey,
  at: Date,
): Promise<Unfitness | 'fit' | 'for something else'> {
  const who = 'its encryption subkey';
  const binding = await subkey.verify(ANY_TIME, ANY_HASH).catch((error: unknown) => String(error));
  if (typeof binding === 'string' && binding.includes('revoked'))
    return {reason: `${who} is revoked`, hint: 'Export the key again, with its new subkey.'};
  if (typeof binding === 'string')
    return {
      reason: `${who} is not validly bound to it: the file is damaged, or was tampered with`,
      hint: 'Export the key again.',
    };
  if (!flagsAllowEncryption(binding)) return 'for something else';
  if (weak(subkey)) return weakness(who, subkey);
  if (!(await succeeds(subkey.verify(ANY_TIME, STRICT))))
    return {reason: `${who} is bound with SHA-1 or older, which can be forged`, hint: NEW_KEY};
  if (subkey.getCreationTime() > at) return fromTheFuture(who, subkey.getCreationTime());
  const expires = dateOf(await subkey.getExpirationTime(ANY_TIME, STRICT));
  if (expires !== null && expires <= at) return expired(who, expires);
  return (await succeeds(subkey.verify(at, STRICT))) ? 'fit' : fromTheFuture(`the signature of ${who}`);
}

/** A copy of the object that does not know its revocations: whether they hold is asked apart. */
export function withoutRevocations<Part extends object>(part: Part): Part {
  return Object.assign(Object.create(Object.getPrototypeOf(part) as object) as Part, part, {
    revocationSignatures: [],
  });
}

/** An old RSA key may encrypt with its primary key. */
async function primaryEncrypts(key: openpgp.Key): Promise<boolean> {
  if (!DECRYPTING.has(key.keyPacket.algorithm)) return false;
  // Without a user that can be verified, nothing says what the key is for; primaryProblems tells that on its own.
  const user = await key.getPrimaryUser(ANY_TIME, undefined, ANY_HASH).catch(() => undefined);
  return user !== undefined && flagsAllowEncryption(user.selfCertification);
}

function flagsAllowEncryption({keyFlags: flags}: openpgp.SignaturePacket): boolean {
  return ((flags?.[0] ?? 0) & (keyFlags.encryptCommunication | keyFlags.encryptStorage)) !== 0;
}

function weak(part: KeyPart): boolean {
  const {algorithm: id} = part.keyPacket;
  const {bits} = part.getAlgorithmInfo();
  return id === algorithm.dsa || id === algorithm.elgamal || (bits !== undefined && bits < STRICT.minRSABits);
}

function weakness(who: string, part: KeyPart): Unfitness {
  return {reason: `${who} is too weak (${partName(part)})`, hint: NEW_KEY};
}

function expired(who: string, date: Date): Unfitness {
  return {
    reason: `${who} expired on ${date.toISOString().slice(0, 10)}`,
    hint: 'Extend it where its private half is (gpg --quick-set-expire) and export it again, or give another recipient.',
  };
}

function fromTheFuture(who: string, created?: Date): Unfitness {
  const when = created === undefined ? 'was made' : `was made at ${created.toISOString()}, which is`;
  return {
    reason: `${who} ${when} in the future by this machine's clock`,
    hint: 'Set the clock of this machine, and of the one that made the key.',
  };
}

/** `now`, or somewhat later for a key from a clock that is slightly ahead. */
function leniently(key: openpgp.Key, now: Date): Date {
  const newest = Math.max(...key.getKeys().map((part) => part.getCreationTime().getTime()));
  return new Date(Math.max(now.getTime(), newest <= now.getTime() + CLOCK_TOLERANCE_MS ? newest : 0));
}

function partName(part: KeyPart): string {
  const {algorithm: name, bits, curve} = part.getAlgorithmInfo();
  if (name.startsWith('rsa')) return `RSA-${bits}`;
  if (curve === 'curve25519Legacy') return 'Curve25519';
  if (curve === 'ed25519Legacy') return 'Ed25519 (legacy)';
  if (curve !== undefined) return curve.replace('nistP', 'NIST P-');
  return NAMES[name] ?? name;
}

const NAMES: Readonly<Record<string, string>> = {
  elgamal: 'ElGamal',
  dsa: 'DSA',
  eddsaLegacy: 'Ed25519 (legacy)',
  ed25519: 'Ed25519',
  x25519: 'X25519',
  ed448: 'Ed448',
  x448: 'X448',
  pqc_mlkem_x25519: 'ML-KEM-768 + X25519',
  pqc_mldsa_ed25519: 'ML-DSA-65 + Ed25519',
};

function dateOf(time: Date | number | null): Date | null {
  return time instanceof Date ? time : null; // Infinity: never.
}

function earlier(a: Date | null, b: Date | null): Date | null {
  return a === null || (b !== null && b < a) ? b : a;
}

function succeeds(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => true,
    () => false,
  );
}
