import {type Clock, systemClock} from './clock.ts';
import {Limiter} from './limiter.ts';
import {foldersOfPages, objectsOfPages, type Pager} from './pages.ts';
import {Rate} from './rate.ts';
import {readObject} from './read.ts';
import {Retrier} from './retry.ts';
import {
  type ByteRange,
  type CallOptions,
  type CreateOptions,
  ObjectExistsError,
  type ObjectInfo,
  type ObjectLock,
  type ObjectName,
  type PutOptions,
  type Target,
  TargetError,
} from './target.ts';

/** How hard a target is tried, and how much is asked of it. */
export interface TargetLimits {
  /** Bytes per second to the target, all uploads together; no limit by default. */
  readonly uploadBytesPerSecond?: number | undefined;
  readonly downloadBytesPerSecond?: number | undefined;
  /** Requests at once, at most. */
  readonly requests?: number | undefined;
  /** How long a call goes on trying what fails for the time being. */
  readonly retryForMs?: number | undefined;
}

const DEFAULT_REQUESTS = 16;
const DEFAULT_RETRY_FOR_MS = 5 * 60_000;
const FIRST_RETRY_FOR_MS = 20_000;

/**
 * The target that everybody gets: tries again what failed for the time being, asks for less at once from a store that has too much to
 * do, and keeps to rates.
 *
 * `put` succeeds, too, when the name holds the very bytes already: the answer to an earlier attempt may have been lost.
 */
export class ResilientTarget implements Target {
  readonly label: string;
  readonly lock: ObjectLock | undefined;
  readonly sweepPartials?: NonNullable<Target['sweepPartials']>;
  readonly extendLock?: NonNullable<Target['extendLock']>;
  readonly describe?: NonNullable<Target['describe']>;
  readonly storedSums?: NonNullable<Target['storedSums']>;
  readonly keepsMd5: boolean;
  readonly #target: Target;
  readonly #retrier: Retrier;
  readonly #limiter: Limiter;
  readonly #upload: Rate | undefined;
  readonly #download: Rate | undefined;

  constructor(target: Target, limits: TargetLimits = {}, clock: Clock = systemClock) {
    const {uploadBytesPerSecond, downloadBytesPerSecond} = limits;
    this.label = target.label;
    this.lock = target.lock;
    this.keepsMd5 = target.keepsMd5 ?? false;
    this.#target = target;
    this.#limiter = new Limiter(limits.requests ?? DEFAULT_REQUESTS);
    this.#retrier = new Retrier({
      clock,
      patienceMs: limits.retryForMs ?? DEFAULT_RETRY_FOR_MS,
      firstPatienceMs: FIRST_RETRY_FOR_MS,
    });
    if (uploadBytesPerSecond !== undefined) this.#upload = new Rate(uploadBytesPerSecond, clock);
    if (downloadBytesPerSecond !== undefined) this.#download = new Rate(downloadBytesPerSecond, clock);
    const sweep = target.sweepPartials?.bind(target);
    if (sweep !== undefined) {
      this.sweepPartials = (olderThanMs, nowMs, options) =>
        this.#call(options?.signal, () => sweep(olderThanMs, nowMs, options));
    }
    const describe = target.describe?.bind(target);
    if (describe !== undefined) {
      this.describe = (probe, options) => this.#call(options?.signal, () => describe(probe, options));
    }
    const sum = target.storedSums?.bind(target);
    if (sum !== undefined) {
      this.storedSums = (name, options) => this.#call(options?.signal, () => sum(name, options));
    }
    const extend = target.extendLock?.bind(target);
    if (extend !== undefined) {
      this.extendLock = (name, untilMs, options) =>
        this.#call(options?.signal, () => extend(name, untilMs, options));
    }
  }

  get retries(): number {
    return this.#retrier.retries;
  }

  async create(options: CreateOptions = {}): Promise<void> {
    await this.#call(options.signal, () => this.#target.create(options));
  }

  async put(name: ObjectName, body: Uint8Array, {signal, md5}: PutOptions = {}): Promise<void> {
    const options = {...this.#putOptions(signal), md5};
    await this.#call(signal, async (attempt) => {
      // What was sent before may have arrived, and some stores would take it a second time.
      if (attempt > 1 && (await this.#target.stat(name, {signal})) !== undefined) {
        return await this.#expectSame(name, body, signal);
      }
      await this.#waitForUpload(body, signal);
      try {
        await this.#target.put(name, body, options);
      } catch (error) {
        if (!(error instanceof ObjectExistsError)) throw error;
        await this.#expectSame(name, body, signal, error);
      }
    });
  }

  async replace(name: ObjectName, body: Uint8Array, {signal}: CallOptions = {}): Promise<void> {
    const options = this.#putOptions(signal);
    await this.#call(signal, async () => {
      await this.#waitForUpload(body, signal);
      await this.#target.replace(name, body, options);
    });
  }

  /** After a failure in the midst of it, goes on where it was; of a whole object, what came before is read again and passed over. */
  async *get(name: ObjectName, range?: ByteRange, options: CallOptions = {}): AsyncIterable<Uint8Array> {
    const {signal} = options;
    const tries = this.#retrier.begin(signal);
    for (let yieldedBytes = 0; ; ) {
      using slot = await this.#limiter.take(signal);
      try {
        let passOver = range === undefined ? yieldedBytes : 0;
        for await (const piece of this.#target.get(name, rest(range, yieldedBytes), options)) {
          const fresh = piece.subarray(Math.min(passOver, piece.length));
          passOver -= piece.length - fresh.length;
          if (fresh.length === 0 && piece.length > 0) continue;
          await this.#download?.take(fresh.length, signal);
          yieldedBytes += fresh.length;
          yield fresh;
        }
        slot.succeeded();
        return tries.succeeded();
      } catch (error) {
        if (error instanceof TargetError && error.throttled) slot.throttled();
        slot[Symbol.dispose](); // Others may run while this one waits.
        await tries.failed(error);
      }
    }
  }

  async stat(name: ObjectName, options: CallOptions = {}): Promise<ObjectInfo | undefined> {
    return await this.#call(options.signal, () => this.#target.stat(name, options));
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncIterable<ObjectInfo> {
    const pager = this.#pager();
    if (pager === undefined)
      yield* this.#untilFirst(options.signal, () => this.#target.list(prefix, options));
    else yield* objectsOfPages(pager, prefix, options);
  }

  async *listFolders(prefix: string, options: CallOptions = {}): AsyncIterable<string> {
    const pager = this.#pager();
    if (pager === undefined)
      yield* this.#untilFirst(options.signal, () => this.#target.listFolders(prefix, options));
    else yield* foldersOfPages(pager, prefix, options);
  }

  async remove(name: ObjectName, options: CallOptions = {}): Promise<void> {
    await this.#call(options.signal, () => this.#target.remove(name, options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target[Symbol.asyncDispose]();
  }

  /** Asks again for the page that was lost, not for the whole listing. */
  #pager(): Pager | undefined {
    const listPage = this.#target.listPage?.bind(this.#target);
    if (listPage === undefined) return undefined;
    return {
      label: this.label,
      listPage: (prefix, page, options = {}) =>
        this.#call(options.signal, () => listPage(prefix, page, options)),
    };
  }

  async #call<T>(signal: AbortSignal | undefined, work: (attempt: number) => Promise<T>): Promise<T> {
    return await this.#retrier.run(signal, async (attempt) => {
      using slot = await this.#limiter.take(signal);
      try {
        const result = await work(attempt);
        slot.succeeded();
        return result;
      } catch (error) {
        if (error instanceof TargetError && error.throttled) slot.throttled();
        throw error;
      }
    });
  }

  /** A listing that is no sequence of pages can only begin again, while nobody has seen any of it. */
  async *#untilFirst<T>(signal: AbortSignal | undefined, list: () => AsyncIterable<T>): AsyncIterable<T> {
    const tries = this.#retrier.begin(signal);
    for (let isBegun = false; ; ) {
      try {
        for await (const item of list()) {
          isBegun = true;
          yield item;
        }
        return tries.succeeded();
      } catch (error) {
        if (isBegun) throw error;
        await tries.failed(error);
      }
    }
  }

  #putOptions(signal: AbortSignal | undefined): PutOptions {
    const rate = this.#upload;
    if (rate === undefined || this.#target.paced !== true) return {signal};
    return {signal, pace: (sizeBytes) => rate.take(sizeBytes, signal)};
  }

  /** Where the target cannot send piece by piece. */
  async #waitForUpload(body: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    if (this.#target.paced !== true) await this.#upload?.take(body.length, signal);
  }

  /** @throws {@link ObjectExistsError} where the name holds other bytes */
  async #expectSame(
    name: ObjectName,
    body: Uint8Array,
    signal: AbortSignal | undefined,
    error: ObjectExistsError = new ObjectExistsError(this.label, name),
  ): Promise<void> {
    const info = await this.#target.stat(name, {signal});
    if (info?.sizeBytes !== body.length) throw error;
    const stored = await readObject(this.#target, name, {maxBytes: body.length, signal});
    if (Buffer.compare(stored, body) !== 0) throw error;
  }
}

function rest(range: ByteRange | undefined, yieldedBytes: number): ByteRange | undefined {
  if (range === undefined) return undefined;
  return {offset: range.offset + yieldedBytes, length: range.length - yieldedBytes};
}
