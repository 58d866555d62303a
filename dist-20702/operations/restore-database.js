/** Restores a dump into a database server, and compares the copy with the snapshot's witness. */
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
import { NotFoundError, RestoreError, SourceError } from '../errors.js';
import { openSealedGeneration, readSealedSnapshot } from '../repository/open-snapshot.js';
import { GLOBALS_FILE } from '../sources/postgres/dump.js';
import { restorePostgres } from '../sources/postgres/restore.js';
import { ContentAhead } from './restore-ahead.js';
const GLOBALS_MOST_BYTES = 64 * 2 ** 20;
/** @throws {@link RestoreError} if it cannot be restored there; {@link NotFoundError} if there is no such database in the snapshot */
export async function restoreToDatabase({ repository, agents, key, signal, onProgress }, history, seal, target, options) {
    const { reader, trees } = await openSealedGeneration(repository, agents, history, seal, key);
    const { root, witness } = await readSealedSnapshot(repository, agents, seal, reader);
    if (!isPostgres(witness)) {
        throw new NotFoundError(`Snapshot ${seal.snapshot.id} of ${seal.source} holds no dump of a PostgreSQL database.`, {
            hint: 'Restore it as files with --to DIR.',
        });
    }
    const database = chooseDatabase(witness, options.from, target.database);
    const files = new Map();
    for (const id of root.tree ?? [])
        for (const entry of await trees.readTree(id))
            files.set(entry.name.toString(), entry);
    const entry = fileNamed(files, database.file, seal);
    const globals = files.get(GLOBALS_FILE);
    let bytes = 0;
    async function* content() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const file = __addDisposableResource(env_1, new ContentAhead(reader).of(entry), false);
            for await (const piece of file.read(signal)) {
                bytes += piece.length;
                onProgress?.({
                    phase: 'restore',
                    files: { done: 0, total: 1 },
                    bytes: { done: bytes, total: entry.size },
                    current: database.file,
                });
                yield Buffer.from(piece); // It is on its way to a program when the next is read.
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
    const name = target.database ?? database.name;
    try {
        const restored = await restorePostgres({
            connection: target.connection,
            name,
            dump: { witness, database },
            content: content(),
            globals: options.roles === false || globals === undefined ? undefined : await textOf(reader, globals),
            overwrite: options.overwrite ?? false,
            inPlace: options.inPlace ?? false,
            now: options.now,
            signal,
        });
        return { snapshot: seal.snapshot.id, source: seal.source, database: name, bytes, ...restored };
    }
    catch (error) {
        if (!(error instanceof SourceError))
            throw error;
        throw new RestoreError(error.message, { cause: error, hint: error.hint });
    }
}
function isPostgres(witness) {
    return typeof witness === 'object' && witness !== null && 'kind' in witness && witness.kind === 'postgres';
}
function chooseDatabase({ databases }, from, target) {
    const [only, another] = databases;
    const named = databases.find(({ name }) => name === (from ?? target));
    if (named !== undefined)
        return named;
    if (from === undefined && only !== undefined && another === undefined)
        return only;
    throw new NotFoundError(from === undefined ? 'The dump has several databases.' : `The dump has no database ${from}.`, {
        hint: `Choose one with --from: ${databases.map(({ name }) => name).join(', ')}.`,
    });
}
function fileNamed(files, name, seal) {
    const entry = files.get(name);
    if (entry?.type === 'file')
        return entry;
    throw new NotFoundError(`Snapshot ${seal.snapshot.id} of ${seal.source} has no file ${name}.`);
}
async function textOf(reader, entry) {
    const env_2 = { stack: [], error: void 0, hasError: false };
    try {
        if ((entry.size ?? 0) > GLOBALS_MOST_BYTES)
            throw new RestoreError(`${GLOBALS_FILE} is too large to be one.`);
        const file = __addDisposableResource(env_2, new ContentAhead(reader).of(entry), false);
        const pieces = [];
        for await (const piece of file.read())
            pieces.push(Buffer.from(piece));
        return Buffer.concat(pieces).toString();
    }
    catch (e_2) {
        env_2.error = e_2;
        env_2.hasError = true;
    }
    finally {
        __disposeResources(env_2);
    }
}
