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
import { createHmac, createSecretKey } from 'node:crypto';
import { createChunker, STREAM_CHUNKING } from '../../chunker/chunker.js';
import { IdFilter } from './id-filter.js';
/** How much is read at once while looking for the end of a chunk. */
const STEP_BYTES = 262_144;
/** The same for streams, whose chunks are small: what is read beyond a chunk is copied twice. */
const STREAM_STEP_BYTES = 8192;
/** Cuts content into blobs, names them, and stores those that are new in the generation. */
export class BlobWriter {
    counts = { blobs: 0, bytes: 0 };
    #options;
    #chunker;
    #key;
    /** Blobs on their way: given to the packer, not yet acknowledged. */
    #pending = new Set();
    #written;
    #rest = Buffer.alloc(STEP_BYTES);
    #streamChunkers = [];
    constructor(options) {
        this.#options = options;
        this.#chunker = createChunker(options.packer.memory, 0, options.chunker);
        this.#key = createSecretKey(options.blobIdKey);
        this.#written = options.isFresh ? new IdFilter() : undefined;
    }
    /** A pack was acknowledged: from now on `isKnown` answers for its blobs. */
    acknowledged(record) {
        for (const { blobs } of record.frames)
            for (const [id] of blobs)
                this.#pending.delete(id);
    }
    /** Stores a blob that is in memory. */
    async storeWhole(kind, content) {
        const mac = this.#mac(content);
        const id = mac.toString('hex');
        if (this.#isStored(id, mac))
            return id;
        const { packer } = this.#options;
        if (packer.mustWait(kind))
            await packer.ready(kind);
        packer.reserve(kind, content.length).bytes.set(content);
        this.#commit(kind, id, mac, content.length);
        return id;
    }
    /**
     * Stores what `read` gives, in chunks. The bytes go straight into the packer's memory.
     * @param expectedBytes what the file's size says; more or fewer may come
     */
    async storeContent(read, expectedBytes) {
        if (expectedBytes < this.#chunker.min)
            return this.#storeSmall(read, expectedBytes);
        return this.#storeChunks(read, this.#rest.subarray(0, 0));
    }
    /**
     * Stores a stream in small chunks, which grow the further in they lie. No other content may be stored until it has ended.
     * @param onBlob takes the ids in order, and may store lists of them as trees
     * @returns the length of the stream
     * @throws whatever the stream throws, and then its last bytes are in no blob
     */
    async storeStream(pieces, onBlob) {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const { packer } = this.#options;
            const input = __addDisposableResource(env_1, new Pieces(pieces), true);
            let sizeBytes = 0;
            let rest = this.#rest.subarray(0, 0);
            for (let ended = false; !ended;) {
                const chunker = this.#streamChunker(sizeBytes);
                if (packer.mustWait('data'))
                    await packer.ready('data');
                const { bytes, offset } = packer.reserve('data', chunker.max + STREAM_STEP_BYTES);
                bytes.set(rest);
                let length = rest.length;
                chunker.begin();
                let cut = chunker.scan(offset, length);
                while (cut === 0 && !ended) {
                    if (input.isEmpty)
                        ended = !(await input.fetch());
                    length += input.copyTo(bytes.subarray(length, length + STREAM_STEP_BYTES));
                    cut = chunker.scan(offset, length);
                }
                if (cut === 0)
                    cut = length;
                else
                    ended = false;
                rest = this.#keep(bytes.subarray(cut, length));
                sizeBytes += cut;
                if (cut > 0)
                    await onBlob(this.#storeReserved(bytes.subarray(0, cut)));
            }
            return sizeBytes;
        }
        catch (e_1) {
            env_1.error = e_1;
            env_1.hasError = true;
        }
        finally {
            const result_1 = __disposeResources(env_1);
            if (result_1)
                await result_1;
        }
    }
    #streamChunker(atByte) {
        const { packer, chunker: { seed }, } = this.#options;
        const index = STREAM_CHUNKING.findLastIndex(({ from }) => atByte >= from);
        const made = this.#streamChunkers[index];
        if (made !== undefined)
            return made;
        const parameters = { ...STREAM_CHUNKING[index], seed };
        const chunker = createChunker(packer.memory, 0, parameters);
        this.#streamChunkers[index] = chunker;
        return chunker;
    }
    async #storeSmall(read, expectedBytes) {
        const { packer } = this.#options;
        if (packer.mustWait('data'))
            await packer.ready('data');
        // One byte more than expected tells that the file has grown, without another call.
        const { bytes } = packer.reserve('data', expectedBytes + 1);
        const length = read(bytes);
        if (length > expectedBytes)
            return this.#storeChunks(read, Buffer.from(bytes));
        if (length === 0)
            return { blobs: [], sizeBytes: 0 };
        return { blobs: [this.#storeReserved(bytes.subarray(0, length))], sizeBytes: length };
    }
    async #storeChunks(read, head) {
        const { packer } = this.#options;
        const blobs = [];
        let sizeBytes = 0;
        let rest = head;
        for (let ended = false; !ended;) {
            if (packer.mustWait('data'))
                await packer.ready('data');
            const { bytes, offset } = packer.reserve('data', this.#chunker.max + STEP_BYTES);
            bytes.set(rest);
            let length = rest.length;
            this.#chunker.begin();
            let cut = this.#chunker.scan(offset, length);
            while (cut === 0 && !ended) {
                const got = read(bytes.subarray(length, length + STEP_BYTES));
                ended = got < STEP_BYTES;
                length += got;
                cut = this.#chunker.scan(offset, length);
            }
            if (cut === 0)
                cut = length;
            else if (cut < length)
                ended = false;
            rest = this.#keep(bytes.subarray(cut, length));
            sizeBytes += cut;
            if (cut > 0)
                blobs.push(this.#storeReserved(bytes.subarray(0, cut)));
        }
        return { blobs, sizeBytes };
    }
    /** What was read beyond a chunk belongs to the next one, which may lie in another slot. */
    #keep(bytes) {
        if (bytes.length > this.#rest.length)
            return Buffer.from(bytes);
        bytes.copy(this.#rest);
        return this.#rest.subarray(0, bytes.length);
    }
    #storeReserved(content) {
        const mac = this.#mac(content);
        const id = mac.toString('hex');
        if (!this.#isStored(id, mac))
            this.#commit('data', id, mac, content.length);
        return id;
    }
    #commit(kind, id, mac, length) {
        this.#written?.add(mac);
        this.#options.packer.commit(kind, id, length);
        this.#pending.add(id);
        this.counts.blobs++;
        this.counts.bytes += length;
    }
    #isStored(id, mac) {
        if (this.#written?.mayHave(mac) === false)
            return false;
        return this.#pending.has(id) || this.#options.isKnown(mac);
    }
    #mac(content) {
        return createHmac('sha256', this.#key).update(content).digest();
    }
}
/** The pieces of a stream, to be taken in any portions. */
class Pieces {
    #iterator;
    #piece = Buffer.alloc(0);
    #at = 0;
    constructor(pieces) {
        this.#iterator = pieces[Symbol.asyncIterator]();
    }
    get isEmpty() {
        return this.#at === this.#piece.length;
    }
    /** Waits for the next piece. @returns false at the end of the stream */
    async fetch() {
        const { done, value } = await this.#iterator.next();
        if (done === true)
            return false;
        this.#piece = value;
        this.#at = 0;
        return true;
    }
    copyTo(into) {
        const portion = this.#piece.subarray(this.#at, this.#at + into.length);
        into.set(portion);
        this.#at += portion.length;
        return portion.length;
    }
    /** Whoever makes the stream is told that nobody reads on. */
    async [Symbol.asyncDispose]() {
        await this.#iterator.return?.();
    }
}
