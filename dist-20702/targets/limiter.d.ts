/** A request's permission to run. Disposing of it lets the next one start. */
export interface Slot extends Disposable {
    /** The store had too much to do: half as many from now on. */
    throttled(): void;
    succeeded(): void;
}
/**
 * How many requests run at once: up to `most`; half as many each time the store says that it has too much to do, and one more after
 * each {@link SUCCESSES_TO_GROW} that it served.
 */
export declare class Limiter {
    #private;
    constructor(most: number);
    /** How many may run at once now. */
    get limit(): number;
    take(signal: AbortSignal | undefined): Promise<Slot>;
}
