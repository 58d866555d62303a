/** Opens what lies in packs: decrypts, decompresses, checks every blob. Runs in worker threads, or where little is read in the main one. */
import {createHmac, type KeyObject} from 'node:crypto';
import {LITERAL_HEADER_LENGTH, literalData} from '../../crypto/packets.ts';
import {CHUNK_BYTES, type EncryptedMessage, openMessageInPlace, openRange} from '../../crypto/seipd.ts';
import {release} from '../../system/memory.ts';
import {decompressInOne} from '../decompress.ts';
import {MEMBER_HEADER_BYTES, memberLength} from '../pack.ts';

export interface FrameShape {
  /** In the `.tar.zst`. */
  readonly offset: number;
  readonly size: number;
  /** Decompressed size. */
  readonly raw: number;
  /** Of its blobs, 32 bytes each. */
  readonly ids: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** Numbers of the blobs that are to be checked; all of them by default. */
  readonly check?: readonly number[];
}

/** AEAD chunks of a pack that hold frames that follow each other. */
export interface SealedStripe {
  readonly message: EncryptedMessage;
  readonly sessionKey: Uint8Array;
  readonly sealed: Uint8Array;
  readonly firstChunk: number;
}

/** Frames that are to be handed over. */
export interface StripeJob extends SealedStripe {
  readonly type: 'stripe';
  readonly frames: readonly FrameShape[];
}

/** A whole pack, to be checked from its first packet to its last blob. */
export interface PackJob {
  readonly type: 'pack';
  readonly sessionKey: Uint8Array;
  readonly bytes: Uint8Array;
  readonly frames: readonly FrameShape[];
}

export interface UnpackedFrame {
  /** Decompressed. Its memory is its own. */
  readonly raw: Uint8Array<ArrayBuffer>;
  /** Which of its blobs are not what their id says, of those that were checked. */
  readonly wrong: readonly number[];
  /** Numbers of the blobs that were checked; undefined for all. */
  readonly checked?: readonly number[] | undefined;
}

/** The pack is not as the index says. */
export class UnpackError extends Error {}

/** @throws {@link UnpackError}, `PacketError` */
export function unpackStripe(job: StripeJob, idKey: KeyObject): UnpackedFrame[] {
  const plain = openStripe(job);
  return job.frames.map((frame) => {
    const raw = decompress(frame, plain(frame));
    return {raw, wrong: wrongBlobs(frame, raw, idKey), checked: frame.check};
  });
}

/** @returns gives the compressed bytes of each of its frames. @throws `PacketError` */
export function openStripe(stripe: SealedStripe): (frame: FrameShape) => Uint8Array {
  const plain = openRange(stripe.message, stripe.sessionKey, stripe.sealed, stripe.firstChunk);
  const start = LITERAL_HEADER_LENGTH - stripe.firstChunk * CHUNK_BYTES;
  return ({offset, size}) => plain.subarray(start + offset, start + offset + size);
}

/** @returns for each frame which of its blobs are wrong. Uses `bytes` up. @throws {@link UnpackError}, `PacketError` */
export function checkPack({bytes, frames, sessionKey}: PackJob, idKey: KeyObject): (readonly number[])[] {
  const inner = openMessageInPlace(bytes, sessionKey);
  const pack = literalData(inner);
  if (pack.byteOffset !== inner.byteOffset + LITERAL_HEADER_LENGTH)
    throw new UnpackError('its data does not begin where that of a pack does');
  return frames.map((frame) => {
    const raw = decompress(frame, pack.subarray(frame.offset, frame.offset + frame.size));
    const wrong = wrongBlobs(frame, raw, idKey);
    release(raw);
    return wrong;
  });
}

/** @throws {@link UnpackError} */
export function decompress(frame: FrameShape, compressed: Uint8Array): Uint8Array<ArrayBuffer> {
  let raw: Buffer;
  try {
    raw = decompressInOne(compressed, frame.raw);
  } catch (cause) {
    throw new UnpackError('a frame does not decompress to the size that the index says', {cause});
  }
  if (raw.length !== frame.raw) throw new UnpackError('a frame is shorter than the index says');
  const {buffer, byteOffset} = raw;
  const isItsOwn = buffer instanceof ArrayBuffer && byteOffset === 0 && buffer.byteLength < 2 * raw.length;
  return isItsOwn ? new Uint8Array(buffer, 0, raw.length) : new Uint8Array(raw);
}

function wrongBlobs({ids, lengths, check}: FrameShape, raw: Uint8Array, idKey: KeyObject): number[] {
  const wrong: number[] = [];
  let at = MEMBER_HEADER_BYTES;
  lengths.forEach((length, number) => {
    const content = raw.subarray(at, at + length);
    at += memberLength(length);
    if (check?.includes(number) === false) return;
    if (content.length !== length || !isBlob(content, ids.subarray(32 * number, 32 * number + 32), idKey))
      wrong.push(number);
  });
  return wrong;
}

/** Whether a blob is what its id says. */
export function isBlob(content: Uint8Array, id: Uint8Array, idKey: KeyObject): boolean {
  return createHmac('sha256', idKey).update(content).digest().equals(id);
}
