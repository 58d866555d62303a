import type { Clock } from './clock.ts';
export interface RetryOptions {
    readonly clock: Clock;
    /** How long one call goes on trying, from its first failure. */
    readonly patienceMs: number;
    /** The same while the target never answered: an address that was mistyped should not take minutes. */
    readonly firstPatienceMs: number;
}
/**
 * Decides whether and when a failed call is tried again: only what is transient, after a random wait ("full jitter") that grows, no
 * sooner than the store asked for, and in all no longer than the patience.
 */
export declare class Retrier {
    /** How often something was tried again. */
    retries: number;
    /** Whether the target ever gave an answer that is one. */
    answered: boolean;
    readonly options: RetryOptions;
    constructor(options: RetryOptions);
    begin(signal: AbortSignal | undefined): Tries;
    /** @param work is told which try it is, from 1 */
    run<T>(signal: AbortSignal | undefined, work: (attempt: number) => Promise<T>): Promise<T>;
}
/** The tries of one call. */
export declare class Tries {
    #private;
    /** Which try this is, from 1. */
    attempt: number;
    constructor(retrier: Retrier, signal: AbortSignal | undefined);
    succeeded(): void;
    /** Returns when it is time for the next try. @throws the error, where there shall be none */
    failed(error: unknown): Promise<void>;
}
