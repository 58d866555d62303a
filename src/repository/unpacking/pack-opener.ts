/** Reads ranges of packs, still encrypted, after a look at what cannot be told from a range alone. */
import {LITERAL_HEADER_LENGTH, PacketError} from '../../crypto/packets.ts';
import {checkEnd, END_BYTES, type EncryptedMessage, inspectMessage, sealedRange} from '../../crypto/seipd.ts';
import {DamageError} from '../../errors.ts';
import {readObject, WrongLengthError} from '../../targets/read.ts';
import {ObjectMissingError, type Target} from '../../targets/target.ts';
import type {BlobIndex, IndexedFrame, IndexedPack} from '../blob-index.ts';
import type {PackName} from '../layout.ts';
import {type FrameShape, type SealedStripe, UnpackError} from './unpack.ts';

/** Holds the PKESK packet and the beginning of the SEIPD packet. */
const HEAD_BYTES = 1024;

/** Frames of one pack that follow each other; at least one. */
export type Stripe = readonly [IndexedFrame, ...IndexedFrame[]];

export interface PackOpenerOptions {
  readonly target: Target;
  nameOf(pack: IndexedPack): string;
  /** @throws if the message is not for the key that is at hand */
  sessionKey(message: EncryptedMessage): Promise<Uint8Array>;
}

export class PackOpener {
  readonly #options: PackOpenerOptions;
  readonly #messages = new Map<PackName, Promise<EncryptedMessage>>();

  constructor(options: PackOpenerOptions) {
    this.#options = options;
  }

  /**
   * Has `work` done with what holds these frames. Bytes that turn out wrong are fetched a second time before they count.
   * @throws {@link DamageError}
   */
  async open<T>(stripe: Stripe, work: (sealed: SealedStripe) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#sealed(stripe));
    } catch (error) {
      if (!(error instanceof PacketError || error instanceof UnpackError)) throw error;
      this.#messages.delete(stripe[0].pack.name);
    }
    try {
      return await work(await this.#sealed(stripe));
    } catch (cause) {
      if (!(cause instanceof PacketError || cause instanceof UnpackError)) throw cause;
      throw new DamageError(this.#options.nameOf(stripe[0].pack), cause.message, {cause});
    }
  }

  async #sealed(stripe: Stripe): Promise<SealedStripe> {
    const [first] = stripe;
    const last = stripe.at(-1) ?? first;
    const message = await this.#message(first.pack);
    const {firstChunk, ...range} = sealedRange(
      message,
      LITERAL_HEADER_LENGTH + first.offset,
      last.offset + last.size - first.offset,
    );
    const [sealed, sessionKey] = await Promise.all([
      this.#read(first.pack, range),
      this.#options.sessionKey(message),
    ]);
    return {message, sessionKey, sealed, firstChunk};
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

/**
 * What unpacking has to know of a frame, in memory of its own. Deltas are checked where their bases are at hand.
 * @param only numbers of the blobs that are to be checked; all of them by default
 */
export function shapeOf(index: BlobIndex, frame: IndexedFrame, only?: ReadonlySet<number>): FrameShape {
  const {offset, size, raw, count} = frame;
  const deltas = new Set(index.deltasOf(frame));
  const isEvery = only === undefined && deltas.size === 0;
  const numbers = isEvery ? [] : [...(only ?? Array.from({length: count}, (_, at) => at))];
  return {
    offset,
    size,
    raw,
    ...index.columnsOf(frame),
    ...(!isEvery && {check: numbers.filter((at) => !deltas.has(at))}),
  };
}
