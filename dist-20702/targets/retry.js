import { TargetError } from './target.js';
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
    options;
    constructor(options) {
        this.options = options;
    }
    begin(signal) {
        return new Tries(this, signal);
    }
    /** @param work is told which try it is, from 1 */
    async run(signal, work) {
        const tries = this.begin(signal);
        for (;;) {
            try {
                const result = await work(tries.attempt);
                tries.succeeded();
                return result;
            }
            catch (error) {
                await tries.failed(error);
            }
        }
    }
}
/** The tries of one call. */
export class Tries {
    /** Which try this is, from 1. */
    attempt = 1;
    #retrier;
    #signal;
    #firstFailureMs;
    constructor(retrier, signal) {
        this.#retrier = retrier;
        this.#signal = signal;
    }
    succeeded() {
        this.#retrier.answered = true;
    }
    /** Returns when it is time for the next try. @throws the error, where there shall be none */
    async failed(error) {
        this.#signal?.throwIfAborted();
        if (!(error instanceof TargetError))
            throw error;
        if (!error.transient) {
            this.#retrier.answered = true;
            throw error;
        }
        const { clock, patienceMs, firstPatienceMs } = this.#retrier.options;
        if (error.throttled)
            this.#retrier.answered = true;
        const nowMs = clock.now();
        this.#firstFailureMs ??= nowMs;
        const spentMs = nowMs - this.#firstFailureMs;
        const patience = this.#retrier.answered ? patienceMs : Math.min(firstPatienceMs, patienceMs);
        const jitterMs = clock.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.attempt - 1));
        const waitMs = Math.max(jitterMs, error.retryAfterMs ?? 0);
        if (spentMs + waitMs > patience)
            throw exhausted(error, this.attempt, spentMs);
        await clock.sleep(waitMs, this.#signal);
        this.attempt += 1;
        this.#retrier.retries += 1;
    }
}
function exhausted(error, attempts, spentMs) {
    if (attempts === 1 && error.retryAfterMs === undefined)
        return error;
    const times = attempts === 1 ? 'once' : `${attempts} times in ${Math.ceil(spentMs / 1000)} s`;
    return new TargetError(`${error.message} It was tried ${times}.`, {
        cause: error,
        hint: error.hint ?? 'Check the network and the state of the storage, then run this again.',
        transient: true,
        throttled: error.throttled,
        retryAfterMs: error.retryAfterMs,
    });
}
