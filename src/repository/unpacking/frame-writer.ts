/** Has blobs written where they belong by the threads that open them: every frame once, in the order of the packs. */
import pMap from 'p-map';
import {DamageError} from '../../errors.ts';
import {keepHeapSmall} from '../../system/memory.ts';
import type {BlobIndex, IndexedFrame, IndexedPack} from '../blob-index.ts';
import {type Order, Orders, readOrders} from './orders.ts';
import {PackMissingError, type PackOpener, type Stripe, shapeOf} from './pack-opener.ts';
import type {Unpacker} from './unpacker.ts';
import type {Failure, WriteResult} from './write-stripe.ts';

/** What a thread is given at once. */
const STRIPE_BYTES = 2 * 2 ** 20;
const STRIPE_RAW_BYTES = 8 * 2 ** 20;
/** One in each thread, one on its way. */
const PARALLEL_STRIPES = 3;

export interface FrameWriterOptions {
  readonly opener: PackOpener;
  readonly unpacker: Unpacker;
  readonly index: BlobIndex;
  /** For a blob that is not what its id says. */
  damageOf(frame: IndexedFrame): DamageError;
}

/** What became of an order: `failed` where the system refused, or why its content cannot be had. */
export type Outcome = 'done' | 'failed' | DamageError;

/** What it throws ends the flush. */
export type Settle = (frame: IndexedFrame, order: Order, outcome: Outcome) => void;

type OrderedStripe = readonly [Stripe, readonly Uint8Array<ArrayBuffer>[]];

export class FrameWriter {
  readonly #options: FrameWriterOptions;
  #orders = new Map<IndexedPack, Map<IndexedFrame, Orders>>();
  #openMs = 0;
  #writeMs = 0;

  constructor(options: FrameWriterOptions) {
    this.#options = options;
  }

  add(frame: IndexedFrame, order: Order): void {
    const inPack = this.#orders.get(frame.pack) ?? new Map<IndexedFrame, Orders>();
    const ofFrame = inPack.get(frame) ?? new Orders();
    ofFrame.add(order);
    inPack.set(frame, ofFrame);
    this.#orders.set(frame.pack, inPack);
  }

  /** What the threads spent, one beside the other: on decrypting, decompressing and checking, and on writing. */
  get spent(): Pick<WriteResult, 'openMs' | 'writeMs'> {
    return {openMs: this.#openMs, writeMs: this.#writeMs};
  }

  /** Whether there is anything to flush. */
  get isEmpty(): boolean {
    return this.#orders.size === 0;
  }

  /** Has all orders carried out. None is on its way any more when this ends well. */
  async flush(settle: Settle, signal?: AbortSignal): Promise<void> {
    const orders = this.#orders;
    this.#orders = new Map();
    const write = async ([stripe, encoded]: OrderedStripe): Promise<void> => {
      signal?.throwIfAborted();
      const failures = await this.#write(stripe, encoded);
      for (const [number, frame] of stripe.entries()) {
        const outcomes = this.#outcomes(frame, failures[number]);
        let order = 0;
        for (const one of readOrders(encoded[number] as Uint8Array)) settle(frame, one, outcomes(order++));
      }
      keepHeapSmall();
    };
    await pMap(stripes(orders), write, {concurrency: PARALLEL_STRIPES});
  }

  #outcomes(
    frame: IndexedFrame,
    failures: DamageError | readonly Failure[] | undefined,
  ): (order: number) => Outcome {
    if (failures === undefined || failures instanceof DamageError) return () => failures ?? 'done';
    if (failures.length === 0) return () => 'done';
    const causes = new Map(failures.map(({order, cause}) => [order, cause]));
    return (order) => {
      const cause = causes.get(order);
      if (cause === 'content') return this.#options.damageOf(frame);
      return cause === 'system' ? 'failed' : 'done';
    };
  }

  /** @returns for each frame what failed of it, or why nothing of it can be had. Where frames cannot be opened together, each is tried by itself. */
  async #write(
    stripe: Stripe,
    encoded: readonly Uint8Array<ArrayBuffer>[],
  ): Promise<readonly (readonly Failure[] | DamageError)[]> {
    const {opener, unpacker, index} = this.#options;
    try {
      const result = await opener.open(stripe, (sealed) => {
        const frames = stripe.map((frame, number) => ({
          ...shapeOf(index, frame),
          orders: encoded[number] as Uint8Array<ArrayBuffer>,
        }));
        return unpacker.write({type: 'write', ...sealed, frames});
      });
      this.#openMs += result.openMs;
      this.#writeMs += result.writeMs;
      return result.failures;
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      if (stripe.length === 1 || error instanceof PackMissingError) return stripe.map(() => error); // Nothing of it was written.
    }
    const failures: (readonly Failure[] | DamageError)[] = [];
    for (const [number, frame] of stripe.entries())
      failures.push(...(await this.#write([frame], [encoded[number] as Uint8Array<ArrayBuffer>])));
    return failures;
  }
}

/** Frames that follow each other go together. */
function* stripes(
  orders: ReadonlyMap<IndexedPack, ReadonlyMap<IndexedFrame, Orders>>,
): Generator<OrderedStripe> {
  for (const [pack, frames] of orders) {
    let stripe: IndexedFrame[] = [];
    let raw = 0;
    for (const frame of pack.frames) {
      const start = stripe[0]?.offset ?? frame.offset;
      const isFull = frame.offset + frame.size - start > STRIPE_BYTES || raw + frame.raw > STRIPE_RAW_BYTES;
      const isOrdered = frames.has(frame);
      if (isFull || !isOrdered) {
        yield* withOrders(stripe, frames);
        stripe = [];
        raw = 0;
      }
      if (!isOrdered) continue;
      stripe.push(frame);
      raw += frame.raw;
    }
    yield* withOrders(stripe, frames);
  }
}

function* withOrders(
  [first, ...rest]: readonly IndexedFrame[],
  orders: ReadonlyMap<IndexedFrame, Orders>,
): Generator<OrderedStripe> {
  if (first === undefined) return;
  const stripe: Stripe = [first, ...rest];
  yield [stripe, stripe.map((frame) => (orders.get(frame) as Orders).toBytes())];
}
