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
import { networkError } from './http-errors.js';
import { TargetError } from './target.js';
import { Watchdog } from './watchdog.js';
const STALL_MS = 60_000;
const PIECE_BYTES = 65_536;
/** Bodies up to this size are read to their end to keep the connection; of longer ones, the connection is given up. */
const KEEP_CONNECTION_BYTES = 65_536;
/**
 * Sends one request, once. Redirects are not followed, nothing is decompressed, and no body is kept in memory.
 *
 * @throws {@link TargetError} where no answer comes; any answer, whatever its status, is returned
 */
export async function sendHttp(request, { stallMs = STALL_MS } = {}) {
    const { method, url, headers, body, signal, what } = request;
    signal?.throwIfAborted();
    const watchdog = new Watchdog(stallMs, signal, () => stalledError(what, stallMs));
    try {
        watchdog.waiting();
        const response = await fetch(url, {
            method,
            headers: {
                ...headers,
                'accept-encoding': 'identity',
                ...(body !== undefined && { 'content-length': String(body.length) }),
            },
            redirect: 'manual',
            signal: watchdog.signal,
            ...(body !== undefined &&
                (body.length === 0
                    ? { body: '' }
                    : { body: ReadableStream.from(pieces(body, request, watchdog)), duplex: 'half' })),
        });
        watchdog.restart();
        return new HttpResponse(response, watchdog, request);
    }
    catch (cause) {
        watchdog[Symbol.dispose]();
        signal?.throwIfAborted();
        throw networkError(what, url, cause);
    }
}
async function* pieces(body, { pace }, watchdog) {
    for (let at = 0; at < body.length; at += PIECE_BYTES) {
        // A copy: the memory may be shared with workers, and is used again when the pack is stored.
        const piece = Buffer.from(body.subarray(at, at + PIECE_BYTES));
        if (pace !== undefined) {
            watchdog.moved(0);
            await pace(piece.length);
        }
        watchdog.waiting();
        yield piece;
        watchdog.moved(piece.length);
    }
    watchdog.restart();
    watchdog.waiting(); // For the answer.
}
/** An answer. Read its bytes, or discard them; else its connection stays occupied. */
export class HttpResponse {
    status;
    headers;
    #response;
    #watchdog;
    #request;
    #isTaken = false;
    constructor(response, watchdog, request) {
        this.status = response.status;
        this.headers = response.headers;
        this.#response = response;
        this.#watchdog = watchdog;
        this.#request = request;
    }
    /** The body as it arrives, the first time; then nothing. @throws {@link TargetError} where it breaks off or stands still */
    async *bytes() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            if (this.#isTaken)
                return;
            this.#isTaken = true;
            const watchdog = __addDisposableResource(env_1, this.#watchdog, false);
            const reader = this.#response.body?.getReader();
            if (reader === undefined)
                return;
            try {
                for (;;) {
                    watchdog.waiting();
                    const { done, value } = await reader.read();
                    watchdog.moved(value?.length ?? 0);
                    if (done)
                        return;
                    yield value;
                }
            }
            catch (cause) {
                this.#request.signal?.throwIfAborted();
                throw networkError(this.#request.what, this.#request.url, cause);
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
    /** The body as text. @throws {@link TargetError} if it has more than `mostBytes` */
    async text(mostBytes) {
        const kept = [];
        let length = 0;
        for await (const piece of this.bytes()) {
            length += piece.length;
            if (length > mostBytes) {
                throw new TargetError(`${this.#request.what}: the answer has more than ${mostBytes} bytes.`, {
                    transient: false,
                });
            }
            kept.push(piece);
        }
        return Buffer.concat(kept).toString('utf8');
    }
    /** Passes over the body. That it breaks off matters to nobody. */
    async discard() {
        let length = 0;
        try {
            for await (const piece of this.bytes()) {
                length += piece.length;
                if (length > KEEP_CONNECTION_BYTES)
                    return;
            }
        }
        catch (error) {
            if (!(error instanceof TargetError))
                throw error;
        }
    }
}
function stalledError(what, stallMs) {
    return new TargetError(`${what}: nothing moved for ${stallMs / 1000} s.`, {
        transient: true,
        hint: 'Check the network and the state of the storage, then run this again.',
    });
}
