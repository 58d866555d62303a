import type {Clock} from './clock.ts';
import {TargetError} from './target.ts';

export interface RetryOptions {
  readonly clock: Clock;
  /** How long one call goes on trying, from its first failure. */
  readonly patienceMs: number;
  /** The same while the target never answered: an address that was mistyped should not take minutes. */
  readonly firstPatienceMs: number;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 20_000;

/**
 * Decides whether and when a failed call is tried again: only what is transient, after a random wait ("full jitter") that grows, no
 * sooner than the store asked for, and in all no longer than the patience.
 */
export class Retrier {
  /** How often something was tried again. */
  retries = 0;
  /** Whether the target ever gave an answer that is one. */
  answered = false;
  readonly options: RetryOptions;

  constructor(options: RetryOptions) {
    this.options = options;
  }

  begin(signal: AbortSignal | undefined): Tries {
    return new Tries(this, signal);
  }

  /** @param work is told which try it is, from 1 */
  async run<T>(signal: AbortSignal | undefined, work: (attempt: number) => Promise<T>): Promise<T> {
    const tries = this.begin(signal);
    for (;;) {
      try {
        const result = await work(tries.attempt);
        tries.succeeded();
        return result;
      } catch (error) {
        await tries.failed(error);
      }
    }
  }
}

/** The tries of one call. */
export class Tries {
  /** Which try this is, from 1. */
  attempt = 1;
  readonly #retrier: Retrier;
  readonly #signal: AbortSignal | undefined;
  #firstFailureMs: number | undefined;

  constructor(retrier: Retrier, signal: AbortSignal | undefined) {
    this.#retrier = retrier;
    this.#signal = signal;
  }

  succeeded(): void {
    this.#retrier.answered = true;
  }

  /** Returns when it is time for the next try. @throws the error, where there shall be none */
  async failed(error: unknown): Promise<void> {
    this.#signal?.throwIfAborted();
    if (!(error instanceof TargetError)) throw error;
    if (!error.transient) {
      this.#retrier.answered = true;
      throw error;
    }
    const {clock, patienceMs, firstPatienceMs} = this.#retrier.options;
    if (error.throttled) this.#retrier.answered = true;
    const nowMs = clock.now();
    this.#firstFailureMs ??= nowMs;
    const spentMs = nowMs - this.#firstFailureMs;
    const patience = this.#retrier.answered ? patienceMs : Math.min(firstPatienceMs, patienceMs);
    const jitterMs = clock.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.attempt - 1));
    const waitMs = Math.max(jitterMs, error.retryAfterMs ?? 0);
    if (spentMs + waitMs > patience) throw exhausted(error, this.attempt, spentMs);
    await clock.sleep(waitMs, this.#signal);
    this.attempt += 1;
    this.#retrier.retries += 1;
  }
}

function exhausted(error: TargetError, attempts: number, spentMs: number): TargetError {
  if (attempts === 1 && error.retryAfterMs === undefined) return error;
  const times = attempts === 1 ? 'once' : `${attempts} times in ${Math.ceil(spentMs / 1000)} s`;
  return new TargetError(`${error.message} It was tried ${times}.`, {
    cause: error,
    hint: error.hint ?? 'Check the network and the state of the storage, then run this again.',
    transient: true,
    throttled: error.throttled,
    retryAfterMs: error.retryAfterMs,
  });
}
