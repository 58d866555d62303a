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
import { lstat, rename, rm, unlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { makeFolderTree, PARTIAL, publishByLink, publishWithoutLinks, removeQuietly, syncFolder, writePartial, } from './file-durable.js';
import { fileTargetError, isMissing, systemCode } from './file-errors.js';
import { FileFolders } from './file-folders.js';
import { foldersIn, holdsObject, walkFiles, walkObjects } from './file-listing.js';
import { checkRange, notAFileError, openObject, readPieces } from './file-read.js';
import { checkObjectName, checkPrefix } from './object-name.js';
import { ObjectExistsError, ObjectMissingError, TargetError, } from './target.js';
/** How often a folder is made again that a removal of its last object took away meanwhile. */
const FOLDER_ATTEMPTS = 5;
/**
 * Keeps objects as files below a folder, on a disk or a network file system. Files are 0600 and folders 0700, whatever
 * the umask. Partial files end in `.part`; no listing shows them. Symbolic links below the folder are not followed,
 * except by reads through a folder that somebody replaced by one: what is read is checked by whoever reads it.
 */
export class FileTarget {
    label;
    #root;
    #hardLinks;
    #folders;
    /** @param root an absolute path; a symbolic link is followed here */
    constructor(root, { hardLinks = true } = {}) {
        if (!isAbsolute(root))
            throw new RangeError('the root of a file target must be an absolute path');
        this.#root = resolve(root);
        this.#hardLinks = hardLinks;
        this.label = `file://${this.#root}`;
        this.#folders = new FileFolders(this.label, this.#root);
    }
    async create({ signal } = {}) {
        await this.#attempt('make a place for', '', signal, async () => {
            await makeFolderTree(this.#root);
            await this.#folders.requireRoot();
        });
    }
    async put(name, body, { signal } = {}) {
        const path = this.#path(name);
        await this.#attempt('store', name, signal, async () => {
            const part = await this.#writePartial(name, body, signal);
            try {
                await this.#publish(part, path, name, signal);
            }
            catch (cause) {
                await removeQuietly(part);
                throw cause;
            }
            await syncFolder(dirname(path)); // Until its folder is on disk, the name is not.
        });
    }
    async replace(name, body, { signal } = {}) {
        const path = this.#path(name);
        await this.#attempt('store', name, signal, async () => {
            const part = await this.#writePartial(name, body, signal);
            try {
                await rename(part, path);
            }
            catch (cause) {
                await removeQuietly(part);
                throw cause;
            }
            await syncFolder(dirname(path));
        });
    }
    async *get(name, range, { signal } = {}) {
        const path = this.#path(name);
        if (range !== undefined)
            checkRange(range);
        try {
            const env_1 = { stack: [], error: void 0, hasError: false };
            try {
                signal?.throwIfAborted();
                const handle = __addDisposableResource(env_1, await openObject(path).catch(async (cause) => {
                    if (!isMissing(cause))
                        throw cause;
                    await this.#folders.requireRoot();
                    throw new ObjectMissingError(this.label, name, { cause });
                }), true);
                yield* readPieces(handle, this.label, name, range, signal);
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
        catch (cause) {
            throw this.#translate('read', name, signal, cause);
        }
    }
    async stat(name, { signal } = {}) {
        const path = this.#path(name);
        return await this.#attempt('look for', name, signal, async () => {
            const stats = await lstat(path).catch(async (cause) => {
                if (!isMissing(cause))
                    throw cause;
                await this.#folders.requireRoot();
            });
            if (stats === undefined || stats.isDirectory())
                return undefined;
            if (!stats.isFile())
                throw notAFileError(this.label, name);
            return { name, sizeBytes: stats.size, modifiedMs: Math.floor(stats.mtimeMs) };
        });
    }
    async *list(prefix, { signal } = {}) {
        const start = checkPrefix(prefix);
        try {
            signal?.throwIfAborted();
            if (await this.#folders.has(start))
                yield* walkObjects(this.#root, start, signal);
            await this.#folders.requireRoot(); // A disk that went away meanwhile looks like an end.
        }
        catch (cause) {
            throw this.#translate('list', prefix, signal, cause);
        }
    }
    async *listFolders(prefix, { signal } = {}) {
        const start = checkPrefix(prefix);
        try {
            signal?.throwIfAborted();
            if (await this.#folders.has(start)) {
                for (const folder of await foldersIn(this.#root, start)) {
                    if (await holdsObject(this.#root, [...start, folder], signal))
                        yield folder;
                }
            }
            await this.#folders.requireRoot();
        }
        catch (cause) {
            throw this.#translate('list', prefix, signal, cause);
        }
    }
    async remove(name, { signal } = {}) {
        const path = this.#path(name);
        await this.#attempt('remove', name, signal, async () => {
            const folders = name.split('/').slice(0, -1);
            if (!(await this.#folders.has(folders)))
                return;
            try {
                await unlink(path);
            }
            catch (cause) {
                if (isMissing(cause) || systemCode(cause) === 'EISDIR')
                    return;
                throw cause;
            }
            await this.#folders.removeEmpty(folders);
        });
    }
    /**
     * Removes what killed runs left behind: partial files that were last written more than `olderThanMs` ago.
     *
     * @returns how many it removed
     */
    async sweepPartials(olderThanMs, nowMs, { signal } = {}) {
        return await this.#attempt('sweep partial', '', signal, async () => {
            await this.#folders.requireRoot();
            let swept = 0;
            for await (const name of walkFiles(this.#root, [], signal)) {
                if (!PARTIAL.test(name))
                    continue;
                const path = join(this.#root, name);
                const stats = await lstat(path).catch(() => undefined);
                if (stats === undefined || nowMs - stats.mtimeMs <= olderThanMs)
                    continue;
                await rm(path, { force: true }); // Another run may sweep, too.
                swept += 1;
            }
            return swept;
        });
    }
    async [Symbol.asyncDispose]() { }
    #path(name) {
        return join(this.#root, checkObjectName(name));
    }
    async #attempt(operation, object, signal, action) {
        try {
            signal?.throwIfAborted();
            return await action();
        }
        catch (cause) {
            throw this.#translate(operation, object, signal, cause);
        }
    }
    #translate(operation, object, signal, cause) {
        if (signal?.aborted && cause === signal.reason)
            return cause;
        return fileTargetError(this.label, operation, object, cause);
    }
    async #writePartial(name, body, signal) {
        for (let attempt = 1;; attempt++) {
            try {
                await this.#folders.make(name.split('/').slice(0, -1));
                return await writePartial(this.#path(name), body, signal);
            }
            catch (cause) {
                if (systemCode(cause) !== 'ENOENT')
                    throw cause;
                this.#folders.forget();
                await this.#folders.requireRoot();
                if (attempt === FOLDER_ATTEMPTS)
                    throw cause;
            }
        }
    }
    async #publish(part, path, name, signal) {
        let outcome = 'unsupported';
        if (this.#hardLinks)
            outcome = await publishByLink(part, path);
        if (outcome === 'unsupported') {
            this.#hardLinks = false;
            outcome = await publishWithoutLinks(part, path, signal);
        }
        if (outcome === 'taken')
            throw new ObjectExistsError(this.label, name);
        if (outcome === 'published')
            return;
        throw new TargetError(`Cannot store ${name} in ${this.label}: another run is storing it, or was killed while it did.`, {
            transient: true,
            hint: `If no other run is active, remove ${path}.claim.part and run this again.`,
        });
    }
}
