/** Fetches frames of packs, ahead of who reads them, within a fixed amount of memory. */
import {DamageError} from '../../errors.ts';
import {keepHeapSmall, release} from '../../system/memory.ts';
import type {BlobIndex, IndexedFrame} from '../blob-index.ts';
import {PackMissingError, type PackOpener, type Stripe, shapeOf} from './pack-opener.ts';
import type {UnpackedFrame} from './unpack.ts';
import type {Unpacker} from './unpacker.ts';

/** Decompressed frames that are kept or on their way; what is asked for at once may go beyond it. */
const KEPT_BYTES = 48 * 2 ** 20;
/** Of them, those that nobody wants any more; somebody may again. */
const IDLE_BYTES = 12 * 2 ** 20;
/** What is fetched at once: frames that follow each other in a pack. */
const STRIPE_BYTES = 4 * 2 ** 20;
const STRIPE_RAW_BYTES = 8 * 2 ** 20;
const PARALLEL_STRIPES = 3;

export interface FrameLoaderOptions {
  readonly opener: PackOpener;
  readonly unpacker: Unpacker;
  readonly index: BlobIndex;
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

interface Idle extends Loaded {
  settled: UnpackedFrame;
}

export class FrameLoader {
  readonly #options: FrameLoaderOptions;
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
    let idle = 0;
    for (const [frame, loaded] of this.#loaded) if (isIdle(loaded)) idle += frame.raw;
    for (const isPartly of [true, false]) {
      for (const [frame, loaded] of this.#loaded) {
        if (this.#keptBytes + bytes <= KEPT_BYTES && idle <= IDLE_BYTES) return;
        if (!isIdle(loaded) || frame === inUse) continue;
        if (isPartly && loaded.settled.checked === undefined) continue;
        this.#forget(frame);
        idle -= frame.raw;
        release(loaded.settled.raw);
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
    const unpacked = this.#unpack(
      stripe,
      stripe.map((frame) => this.#onlyWanted(frame)),
    );
    stripe.forEach((frame, number) => {
      const one = unpacked.then((all) => {
        const result = all[number] as UnpackedFrame | DamageError;
        if (result instanceof DamageError) throw result;
        return result;
      });
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

  /** Where frames cannot be had together, one by one: what is damaged costs no other frame. */
  async #unpack(
    stripe: Stripe,
    wanted: readonly (ReadonlySet<number> | undefined)[],
  ): Promise<readonly (UnpackedFrame | DamageError)[]> {
    const {opener, unpacker, index} = this.#options;
    try {
      return await opener.open(stripe, (sealed) => {
        const frames = stripe.map((frame, number) => shapeOf(index, frame, wanted[number]));
        return unpacker.stripe({type: 'stripe', ...sealed, frames});
      });
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      if (stripe.length === 1 || error instanceof PackMissingError) return stripe.map(() => error);
    }
    const results: (UnpackedFrame | DamageError)[] = [];
    for (const [number, frame] of stripe.entries())
      results.push(...(await this.#unpack([frame], [wanted[number]])));
    return results;
  }

  /** Of a frame from which little is wanted, only that is checked. */
  #onlyWanted(frame: IndexedFrame): ReadonlySet<number> | undefined {
    const blobs = this.#wanted.get(frame)?.blobs;
    return blobs !== undefined && 4 * blobs.size <= frame.count ? blobs : undefined;
  }
}

function isIdle(loaded: Loaded): loaded is Idle {
  return loaded.wants <= 0 && loaded.settled !== undefined;
}

function rawBytes(stripe: Stripe): number {
  return stripe.reduce((sum, {raw}) => sum + raw, 0);
}
