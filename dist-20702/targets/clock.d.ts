/** Time and chance, so that tests of waiting need not wait. */
export interface Clock {
    /** Milliseconds since some moment; never goes back. */
    now(): number;
    /** The time of day, in ms since the epoch, as far as this machine knows it. */
    wallMs(): number;
    /** @throws the signal's reason */
    sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
    /** From 0 to less than 1. */
    random(): number;
}
export declare const systemClock: Clock;
