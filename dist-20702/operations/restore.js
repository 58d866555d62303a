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
import { DamageError } from '../errors.js';
import { openSealedGeneration, readSealedSnapshot } from '../repository/open-snapshot.js';
import { walkTrees } from '../repository/tree-walk.js';
import { NAME_NOT_ALLOWED, nameIsSound } from '../sources/folder/outcome.js';
import { FolderWriter } from '../sources/folder/writer.js';
import { useLittleMemory } from '../system/memory.js';
import { ContentAhead, StepQueue } from './restore-ahead.js';
import { writeTar } from './restore-tar.js';
import { isEverything, selects } from './selection.js';
import { WarningList } from './warnings.js';
/** Restores into `folder`. Run again after an interruption, it completes. */
export async function restoreToFolder(context, history, seal, folder, options) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const warnings = new WarningList();
        const snapshot = await openSnapshot(context, history, seal); // A key that does not fit leaves no folder behind.
        const writer = __addDisposableResource(env_1, new FolderWriter({
            root: folder,
            overwrite: options.overwrite,
            ...(options.owners !== undefined && { owners: options.owners }),
            ...(options.special !== undefined && { special: options.special }),
            onWarning: (path, problem) => warnings.add(path, problem),
        }), false);
        const { root, ...totals } = await restoreEntries(context, snapshot, seal, options, new FolderSink(writer));
        writer.finish(isEverything(options) ? root : undefined);
        return {
            ...totals,
            entries: { written: writer.counts.written, present: writer.counts.present },
            warnings: warnings.kept,
            warningsOmitted: warnings.omitted,
        };
    }
    catch (e_1) {
        env_1.error = e_1;
        env_1.hasError = true;
    }
    finally {
        __disposeResources(env_1);
    }
}
/** Writes a snapshot as a tar stream (PAX), for `tar -x` or another program. */
export async function restoreToTar(context, history, seal, output, options) {
    let written = 0;
    const warnings = new WarningList();
    // Whatever unpacks the archive may be less careful than our own writer.
    const isSound = (path, { name }) => {
        if (nameIsSound(name))
            return true;
        warnings.add(path, NAME_NOT_ALLOWED);
        return false;
    };
    const snapshot = await openSnapshot(context, history, seal);
    const { root: _root, ...totals } = await writeTar(output, (sink) => restoreEntries(context, snapshot, seal, options, {
        readsContent: true,
        openDirectory: (path, entry) => {
            if (!isSound(path, entry))
                return false;
            written++;
            return sink.openDirectory(path, entry);
        },
        closeDirectory: () => { },
        entry: async (path, entry, content) => {
            if (!isSound(path, entry))
                return 0;
            written++;
            return sink.entry(path, entry, content);
        },
    }));
    return {
        ...totals,
        entries: { written, present: 0 },
        warnings: warnings.kept,
        warningsOmitted: warnings.omitted,
    };
}
/** Tells what a restore would write, without writing. */
export async function restoreDryRun(context, history, seal, options) {
    let written = 0;
    const count = () => {
        written++;
        return true;
    };
    const snapshot = await openSnapshot(context, history, seal);
    const { root: _root, ...totals } = await restoreEntries(context, snapshot, seal, options, {
        readsContent: false,
        openDirectory: count,
        closeDirectory: () => { },
        entry: async (_path, entry) => (count() && entry.size) || 0,
    });
    return { ...totals, entries: { written, present: 0 }, warnings: [], warningsOmitted: 0 };
}
async function openSnapshot({ repository, agents, key }, history, seal) {
    const generation = await openSealedGeneration(repository, agents, history, seal, key);
    const { root } = await readSealedSnapshot(repository, agents, seal, generation.reader);
    return { ...generation, root };
}
async function restoreEntries({ signal, onProgress }, { reader, trees, problems, root }, seal, selection, sink) {
    const env_2 = { stack: [], error: void 0, hasError: false };
    try {
        useLittleMemory();
        const _threads = __addDisposableResource(env_2, reader, true);
        const damaged = new WarningList();
        for (const problem of problems)
            damaged.add(Buffer.from(problem.object), problem.message);
        let files = 0;
        let bytes = 0;
        let visited = 0;
        /** Directories on the way to here that nothing selected needed so far. */
        const pending = [];
        const opened = [];
        const steps = new StepQueue();
        const ahead = new ContentAhead(reader);
        /** How deep the writing is in a directory that could not be made. */
        let left = 0;
        async function openPending() {
            for (const { path, entry } of pending.splice(0)) {
                opened[depthOf(path)] = true;
                await steps.add(async () => {
                    if (left > 0 || !(await sink.openDirectory(path, entry)))
                        left++;
                });
            }
        }
        async function write(path, entry, content) {
            const env_3 = { stack: [], error: void 0, hasError: false };
            try {
                const held = __addDisposableResource(env_3, content, false);
                if (left > 0)
                    return;
                signal?.throwIfAborted();
                try {
                    bytes += await sink.entry(path, entry, () => held?.read(signal) ?? noContent());
                    if (entry.type === 'file')
                        files++;
                }
                catch (error) {
                    if (!(error instanceof DamageError))
                        throw error;
                    damaged.add(path, error.message);
                }
                onProgress?.({
                    phase: 'restore',
                    files: { done: visited, total: seal.entries.total },
                    bytes: { done: bytes, total: seal.bytes.source },
                    current: path,
                });
            }
            catch (e_3) {
                env_3.error = e_3;
                env_3.hasError = true;
            }
            finally {
                __disposeResources(env_3);
            }
        }
        const visitor = {
            async enter(path, entry) {
                visited++;
                if (selection.exclude?.(path, true) === true)
                    return false;
                pending.push({ path, entry });
                opened[depthOf(path)] = false;
                if (selects(selection, path, true))
                    await openPending();
                return true;
            },
            async leave(path) {
                if (opened[depthOf(path)] !== true)
                    pending.pop();
                else
                    await steps.add(() => {
                        if (left > 0)
                            left--;
                        else
                            sink.closeDirectory();
                    });
            },
            async entry(path, entry) {
                signal?.throwIfAborted();
                visited++;
                if (!selects(selection, path, false))
                    return;
                await openPending();
                const content = entry.type === 'file' && sink.readsContent ? ahead.of(entry) : undefined;
                await steps.add(() => write(path, entry, content), content?.aheadBytes);
            },
            damaged: (path, error) => damaged.add(path, error.message),
        };
        await walkTrees(trees, root, seal.entries.total, visitor, signal);
        await steps.finish();
        return { snapshot: seal.snapshot.id, source: seal.source, files, bytes, damaged: damaged.kept, root };
    }
    catch (e_2) {
        env_2.error = e_2;
        env_2.hasError = true;
    }
    finally {
        const result_1 = __disposeResources(env_2);
        if (result_1)
            await result_1;
    }
}
async function* noContent() { }
function depthOf(path) {
    let depth = 0;
    for (const byte of path)
        if (byte === 0x2f)
            depth++;
    return depth;
}
class FolderSink {
    readsContent = true;
    #writer;
    constructor(writer) {
        this.#writer = writer;
    }
    openDirectory(_path, entry) {
        return this.#writer.openDirectory(entry.name, entry);
    }
    closeDirectory() {
        this.#writer.closeDirectory();
    }
    async entry(_path, entry, content) {
        const { name } = entry;
        if (this.#writer.hardlink(name, entry))
            return 0;
        if (entry.type === 'symlink')
            this.#writer.symlink(name, entry);
        else if (entry.type !== 'file')
            this.#writer.special(name, entry);
        else
            return this.#file(entry, content);
        return 0;
    }
    async #file(entry, content) {
        const file = this.#writer.file(entry.name, entry);
        if (file === undefined)
            return 0;
        let bytes = 0;
        try {
            for await (const chunk of content()) {
                file.write(chunk);
                bytes += chunk.length;
            }
        }
        catch (error) {
            file.abort();
            throw error;
        }
        file.commit();
        return bytes;
    }
}
