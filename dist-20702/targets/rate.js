/** Keeps all who ask to a number of bytes per second, together and in the order of asking. */
export class Rate {
    #bytesPerMs;
    #clock;
    #freeAtMs = 0;
    constructor(bytesPerSecond, clock) {
        this.#bytesPerMs = bytesPerSecond / 1000;
        this.#clock = clock;
    }
    /** Returns when these bytes may pass. */
    async take(sizeBytes, signal) {
        const nowMs = this.#clock.now();
        const startMs = Math.max(nowMs, this.#freeAtMs);
        this.#freeAtMs = startMs + sizeBytes / this.#bytesPerMs;
        if (startMs > nowMs)
            await this.#clock.sleep(startMs - nowMs, signal);
    }
}
