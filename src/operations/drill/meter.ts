/** Measures where the time of a restore goes, while fetching, decrypting and writing overlap: by what the writing waits for. */
import type {DrillTimes} from '../../repository/drill-report.ts';
import type {Target} from '../../targets/target.ts';

export type DrillPhase = keyof DrillTimes;

/** What threads spent, one beside the other. */
export interface ThreadTimes {
  readonly openMs: number;
  readonly writeMs: number;
}

export class Meter {
  /** The target, with its transfers measured. */
  readonly target: Target;
  fetchedBytes = 0;
  readonly #spent: Record<DrillPhase, number> = {
    prepare: 0,
    fetch: 0,
    decrypt: 0,
    write: 0,
    load: 0,
    check: 0,
  };
  readonly #now: () => number;
  /** Transfers on their way, how long there was at least one, and since when there is. */
  #open = 0;
  #busyMs = 0;
  #busySince = 0;

  /** @param now a clock that never goes back, in ms */
  constructor(target: Target, now: () => number = () => performance.now()) {
    this.#now = now;
    this.target = new Proxy(target, {
      get: (inner, member) => {
        if (member === 'get')
          return (...args: Parameters<Target['get']>) => this.#measured(inner.get(...args));
        const value: unknown = Reflect.get(inner, member, inner);
        return typeof value === 'function' ? value.bind(inner) : value;
      },
    });
  }

  /** In whole ms; every ms since the start belongs to one phase. */
  get times(): DrillTimes {
    return Object.fromEntries(
      Object.entries(this.#spent).map(([phase, ms]) => [phase, Math.round(ms)]),
    ) as unknown as DrillTimes;
  }

  /**
   * Runs work whose time counts for a phase, less what it waits for content.
   * @param phase `prepare` also for what of it waits for the storage: that is part of getting ready
   */
  async during<T>(phase: DrillPhase, work: () => Promise<T>): Promise<T> {
    const started = this.#now();
    const waited = this.#spent.fetch + this.#spent.decrypt;
    try {
      return await work();
    } finally {
      this.#spent[phase] += this.#now() - started - (this.#spent.fetch + this.#spent.decrypt - waited);
    }
  }

  /**
   * Runs a restore whose threads decrypt and write side by side: while anything is on its way from the storage that counts as
   * `fetch`; the rest is shared out as the threads spent their time.
   */
  async whileThreadsWrite<T>(work: (onSpent: (spent: ThreadTimes) => void) => Promise<T>): Promise<T> {
    const started = this.#now();
    const busyBefore = this.#busy();
    let spent: ThreadTimes = {openMs: 0, writeMs: 0};
    try {
      return await work((told) => {
        spent = told;
      });
    } finally {
      const elapsedMs = this.#now() - started;
      const fetchMs = Math.min(elapsedMs, this.#busy() - busyBefore);
      const decryptMs = ((elapsedMs - fetchMs) * spent.openMs) / Math.max(1, spent.openMs + spent.writeMs);
      this.#spent.fetch += fetchMs;
      this.#spent.decrypt += decryptMs;
      this.#spent.write += elapsedMs - fetchMs - decryptMs;
    }
  }

  /** Content that is waited for: while anything is on its way from the storage that counts as `fetch`, else as `decrypt`. */
  async *content(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const iterator = pieces[Symbol.asyncIterator]();
    try {
      for (;;) {
        const started = this.#now();
        const busyBefore = this.#busy();
        const {done, value} = await iterator.next();
        const fetchMs = this.#busy() - busyBefore;
        this.#spent.fetch += fetchMs;
        this.#spent.decrypt += Math.max(0, this.#now() - started - fetchMs);
        if (done === true) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  #busy(): number {
    return this.#busyMs + (this.#open > 0 ? this.#now() - this.#busySince : 0);
  }

  async *#measured(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    if (this.#open++ === 0) this.#busySince = this.#now();
    try {
      for await (const piece of pieces) {
        this.fetchedBytes += piece.length;
        yield piece;
      }
    } finally {
      if (--this.#open === 0) this.#busyMs += this.#now() - this.#busySince;
    }
  }
}
