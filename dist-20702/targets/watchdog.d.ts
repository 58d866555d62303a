import type { TargetError } from './target.ts';
/**
 * Ends a request that does not get on. Only waiting for the network counts: not the time that the receiver takes for what it got, nor
 * waits for an upload rate.
 */
export declare class Watchdog implements Disposable {
    #private;
    /** @param error what the request fails with */
    constructor(patienceMs: number, outer: AbortSignal | undefined, error: () => TargetError);
    /** Aborted when the caller's is, and when nothing moves. Its reason is what to throw. */
    get signal(): AbortSignal;
    /** From now on, the network is waited for. */
    waiting(): void;
    /** What was waited for has come, with so many bytes moved. */
    moved(sizeBytes: number): void;
    /** A new phase: what was waited for before does not count. */
    restart(): void;
    /** Ends the request, if it still runs. */
    [Symbol.dispose](): void;
}
