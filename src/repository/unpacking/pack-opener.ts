/** Reads ranges of packs, still encrypted, after a look at what cannot be told from a range alone. */
import {LITERAL_HEADER_LENGTH, PacketError} from '../../crypto/packets.ts';
import {checkEnd, END_BYTES, type EncryptedMessage, inspectMessage, sealedRange} from '../../crypto/seipd.ts';
import {DamageError, type ErrorDetails} from '../../errors.ts';
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
  /** Is told once of each damaged pack of which a part was read nevertheless. Without it, none is read. */
  readonly onSalvaged?: ((problem: DamageError) => void) | undefined;
}

/** Nothing of the pack can be had. */
export class PackMissingError extends DamageError {
  constructor(object: string, details?: ErrorDetails) {
    super(object, 'it is missing', details);
  }
}

interface OpenedPack {
  readonly message: EncryptedMessage;
  /** As stored. */
  readonly sizeBytes: number;
}

export class PackOpener {
  readonly #options: PackOpenerOptions;
  readonly #packs = new Map<PackName, Promise<OpenedPack>>();
  /** Of which something was read. */
  readonly #read = new Set<PackName>();
  /** Damaged ones, which are read on as far as their chunks are authentic; undefined where that was told. */
  readonly #salvaged = new Map<PackName, DamageError | undefined>();

  constructor(options: PackOpenerOptions) {
    this.#options = options;
  }

  /**
   * Has `work` done with what holds these frames. Bytes that turn out wrong are fetched a second time before they count.
   * @throws {@link DamageError}
   */
  async open<T>(stripe: Stripe, work: (sealed: SealedStripe) => Promise<T>): Promise<T> {
    const {name} = stripe[0].pack;
    const canGoOn = this.#options.onSalvaged !== undefined && !this.#salvaged.has(name);
    try {
      return await this.#openTwice(stripe, work);
    } catch (error) {
      if (!canGoOn || !(error instanceof DamageError) || error instanceof PackMissingError) throw error;
      if (!this.#salvaged.has(name)) this.#salvaged.set(name, error);
      this.#packs.delete(name);
      this.#tellSalvaged(name);
    }
    return this.#openTwice(stripe, work);
  }

  async #openTwice<T>(stripe: Stripe, work: (sealed: SealedStripe) => Promise<T>): Promise<T> {
    const {pack} = stripe[0];
    const attempt = async (): Promise<T> => {
      const done = await work(await this.#sealed(stripe));
      this.#read.add(pack.name);
      this.#tellSalvaged(pack.name);
      return done;
    };
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof PacketError || error instanceof UnpackError)) throw error;
      this.#packs.delete(pack.name);
    }
    try {
      return await attempt();
    } catch (cause) {
      if (!(cause instanceof PacketError || cause instanceof UnpackError)) throw cause;
      throw new DamageError(this.#options.nameOf(pack), cause.message, {cause});
    }
  }

  #tellSalvaged(name: PackName): void {
    const problem = this.#salvaged.get(name);
    if (problem === undefined || !this.#read.has(name)) return;
    this.#salvaged.set(name, undefined);
    this.#options.onSalvaged?.(problem);
  }

  async #sealed(stripe: Stripe): Promise<SealedStripe> {
    const [first] = stripe;
    const last = stripe.at(-1) ?? first;
    const {message, sizeBytes} = await this.#opened(first.pack);
    const {firstChunk, ...range} = sealedRange(
      message,
      LITERAL_HEADER_LENGTH + first.offset,
      last.offset + last.size - first.offset,
    );
    if (range.offset + range.length > sizeBytes) throw new UnpackError('it is cut off');
    const [sealed, sessionKey] = await Promise.all([
      this.#bytes(first.pack, range),
      this.#options.sessionKey(message),
    ]);
    return {message, sessionKey, sealed, firstChunk};
  }

  #opened(pack: IndexedPack): Promise<OpenedPack> {
    let opened = this.#packs.get(pack.name);
    if (opened === undefined) {
      opened = this.#open(pack);
      this.#packs.set(pack.name, opened);
      opened.catch(() => this.#packs.delete(pack.name));
    }
    return opened;
  }

  /**
   * A pack of another size, or with another end, is not the one that the index means, even if a part of it would do. Where damaged packs are
   * salvaged, it is read as far as it goes: each AEAD chunk is authenticated by itself, and each blob is checked against its id.
   */
  async #open(pack: IndexedPack): Promise<OpenedPack> {
    const object = this.#options.nameOf(pack);
    const found = await this.#options.target.stat(object);
    if (found === undefined) throw new PackMissingError(object);
    const {sizeBytes} = found;
    const isSalvaged = this.#salvaged.has(pack.name);
    if (sizeBytes !== pack.size && !isSalvaged)
      throw new DamageError(object, `it has ${sizeBytes} bytes instead of ${pack.size}`);
    const length = Math.min(HEAD_BYTES, pack.size, sizeBytes);
    const message = inspectMessage(
      length === 0 ? new Uint8Array(0) : await this.#bytes(pack, {offset: 0, length}),
      pack.size,
    );
    const sessionKey = await this.#options.sessionKey(message);
    if (!isSalvaged) {
      const endBytes = Math.min(END_BYTES, pack.size);
      checkEnd(
        message,
        sessionKey,
        await this.#bytes(pack, {offset: pack.size - endBytes, length: endBytes}),
      );
    }
    return {message, sizeBytes};
  }

  async #bytes(pack: IndexedPack, range: {offset: number; length: number}): Promise<Uint8Array> {
    const object = this.#options.nameOf(pack);
    try {
      return await readObject(this.#options.target, object, {maxBytes: range.length, range});
    } catch (cause) {
      if (cause instanceof ObjectMissingError) throw new PackMissingError(object, {cause});
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
