var __addDisposableResource = (this && this.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var __disposeResources = (this && this.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
import { systemClock } from './clock.js';
import { Limiter } from './limiter.js';
import { foldersOfPages, objectsOfPages } from './pages.js';
import { Rate } from './rate.js';
import { readObject } from './read.js';
import { Retrier } from './retry.js';
import { ObjectExistsError, TargetError, } from './target.js';
const DEFAULT_REQUESTS = 16;
const DEFAULT_RETRY_FOR_MS = 5 * 60_000;
const FIRST_RETRY_FOR_MS = 20_000;
/**
 * The target that everybody gets: tries again what failed for the time being, asks for less at once from a store that has too much to
 * do, and keeps to rates.
 *
 * `put` succeeds, too, when the name holds the very bytes already: the answer to an earlier attempt may have been lost.
 */
export class ResilientTarget {
    label;
    lock;
    sweepPartials;
    extendLock;
    describe;
    #target;
    #retrier;
    #limiter;
    #upload;
    #download;
    constructor(target, limits = {}, clock = systemClock) {
        const { uploadBytesPerSecond, downloadBytesPerSecond } = limits;
        this.label = target.label;
        this.lock = target.lock;
        this.#target = target;
        this.#limiter = new Limiter(limits.requests ?? DEFAULT_REQUESTS);
        this.#retrier = new Retrier({
            clock,
            patienceMs: limits.retryForMs ?? DEFAULT_RETRY_FOR_MS,
            firstPatienceMs: FIRST_RETRY_FOR_MS,
        });
        if (uploadBytesPerSecond !== undefined)
            this.#upload = new Rate(uploadBytesPerSecond, clock);
        if (downloadBytesPerSecond !== undefined)
            this.#download = new Rate(downloadBytesPerSecond, clock);
        const sweep = target.sweepPartials?.bind(target);
        if (sweep !== undefined) {
            this.sweepPartials = (olderThanMs, nowMs, options) => this.#call(options?.signal, () => sweep(olderThanMs, nowMs, options));
        }
        const describe = target.describe?.bind(target);
        if (describe !== undefined) {
            this.describe = (probe, options) => this.#call(options?.signal, () => describe(probe, options));
        }
        const extend = target.extendLock?.bind(target);
        if (extend !== undefined) {
            this.extendLock = (name, untilMs, options) => this.#call(options?.signal, () => extend(name, untilMs, options));
        }
    }
    get retries() {
        return this.#retrier.retries;
    }
    async create(options = {}) {
        await this.#call(options.signal, () => this.#target.create(options));
    }
    async put(name, body, { signal } = {}) {
        const options = this.#putOptions(signal);
        await this.#call(signal, async (attempt) => {
            // What was sent before may have arrived, and some stores would take it a second time.
            if (attempt > 1 && (await this.#target.stat(name, { signal })) !== undefined) {
                return await this.#expectSame(name, body, signal);
            }
            await this.#waitForUpload(body, signal);
            try {
                await this.#target.put(name, body, options);
            }
            catch (error) {
                if (!(error instanceof ObjectExistsError))
                    throw error;
                await this.#expectSame(name, body, signal, error);
            }
        });
    }
    async replace(name, body, { signal } = {}) {
        const options = this.#putOptions(signal);
        await this.#call(signal, async () => {
            await this.#waitForUpload(body, signal);
            await this.#target.replace(name, body, options);
        });
    }
    /** After a failure in the midst of it, goes on where it was; of a whole object, what came before is read again and passed over. */
    async *get(name, range, options = {}) {
        const { signal } = options;
        const tries = this.#retrier.begin(signal);
        for (let yieldedBytes = 0;;) {
            const env_1 = { stack: [], error: void 0, hasError: false };
            try {
                const slot = __addDisposableResource(env_1, await this.#limiter.take(signal), false);
                try {
                    let passOver = range === undefined ? yieldedBytes : 0;
                    for await (const piece of this.#target.get(name, rest(range, yieldedBytes), options)) {
                        const fresh = piece.subarray(Math.min(passOver, piece.length));
                        passOver -= piece.length - fresh.length;
                        if (fresh.length === 0 && piece.length > 0)
                            continue;
                        await this.#download?.take(fresh.length, signal);
                        yieldedBytes += fresh.length;
                        yield fresh;
                    }
                    slot.succeeded();
                    return tries.succeeded();
                }
                catch (error) {
                    if (error instanceof TargetError && error.throttled)
                        slot.throttled();
                    slot[Symbol.dispose](); // Others may run while this one waits.
                    await tries.failed(error);
                }
            }
            catch (e_1) {
                env_1.error = e_1;
                env_1.hasError = true;
            }
            finally {
                __disposeResources(env_1);
            }
        }
    }
    async stat(name, options = {}) {
        return await this.#call(options.signal, () => this.#target.stat(name, options));
    }
    async *list(prefix, options = {}) {
        const listPage = this.#target.listPage?.bind(this.#target);
        if (listPage === undefined) {
            yield* this.#untilFirst(options.signal, () => this.#target.list(prefix, options));
        }
        else {
            yield* objectsOfPages(this.label, prefix, (after) => this.#call(options.signal, () => listPage(prefix, { after, folders: false }, options)));
        }
    }
    async *listFolders(prefix, options = {}) {
        const listPage = this.#target.listPage?.bind(this.#target);
        if (listPage === undefined) {
            yield* this.#untilFirst(options.signal, () => this.#target.listFolders(prefix, options));
        }
        else {
            yield* foldersOfPages(this.label, prefix, (after) => this.#call(options.signal, () => listPage(prefix, { after, folders: true }, options)));
        }
    }
    async remove(name, options = {}) {
        await this.#call(options.signal, () => this.#target.remove(name, options));
    }
    async [Symbol.asyncDispose]() {
        await this.#target[Symbol.asyncDispose]();
    }
    async #call(signal, work) {
        return await this.#retrier.run(signal, async (attempt) => {
            const env_2 = { stack: [], error: void 0, hasError: false };
            try {
                const slot = __addDisposableResource(env_2, await this.#limiter.take(signal), false);
                try {
                    const result = await work(attempt);
                    slot.succeeded();
                    return result;
                }
                catch (error) {
                    if (error instanceof TargetError && error.throttled)
                        slot.throttled();
                    throw error;
                }
            }
            catch (e_2) {
                env_2.error = e_2;
                env_2.hasError = true;
            }
            finally {
                __disposeResources(env_2);
            }
        });
    }
    /** A listing that is no sequence of pages can only begin again, while nobody has seen any of it. */
    async *#untilFirst(signal, list) {
        const tries = this.#retrier.begin(signal);
        for (let isBegun = false;;) {
            try {
                for await (const item of list()) {
                    isBegun = true;
                    yield item;
                }
                return tries.succeeded();
            }
            catch (error) {
                if (isBegun)
                    throw error;
                await tries.failed(error);
            }
        }
    }
    #putOptions(signal) {
        const rate = this.#upload;
        if (rate === undefined || this.#target.paced !== true)
            return { signal };
        return { signal, pace: (sizeBytes) => rate.take(sizeBytes, signal) };
    }
    /** Where the target cannot send piece by piece. */
    async #waitForUpload(body, signal) {
        if (this.#target.paced !== true)
            await this.#upload?.take(body.length, signal);
    }
    /** @throws {@link ObjectExistsError} where the name holds other bytes */
    async #expectSame(name, body, signal, error = new ObjectExistsError(this.label, name)) {
        const info = await this.#target.stat(name, { signal });
        if (info?.sizeBytes !== body.length)
            throw error;
        const stored = await readObject(this.#target, name, { maxBytes: body.length, signal });
        if (Buffer.compare(stored, body) !== 0)
            throw error;
    }
}
function rest(range, yieldedBytes) {
    if (range === undefined)
        return undefined;
    return { offset: range.offset + yieldedBytes, length: range.length - yieldedBytes };
}
