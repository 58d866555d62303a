/** To be called before the work begins, and before threads start. Changes this process. */
export declare function useLittleMemory(): void;
/**
 * Collects garbage now. Compression and encryption leave buffers outside the heap, of which V8 sees only small wrappers: left
 * alone, each thread lets some 64 MB of them pile up. A minor collection takes less than a millisecond, a major one some twenty.
 */
export declare function collectGarbage(type?: 'minor' | 'major'): void;
/** Collects what is young, and everything when the heap has grown by much. */
export declare function keepHeapSmall(): void;
