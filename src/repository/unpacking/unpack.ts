/** Opens what lies in packs: decrypts, decompresses, checks every blob. Runs in worker threads, or where little is read in the main one. */
import {LITERAL_HEADER_LENGTH, literalData} from '../../crypto/packets.ts';
import {CHUNK_BYTES, type EncryptedMessage, openMessageInPlace, openRange} from '../../crypto/seipd.ts';
import type {Mac, Zstd} from '../../system/linked.ts';
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
export function unpackStripe(job: StripeJob, opener: FrameOpener): UnpackedFrame[] {
  const plain = openStripe(job);
  return job.frames.map((frame) => {
    const raw = opener.open(frame, plain(frame));
    return {raw, wrong: wrongBlobs(frame, raw, opener), checked: frame.check};
  });
}

/** @returns gives the compressed bytes of each of its frames. @throws `PacketError` */
export function openStripe(stripe: SealedStripe): (frame: FrameShape) => Uint8Array {
  const plain = openRange(stripe.message, stripe.sessionKey, stripe.sealed, stripe.firstChunk);
  const start = LITERAL_HEADER_LENGTH - stripe.firstChunk * CHUNK_BYTES;
  return ({offset, size}) => plain.subarray(start + offset, start + offset + size);
}

/** @returns for each frame which of its blobs are wrong. Uses `bytes` up. @throws {@link UnpackError}, `PacketError` */
export function checkPack({bytes, frames, sessionKey}: PackJob, opener: FrameOpener): (readonly number[])[] {
  const inner = openMessageInPlace(bytes, sessionKey);
  const pack = literalData(inner);
  if (pack.byteOffset !== inner.byteOffset + LITERAL_HEADER_LENGTH)
    throw new UnpackError('its data does not begin where that of a pack does');
  return frames.map((frame) => {
    const raw = opener.openHere(frame, pack.subarray(frame.offset, frame.offset + frame.size));
    return wrongBlobs(frame, raw, opener);
  });
}

/** Decompresses frames, and tells whether blobs are what their ids say. One thread uses it. */
export class FrameOpener {
  readonly #zstd: Zstd;
  readonly #mac: Mac;
  #here: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(zstd: Zstd, mac: Mac) {
    this.#zstd = zstd;
    this.#mac = mac;
  }

  /** @returns memory of its own. @throws {@link UnpackError} */
  open(frame: FrameShape, compressed: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#into(new Uint8Array(Buffer.allocUnsafeSlow(frame.raw).buffer), compressed);
  }

  /** @returns memory that the next frame is written to. @throws {@link UnpackError} */
  openHere(frame: FrameShape, compressed: Uint8Array): Uint8Array<ArrayBuffer> {
    if (this.#here.length < frame.raw) this.#here = new Uint8Array(Buffer.allocUnsafeSlow(frame.raw).buffer);
    return this.#into(this.#here.subarray(0, frame.raw), compressed);
  }

  isBlob(content: Uint8Array, id: Uint8Array): boolean {
    return this.#mac(content).equals(id);
  }

  #into(raw: Uint8Array<ArrayBuffer>, compressed: Uint8Array): Uint8Array<ArrayBuffer> {
    let length: number;
    try {
      length = this.#zstd.decompress(raw, compressed);
    } catch (cause) {
      throw new UnpackError('a frame does not decompress to the size that the index says', {cause});
    }
    if (length !== raw.length) throw new UnpackError('a frame is shorter than the index says');
    return raw;
  }
}

function wrongBlobs({ids, lengths, check}: FrameShape, raw: Uint8Array, opener: FrameOpener): number[] {
  const wrong: number[] = [];
  let at = MEMBER_HEADER_BYTES;
  lengths.forEach((length, number) => {
    const content = raw.subarray(at, at + length);
    at += memberLength(length);
    if (check?.includes(number) === false) return;
    const id = ids.subarray(32 * number, 32 * number + 32);
    if (content.length !== length || !opener.isBlob(content, id)) wrong.push(number);
  });
  return wrong;
}
