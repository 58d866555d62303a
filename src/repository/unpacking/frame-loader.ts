/** Fetches frames of packs, ahead of who reads them, within a fixed amount of memory. */
import {LITERAL_HEADER_LENGTH, PacketError} from '../../crypto/packets.ts';
import {checkEnd, END_BYTES, type EncryptedMessage, inspectMessage, sealedRange} from '../../crypto/seipd.ts';
import {DamageError} from '../../errors.ts';
import {keepHeapSmall} from '../../system/memory.ts';
import {readObject, WrongLengthError} from '../../targets/read.ts';
import {ObjectMissingError, type Target} from '../../targets/target.ts';
import type {BlobIndex, IndexedFrame, IndexedPack} from '../blob-index.ts';
import type {PackName} from '../layout.ts';
import {type FrameShape, UnpackError, type UnpackedFrame} from './unpack.ts';
import type {Unpacker} from './unpacker.ts';

/** Decompressed frames that are kept or on their way; what is asked for at once may go beyond it. */
const KEPT_BYTES = 48 * 2 ** 20;
/** What is fetched at once: frames that follow each other in a pack. */
const STRIPE_BYTES = 4 * 2 ** 20;
const STRIPE_RAW_BYTES = 8 * 2 ** 20;
const PARALLEL_STRIPES = 3;
/** Holds the PKESK packet and the beginning of the SEIPD packet. */
const HEAD_BYTES = 1024;

export interface FrameLoaderOptions {
  readonly target: Target;
  readonly unpacker: Unpacker;
  readonly index: BlobIndex;
  nameOf(pack: IndexedPack): string;
  /** @throws if the message is not for the key that is at hand */
  sessionKey(message: EncryptedMessage): Promise<Uint8Array>;
}

interface Wanted {
  wants: number;
  /** Which of its blobs, by their numbers. */
  readonly blobs: Set<number>;
}

interface Loaded {
  wants: number;
  readonly unpacked: Promise<UnpackedFrame>;
  settled: UnpackedFrame | undefined;
}

/** Frames of one pack that follow each other; at least one. */
type Stripe = readonly [IndexedFrame, ...IndexedFrame[]];

export class FrameLoader {
  readonly #options: FrameLoaderOptions;
  readonly #messages = new Map<PackName, Promise<EncryptedMessage>>();
  /** Waiting for room, in the order of their need. */
  readonly #wanted = new Map<IndexedFrame, Wanted>();
  /** There or on their way; what was used longest ago first. */
  readonly #loaded = new Map<IndexedFrame, Loaded>();
  #keptBytes = 0;
  #loading = 0;

  constructor(options: FrameLoaderOptions) {
    this.#options = options;
  }

  /** Has a frame fetched in time, and its blob `at` checked. Whoever calls this calls {@link release} as often. */
  want(frame: IndexedFrame, at: number): void {
    const loaded = this.#loaded.get(frame);
    if (loaded !== undefined) {
      loaded.wants++;
      return;
    }
    const wanted = this.#wanted.get(frame) ?? {wants: 0, blobs: new Set()};
    wanted.wants++;
    wanted.blobs.add(at);
    this.#wanted.set(frame, wanted);
  }

  release(frame: IndexedFrame): void {
    const known = this.#loaded.get(frame) ?? this.#wanted.get(frame);
    if (known === undefined) return;
    known.wants--;
    if (known.wants <= 0) this.#wanted.delete(frame);
  }

  /**
   * A frame, wanted before or not. Its memory may be taken back with the next call of any method of this loader.
   * @throws {@link DamageError}
   */
  async load(frame: IndexedFrame): Promise<UnpackedFrame> {
    let loaded = this.#loaded.get(frame);
    if (loaded === undefined) {
      const stripe = this.#stripeAt(frame);
      this.#makeRoom(rawBytes(stripe));
      this.#start(stripe);
      loaded = this.#loaded.get(frame) as Loaded;
    } else {
      this.#loaded.delete(frame);
      this.#loaded.set(frame, loaded);
    }
    this.#fillRoom(frame);
    return loaded.settled ?? (await loaded.unpacked);
  }

  /** Fetches what is needed next, in whole stripes: one frame at a time would cost a message and a read for each. */
  #fillRoom(inUse?: IndexedFrame): void {
    for (const frame of this.#wanted.keys()) {
      if (this.#loading >= PARALLEL_STRIPES) return;
      const stripe = this.#stripeAt(frame);
      const bytes = rawBytes(stripe);
      this.#makeRoom(bytes, inUse);
      if (this.#keptBytes + bytes > KEPT_BYTES) return;
      this.#start(stripe);
    }
  }

  /** Lets go of what nobody wants any more until `bytes` more may be kept: first what little was wanted of, then the oldest. */
  #makeRoom(bytes: number, inUse?: IndexedFrame): void {
    for (const isPartly of [true, false]) {
      for (const [frame, loaded] of this.#loaded) {
        if (this.#keptBytes + bytes <= KEPT_BYTES) return;
        if (loaded.wants > 0 || loaded.settled === undefined || frame === inUse) continue;
        if (isPartly && loaded.settled.checked === undefined) continue;
        this.#forget(frame);
        loaded.settled.raw.buffer.transfer(0); // Frees it sooner than the garbage collector would.
      }
    }
  }

  #forget(frame: IndexedFrame): void {
    if (this.#loaded.delete(frame)) this.#keptBytes -= frame.raw;
  }

  /** The frame, and those behind it that are wanted, too. */
  #stripeAt(first: IndexedFrame): Stripe {
    const stripe: [IndexedFrame, ...IndexedFrame[]] = [first];
    const {frames} = first.pack;
    let raw = first.raw;
    for (let at = frames.indexOf(first) + 1; at < frames.length; at++) {
      const frame = frames[at] as IndexedFrame;
      raw += frame.raw;
      const size = frame.offset + frame.size - first.offset;
      if (!this.#wanted.has(frame) || size > STRIPE_BYTES || raw > STRIPE_RAW_BYTES) break;
      stripe.push(frame);
    }
    return stripe;
  }

  #start(stripe: Stripe): void {
    const shapes = stripe.map((frame) => this.#shapeOf(frame));
    const unpacked = this.#unpack(stripe, shapes);
    stripe.forEach((frame, number) => {
      const one = unpacked.then((all) => all[number] as UnpackedFrame);
      const loaded: Loaded = {
        wants: this.#wanted.get(frame)?.wants ?? 0,
        unpacked: one,
        settled: undefined,
      };
      this.#wanted.delete(frame);
      this.#loaded.set(frame, loaded);
      this.#keptBytes += frame.raw;
      one.then(
        (settled) => {
          loaded.settled = settled;
        },
        () => this.#forget(frame), // Who loads it gets the error; later ones try again.
      );
    });
    this.#loading++;
    const next = (): void => {
      this.#loading--;
      keepHeapSmall();
      this.#fillRoom();
    };
    unpacked.then(next, next);
  }

  /** Bytes that turn out wrong are fetched a second time before they count. */
  async #unpack(stripe: Stripe, frames: readonly FrameShape[]): Promise<readonly UnpackedFrame[]> {
    try {
      return await this.#unpackOnce(stripe, frames);
    } catch (error) {
      if (!(error instanceof PacketError || error instanceof UnpackError)) throw error;
      this.#messages.delete(stripe[0].pack.name);
    }
    try {
      return await this.#unpackOnce(stripe, frames);
    } catch (cause) {
      if (!(cause instanceof PacketError || cause instanceof UnpackError)) throw cause;
      throw new DamageError(this.#options.nameOf(stripe[0].pack), cause.message, {cause});
    }
  }

  async #unpackOnce(stripe: Stripe, frames: readonly FrameShape[]): Promise<readonly UnpackedFrame[]> {
    const {unpacker, sessionKey} = this.#options;
    const [first] = stripe;
    const last = stripe.at(-1) ?? first;
    const message = await this.#message(first.pack);
    const {firstChunk, ...range} = sealedRange(
      message,
      LITERAL_HEADER_LENGTH + first.offset,
      last.offset + last.size - first.offset,
    );
    const [sealed, key] = await Promise.all([this.#read(first.pack, range), sessionKey(message)]);
    return unpacker.stripe({type: 'stripe', message, sessionKey: key, sealed, firstChunk, frames});
  }

  /** Of a frame from which little is wanted, only that is checked. */
  #shapeOf(frame: IndexedFrame): FrameShape {
    const shape = shapeOf(this.#options.index, frame);
    const blobs = this.#wanted.get(frame)?.blobs;
    if (blobs === undefined || 4 * blobs.size > frame.count) return shape;
    const checkable = shape.check && new Set(shape.check);
    return {...shape, check: [...blobs].filter((at) => checkable?.has(at) ?? true)};
  }

  #message(pack: IndexedPack): Promise<EncryptedMessage> {
    let message = this.#messages.get(pack.name);
    if (message === undefined) {
      message = this.#open(pack);
      this.#messages.set(pack.name, message);
      message.catch(() => this.#messages.delete(pack.name));
    }
    return message;
  }

  /** A pack of another size, or with another end, is not the one that the index means, even if a part of it would do. */
  async #open(pack: IndexedPack): Promise<EncryptedMessage> {
    const object = this.#options.nameOf(pack);
    const found = await this.#options.target.stat(object);
    if (found === undefined) throw new DamageError(object, 'it is missing');
    if (found.sizeBytes !== pack.size)
      throw new DamageError(object, `it has ${found.sizeBytes} bytes instead of ${pack.size}`);
    const [head, end] = await Promise.all([
      this.#read(pack, {offset: 0, length: Math.min(HEAD_BYTES, pack.size)}),
      this.#read(pack, {offset: Math.max(pack.size - END_BYTES, 0), length: Math.min(END_BYTES, pack.size)}),
    ]);
    const message = inspectMessage(head, pack.size);
    checkEnd(message, await this.#options.sessionKey(message), end);
    return message;
  }

  async #read(pack: IndexedPack, range: {offset: number; length: number}): Promise<Uint8Array> {
    const object = this.#options.nameOf(pack);
    try {
      return await readObject(this.#options.target, object, {maxBytes: range.length, range});
    } catch (cause) {
      if (cause instanceof ObjectMissingError) throw new DamageError(object, 'it is missing', {cause});
      if (cause instanceof WrongLengthError)
        throw new UnpackError('the storage does not give the bytes that it has', {cause});
      throw cause;
    }
  }
}

function rawBytes(stripe: Stripe): number {
  return stripe.reduce((sum, {raw}) => sum + raw, 0);
}

/** What unpacking has to know of a frame. Deltas are checked where their bases are at hand. */
export function shapeOf(index: BlobIndex, frame: IndexedFrame): FrameShape {
  const {offset, size, raw} = frame;
  const deltas = new Set(index.deltasOf(frame));
  const whole = Array.from({length: frame.count}, (_, at) => at).filter((at) => !deltas.has(at));
  // Copies: what goes to a thread takes the whole memory behind it along.
  return {
    offset,
    size,
    raw,
    ids: new Uint8Array(index.idsOf(frame)),
    lengths: new Uint32Array(index.lengthsOf(frame)),
    ...(deltas.size > 0 && {check: whole}),
  };
}
