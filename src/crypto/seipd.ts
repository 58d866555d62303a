/**
 * Direct writer and reader of what packs, index and snapshots are wrapped in: PKESK v6 packets and one SEIPD v2 packet
 * (RFC 9580 §5.1.2, §5.13.2: HKDF-SHA256, AES-256-GCM in chunks of 256 KiB). A tenth of openpgp.js's CPU time; openpgp.js
 * and other programs are its oracles in the tests.
 */
import {createCipheriv, createDecipheriv, hkdfSync, randomBytes} from 'node:crypto';
import {release} from '../system/memory.ts';
import {PacketError, packetHeader, readPacketHeader, TAG} from './packets.ts';

const CHUNK_OCTET = 12;
/** Plaintext bytes in one AEAD chunk. */
export const CHUNK_BYTES = 2 ** (CHUNK_OCTET + 6);
const TAG_BYTES = 16;
/** Version, cipher AES-256, AEAD GCM, chunk size octet. */
const PARAMETERS = Buffer.from([2, 9, 3, CHUNK_OCTET]);
const INFO = Buffer.from([0xc0 | TAG.symEncryptedIntegrityProtected, ...PARAMETERS]);
const SALT_BYTES = 32;
const PREAMBLE_BYTES = PARAMETERS.length + SALT_BYTES;

/** A session key and the PKESK packets that hand it to its recipients. */
export interface Session {
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly pkesks: Uint8Array;
}

/** What can be told of an encrypted message without a key. */
export interface EncryptedMessage {
  /** Fingerprints of the encryption subkeys that can open it. */
  readonly recipients: readonly string[];
  /** The PKESK packets; equal bytes hold the same session key. */
  readonly pkesks: Uint8Array;
  readonly salt: Uint8Array;
  /** Where the AEAD chunks begin. */
  readonly chunksStart: number;
  /** Chunks and final tag together. */
  readonly chunksLength: number;
}

/** How long the message for `innerLength` bytes will be. */
export function sealedLength(session: Session, innerLength: number): number {
  const chunks = Math.ceil(innerLength / CHUNK_BYTES);
  return session.pkesks.length + 6 + PREAMBLE_BYTES + innerLength + (chunks + 1) * TAG_BYTES;
}

/** Encrypts packets, given in one or more parts, into one message. */
export function sealMessage(session: Session, inner: readonly Uint8Array[]): Buffer {
  const innerLength = inner.reduce((sum, part) => sum + part.length, 0);
  const message = Buffer.allocUnsafeSlow(sealedLength(session, innerLength));
  let at = sealedPrefixLength(session);
  for (const part of inner) {
    message.set(part, at);
    at += part.length;
  }
  return sealInPlace(session, message, innerLength);
}

/** Where the packets have to lie for {@link sealInPlace}. */
export function sealedPrefixLength({pkesks}: Session): number {
  return pkesks.length + 6 + PREAMBLE_BYTES;
}

/**
 * Encrypts packets where they lie, so that no second buffer of their size is needed. Each piece is decrypted again and
 * compared before its plaintext is overwritten.
 * @param memory the packets from {@link sealedPrefixLength} on, and room for {@link sealedLength} in all
 * @returns the message: the beginning of `memory`
 */
export function sealInPlace({key, pkesks}: Session, memory: Buffer, innerLength: number): Buffer {
  const message = memory.subarray(0, sealedLength({key, pkesks}, innerLength));
  message.set(pkesks);
  let start = pkesks.length;
  const header = packetHeader(TAG.symEncryptedIntegrityProtected, message.length - start - 6);
  const salt = randomBytes(SALT_BYTES);
  for (const part of [header, PARAMETERS, salt]) {
    message.set(part, start);
    start += part.length;
  }
  message.set(pkesks);
  const aead = deriveAead(key, salt);
  const chunks = Math.ceil(innerLength / CHUNK_BYTES);
  // From the last to the first: a ciphertext, longer by its tag, reaches only into plaintext that is done with.
  for (let chunk = chunks - 1; chunk >= 0; chunk--) {
    const plain = message.subarray(
      start + chunk * CHUNK_BYTES,
      start + Math.min((chunk + 1) * CHUNK_BYTES, innerLength),
    );
    const cipher = createCipheriv('aes-256-gcm', aead.key, aead.nonce(chunk)).setAAD(INFO);
    const sealed = cipher.update(plain);
    cipher.final();
    const tag = cipher.getAuthTag();
    const back = openChunk(sealed, tag, aead, chunk);
    if (Buffer.compare(back, plain) !== 0)
      throw new PacketError('it did not decrypt to what it was made of: faulty memory or a codec bug');
    release(back);
    const at = start + chunk * (CHUNK_BYTES + TAG_BYTES);
    message.set(sealed, at);
    message.set(tag, at + sealed.length);
    release(sealed);
  }
  const last = createCipheriv('aes-256-gcm', aead.key, aead.nonce(chunks)).setAAD(finalAad(innerLength));
  last.final();
  message.set(last.getAuthTag(), message.length - TAG_BYTES);
  return message;
}

/**
 * Reads the framing of an encrypted message from its first bytes (4 KiB are plenty) and its whole length.
 * @throws {@link PacketError} unless it is PKESK v6 packets and one SEIPD v2 packet with exactly our parameters
 */
export function inspectMessage(head: Uint8Array, messageLength: number): EncryptedMessage {
  const recipients: string[] = [];
  let packet = readPacketHeader(head, 0);
  while (packet.tag === TAG.publicKeyEncryptedSessionKey) {
    recipients.push(pkeskRecipient(head.subarray(packet.bodyStart, packet.bodyStart + packet.bodyLength)));
    if (recipients.length > 16) throw new PacketError('it has more than 16 recipients');
    packet = readPacketHeader(head, packet.bodyStart + packet.bodyLength);
  }
  if (recipients.length === 0) throw new PacketError('it is not encrypted to a public key');
  if (packet.tag !== TAG.symEncryptedIntegrityProtected)
    throw new PacketError('it is not an encrypted message');
  const {bodyStart, bodyLength} = packet;
  if (bodyStart + bodyLength !== messageLength)
    throw new PacketError('it is cut off, or something follows it');
  if (bodyStart + PREAMBLE_BYTES > head.length) throw new PacketError('it is cut off');
  if (!PARAMETERS.equals(head.subarray(bodyStart, bodyStart + PARAMETERS.length))) {
    throw new PacketError('it is not encrypted with AES-256-GCM in chunks of 256 KiB (SEIPD v2)');
  }
  return {
    recipients,
    pkesks: new Uint8Array(head.subarray(0, packet.start)),
    salt: new Uint8Array(head.subarray(bodyStart + PARAMETERS.length, bodyStart + PREAMBLE_BYTES)),
    chunksStart: bodyStart + PREAMBLE_BYTES,
    chunksLength: bodyLength - PREAMBLE_BYTES,
  };
}

/**
 * Decrypts a whole message and checks it to its end.
 * @throws {@link PacketError} if one bit is not as it was written
 */
export function openMessage(message: Uint8Array, key: Uint8Array): Buffer {
  return openInto(message, key, (bytes) => Buffer.allocUnsafeSlow(bytes));
}

/** The same, with the plaintext in the place of the message, which is used up also when this fails. */
export function openMessageInPlace(message: Uint8Array, key: Uint8Array): Buffer {
  return openInto(message, key, (bytes) => Buffer.from(message.buffer, message.byteOffset, bytes));
}

function openInto(message: Uint8Array, key: Uint8Array, room: (bytes: number) => Buffer): Buffer {
  const facts = inspectMessage(message, message.length);
  const chunks = message.subarray(facts.chunksStart);
  const innerLength = innerLengthOf(facts);
  const aead = deriveAead(key, facts.salt);
  checkFinalTag(chunks, aead, innerLength);
  return openChunks(chunks.subarray(0, chunks.length - TAG_BYTES), aead, 0, room);
}

/** Bytes at the end of a message that {@link checkEnd} looks at. */
export const END_BYTES = TAG_BYTES;

/** Checks the tag that authenticates how long a message is. @param end its last {@link END_BYTES}. @throws {@link PacketError} */
export function checkEnd(facts: EncryptedMessage, key: Uint8Array, end: Uint8Array): void {
  checkFinalTag(end, deriveAead(key, facts.salt), innerLengthOf(facts));
}

/** Which bytes of the message hold a range of its plaintext: whole AEAD chunks. */
export function sealedRange(
  facts: EncryptedMessage,
  offset: number,
  length: number,
): {offset: number; length: number; firstChunk: number} {
  const firstChunk = Math.floor(offset / CHUNK_BYTES);
  const lastChunk = Math.floor((offset + length - 1) / CHUNK_BYTES);
  const start = firstChunk * (CHUNK_BYTES + TAG_BYTES);
  const end = Math.min((lastChunk + 1) * (CHUNK_BYTES + TAG_BYTES), facts.chunksLength - TAG_BYTES);
  if (offset < 0 || length < 1 || start >= end)
    throw new PacketError('it is too short for what the index says of it');
  return {offset: facts.chunksStart + start, length: end - start, firstChunk};
}

/** Decrypts the bytes that {@link sealedRange} named, in their place: the plaintext from `firstChunk * CHUNK_BYTES` on. */
export function openRange(
  facts: EncryptedMessage,
  key: Uint8Array,
  sealed: Uint8Array,
  firstChunk: number,
): Buffer {
  return openChunks(sealed, deriveAead(key, facts.salt), firstChunk, (bytes) =>
    Buffer.from(sealed.buffer, sealed.byteOffset, bytes),
  );
}

interface Aead {
  readonly key: Buffer;
  nonce(chunk: number): Buffer;
}

function deriveAead(sessionKey: Uint8Array, salt: Uint8Array): Aead {
  const derived = Buffer.from(hkdfSync('sha256', sessionKey, salt, INFO, 36));
  return {
    key: derived.subarray(0, 32),
    nonce(chunk) {
      const nonce = Buffer.alloc(12);
      derived.copy(nonce, 0, 32, 36);
      nonce.writeUInt32BE(chunk, 8);
      return nonce;
    },
  };
}

/** The last tag authenticates the whole length: nothing was cut off. */
function checkFinalTag(chunks: Uint8Array, aead: Aead, innerLength: number): void {
  const last = createDecipheriv('aes-256-gcm', aead.key, aead.nonce(Math.ceil(innerLength / CHUNK_BYTES)))
    .setAAD(finalAad(innerLength))
    .setAuthTag(chunks.subarray(chunks.length - TAG_BYTES));
  authenticated(() => last.final());
}

function finalAad(innerLength: number): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(innerLength));
  return Buffer.concat([INFO, length]);
}

function innerLengthOf({chunksLength}: EncryptedMessage): number {
  const sealed = chunksLength - TAG_BYTES;
  const chunks = Math.ceil(sealed / (CHUNK_BYTES + TAG_BYTES));
  const innerLength = sealed - chunks * TAG_BYTES;
  if (innerLength < 1) throw new PacketError('it is empty or cut off');
  return innerLength;
}

/** @param room gives the memory for so many bytes; it may begin before `sealed` and reach into it: plaintext is shorter */
function openChunks(
  sealed: Uint8Array,
  aead: Aead,
  firstChunk: number,
  room: (bytes: number) => Buffer,
): Buffer {
  const chunks = Math.ceil(sealed.length / (CHUNK_BYTES + TAG_BYTES));
  const inner = room(Math.max(sealed.length - chunks * TAG_BYTES, 0));
  for (let chunk = 0, from = 0, to = 0; chunk < chunks; chunk++) {
    const end = Math.min(from + CHUNK_BYTES + TAG_BYTES, sealed.length);
    if (end - from <= TAG_BYTES) throw new PacketError('it is cut off');
    const tag = sealed.subarray(end - TAG_BYTES, end);
    const plain = openChunk(sealed.subarray(from, end - TAG_BYTES), tag, aead, firstChunk + chunk);
    inner.set(plain, to);
    release(plain);
    to += end - TAG_BYTES - from;
    from = end;
  }
  return inner;
}

function openChunk(sealed: Uint8Array, tag: Uint8Array, aead: Aead, chunk: number): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', aead.key, aead.nonce(chunk)).setAAD(INFO).setAuthTag(tag);
  const plain = decipher.update(sealed);
  authenticated(() => decipher.final());
  return plain;
}

function authenticated(check: () => void): void {
  try {
    check();
  } catch (cause) {
    throw new PacketError('its encrypted content was altered', {cause});
  }
}

/** RFC 9580 §5.1.2: version 6, length of what follows, key version, fingerprint, algorithm. */
function pkeskRecipient(body: Uint8Array): string {
  if (body[0] !== 6 || body[1] !== 33 || body[2] !== 6 || body[35] !== 25) {
    throw new PacketError('it is not encrypted to a version 6 X25519 key');
  }
  return Buffer.from(body.subarray(3, 35)).toString('hex');
}
