/** Whole, small OpenPGP messages through openpgp.js: signatures, session keys, and the messages to recipients. */
import {randomBytes} from 'node:crypto';
import * as openpgp from 'openpgp';
import {PacketError, packetHeader, readPackets, TAG} from './packets.ts';
import type {Session} from './seipd.ts';

/** The signature of a message is not what is expected. Callers say of which object. */
export class SignatureError extends Error {}

/** It may be a good signature, but none of the keys that count made it. */
export class UnknownSignerError extends SignatureError {
  /** Id of the key that it says it is made with: for a v6 key the first 16 digits of the fingerprint. */
  readonly keyId: string;

  constructor(keyId: string) {
    super(`it is signed by agent ${keyId}…, which is not approved here, or whose key is missing`);
    this.keyId = keyId;
  }
}

/** Signs bytes: a one-pass-signed message, binary. `date` lies in the past of every reader's clock or near it. */
export async function signMessage(
  data: Uint8Array,
  signingKey: openpgp.PrivateKey,
  date: Date,
): Promise<Uint8Array> {
  const message = await openpgp.createMessage({binary: data, format: 'binary'});
  return openpgp.sign({message, signingKeys: signingKey, format: 'binary', date});
}

/**
 * Checks a signed message and returns exactly the bytes that were signed, and whose key signed them.
 * The clock plays no part: a machine's clock may jump (docs/threat-model.md); what counts is what is signed.
 * @throws {@link SignatureError} unless it is one literal, signed once, by one of `keys`
 */
export async function verifyMessage(
  bytes: Uint8Array,
  keys: readonly openpgp.PublicKey[],
): Promise<{data: Uint8Array; signer: string}> {
  const tags = packetTags(bytes);
  if (tags.join() !== [TAG.onePassSignature, TAG.literalData, TAG.signature].join()) {
    throw new SignatureError('it is not a message with one signature');
  }
  const message = await reading(() => openpgp.readMessage({binaryMessage: bytes}));
  const [keyId] = await reading(() => message.getSigningKeyIDs());
  if (keyId !== undefined && !keys.some((key) => key.getKeys(keyId).length > 0))
    throw new UnknownSignerError(keyId.toHex());
  const result = await reading(() =>
    openpgp.verify({
      message,
      verificationKeys: [...keys],
      expectSigned: true,
      format: 'binary',
      date: null as unknown as Date,
    }),
  );
  const [signature] = result.signatures;
  if (signature === undefined || result.signatures.length !== 1)
    throw new SignatureError('it is not signed once');
  await reading(() => signature.verified);
  const signer = keys.find((key) => key.getKeys(signature.keyID).length > 0);
  if (signer === undefined) throw new SignatureError('it is signed by an unknown key');
  return {data: result.data as Uint8Array, signer: signer.getFingerprint()};
}

/**
 * ASCII armor for a message, without headers.
 * @param checksum the CRC that RFC 9580 makes optional, and without which GnuPG 2.2 complains
 */
export function armor(bytes: Uint8Array, checksum = false): string {
  return openpgp.armor(
    openpgp.enums.armor.message,
    bytes,
    undefined,
    undefined,
    undefined,
    checksum,
    openpgp.config,
  );
}

/**
 * The bytes of an armored message.
 * @throws {@link SignatureError}
 */
export async function unarmor(text: string): Promise<Uint8Array> {
  // Without "-" between its two lines: there is one block alone.
  if (!/^-----BEGIN PGP MESSAGE-----\r?\n[^-]*\n-----END PGP MESSAGE-----\r?\n?$/.test(text)) {
    throw new SignatureError('it is not one armored message from its first line to its last');
  }
  const {data} = await reading(() => openpgp.unarmor(text));
  return data as unknown as Uint8Array;
}

/** A fresh session key, handed to these encryption keys with one PKESK v6 packet each. */
export async function newSession(keys: readonly openpgp.Key[]): Promise<Session> {
  const key = randomBytes(32);
  const pkesks = await openpgp.encryptSessionKey({
    data: key,
    algorithm: 'aes256',
    aeadAlgorithm: 'gcm',
    encryptionKeys: [...keys] as openpgp.PublicKey[],
    date: null as unknown as Date,
    format: 'binary',
  });
  return {key, pkesks};
}

/**
 * Gets the session key out of the PKESK packets of a message.
 * @throws {@link PacketError} if none of them is for this key
 */
export async function openSession(pkesks: Uint8Array, key: openpgp.PrivateKey): Promise<Uint8Array> {
  // openpgp.js wants a whole message; it does not look into the encrypted packet for this.
  const body = Buffer.concat([Buffer.from([2, 9, 3, 12]), Buffer.alloc(48)]);
  const binaryMessage = Buffer.concat([
    pkesks,
    packetHeader(TAG.symEncryptedIntegrityProtected, body.length),
    body,
  ]);
  try {
    const message = await openpgp.readMessage({binaryMessage});
    const sessions = await openpgp.decryptSessionKeys({
      message,
      decryptionKeys: key,
      date: null as unknown as Date,
    });
    const data = sessions[0]?.data;
    if (data?.length !== 32) throw new Error('no session key of 32 bytes');
    return data;
  } catch (cause) {
    throw new PacketError('its session key cannot be opened', {cause});
  }
}

/** Encrypts a small message to recipients, with what all of their keys can read. Not signed. */
export async function encryptToRecipients(
  data: Uint8Array,
  recipients: readonly openpgp.PublicKey[],
): Promise<Uint8Array> {
  return openpgp.encrypt({
    message: await openpgp.createMessage({binary: data, format: 'binary'}),
    encryptionKeys: [...recipients],
    format: 'binary',
    date: null as unknown as Date,
    config: {
      preferredCompressionAlgorithm: openpgp.enums.compression.uncompressed,
      preferredAEADAlgorithm: openpgp.enums.aead.gcm,
    },
  });
}

/** Decrypts a small message. openpgp.js's errors go to the caller, who knows what it is about. */
export async function decryptSmall(bytes: Uint8Array, key: openpgp.PrivateKey): Promise<Uint8Array> {
  const message = await openpgp.readMessage({binaryMessage: bytes});
  const {data} = await openpgp.decrypt({
    message,
    decryptionKeys: key,
    format: 'binary',
    date: null as unknown as Date,
    config: {maxDecompressedMessageSize: 4 * 2 ** 20},
  });
  return data as Uint8Array;
}

function packetTags(bytes: Uint8Array): number[] {
  try {
    return readPackets(bytes).map(({tag}) => tag);
  } catch (cause) {
    throw new SignatureError((cause as Error).message, {cause});
  }
}

async function reading<T>(attempt: () => T | Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (cause) {
    throw new SignatureError('its signature does not verify', {cause});
  }
}
