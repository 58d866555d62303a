/** Successes in a row after which one more request may run at once. */
const SUCCESSES_TO_GROW = 16;
/**
 * How many requests run at once: up to `most`; half as many each time the store says that it has too much to do, and one more after
 * each {@link SUCCESSES_TO_GROW} that it served.
 */
export class Limiter {
    #most;
    #waiting = [];
    #limit;
    #running = 0;
    #successes = 0;
    /** Counts the reductions: requests that began before the last one say nothing new. */
    #reductions = 0;
    constructor(most) {
        this.#most = most;
        this.#limit = most;
    }
    /** How many may run at once now. */
    get limit() {
        return this.#limit;
    }
    async take(signal) {
        signal?.throwIfAborted();
        if (this.#running < this.#limit && this.#waiting.length === 0)
            this.#running += 1;
        else
            await this.#wait(signal); // Whoever is woken has been counted.
        const reductions = this.#reductions;
        let isOver = false;
        return {
            throttled: () => {
                this.#successes = 0;
                if (reductions !== this.#reductions)
                    return;
                this.#reductions += 1;
                this.#limit = Math.max(1, Math.floor(this.#limit / 2));
            },
            succeeded: () => {
                if (this.#limit === this.#most || ++this.#successes < SUCCESSES_TO_GROW)
                    return;
                this.#successes = 0;
                this.#limit += 1;
            },
            [Symbol.dispose]: () => {
                if (isOver)
                    return;
                isOver = true;
                this.#running -= 1;
                this.#startNext();
            },
        };
    }
    #startNext() {
        while (this.#running < this.#limit) {
            const start = this.#waiting.shift();
            if (start === undefined)
                return;
            this.#running += 1;
            start();
        }
    }
    #wait(signal) {
        return new Promise((resolve, reject) => {
            const start = () => {
                signal?.removeEventListener('abort', abort);
                resolve();
            };
            const abort = () => {
                this.#waiting.splice(this.#waiting.indexOf(start), 1);
                reject(signal?.reason);
            };
            signal?.addEventListener('abort', abort, { once: true });
            this.#waiting.push(start);
        });
    }
}
