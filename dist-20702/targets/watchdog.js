/** What must move at least within the patience: a connection that crawls is as good as none. */
const LEAST_BYTES = 16_384;
/**
 * Ends a request that does not get on. Only waiting for the network counts: not the time that the receiver takes for what it got, nor
 * waits for an upload rate.
 */
export class Watchdog {
    #patienceMs;
    #controller = new AbortController();
    #outer;
    #error;
    #timer;
    #waitingSinceMs = 0;
    #waitedMs = 0;
    #movedBytes = 0;
    /** @param error what the request fails with */
    constructor(patienceMs, outer, error) {
        this.#patienceMs = patienceMs;
        this.#outer = outer;
        this.#error = error;
        outer?.addEventListener('abort', this.#abort, { once: true });
        if (outer?.aborted)
            this.#abort();
    }
    /** Aborted when the caller's is, and when nothing moves. Its reason is what to throw. */
    get signal() {
        return this.#controller.signal;
    }
    /** From now on, the network is waited for. */
    waiting() {
        clearTimeout(this.#timer);
        if (this.#controller.signal.aborted)
            return; // It is over; a body may still be on its way out.
        this.#waitingSinceMs = performance.now();
        const leftMs = Math.max(0, this.#patienceMs - this.#waitedMs);
        this.#timer = setTimeout(() => this.#controller.abort(this.#error()), leftMs);
    }
    /** What was waited for has come, with so many bytes moved. */
    moved(sizeBytes) {
        clearTimeout(this.#timer);
        this.#waitedMs += performance.now() - this.#waitingSinceMs;
        this.#movedBytes += sizeBytes;
        if (this.#movedBytes < LEAST_BYTES)
            return;
        this.#waitedMs = 0;
        this.#movedBytes = 0;
    }
    /** A new phase: what was waited for before does not count. */
    restart() {
        clearTimeout(this.#timer);
        this.#waitedMs = 0;
        this.#movedBytes = 0;
    }
    /** Ends the request, if it still runs. */
    [Symbol.dispose]() {
        clearTimeout(this.#timer);
        this.#outer?.removeEventListener('abort', this.#abort);
        this.#controller.abort();
    }
    #abort = () => this.#controller.abort(this.#outer?.reason);
}
