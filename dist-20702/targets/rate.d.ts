import type { Clock } from './clock.ts';
/** Keeps all who ask to a number of bytes per second, together and in the order of asking. */
export declare class Rate {
    #private;
    constructor(bytesPerSecond: number, clock: Clock);
    /** Returns when these bytes may pass. */
    take(sizeBytes: number, signal: AbortSignal | undefined): Promise<void>;
}
