import { EXIT, HoldfastError } from '../errors.ts';
/** The user, or whoever stops services, asked us to stop. */
export declare class InterruptedError extends HoldfastError {
    readonly code = "INTERRUPTED";
    readonly exitCode: typeof EXIT.interrupted | typeof EXIT.terminated;
    constructor(signal: 'SIGINT' | 'SIGTERM');
}
/** Whoever read our standard output has gone, as in `holdfast ls | head`. Nothing went wrong. */
export declare class OutputClosedError extends Error {
    constructor();
}
/**
 * Turns SIGINT, SIGTERM and a closed standard output into an abort of `controller`. A second signal ends the process
 * at once. Disposing gives the signals back.
 */
export declare function listenForInterrupts(controller: AbortController, onFirst: () => void): Disposable;
