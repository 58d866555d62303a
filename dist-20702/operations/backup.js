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
import { newSession } from '../crypto/message.js';
import { SourceError, TamperError } from '../errors.js';
import { readSource } from '../repository/history.js';
import { BlobWriter } from '../repository/packing/blob-writer.js';
import { useLittleMemory } from '../system/memory.js';
import { refuseTampered, syncCatalog } from './backup-catalog.js';
import { commitSnapshot } from './backup-commit.js';
import { chooseGeneration } from './backup-generation.js';
import { withLock } from './backup-lock.js';
import { PackStore } from './backup-packs.js';
import { readIntoBlobs } from './backup-read.js';
import { clockProblem } from './clock.js';
import { withHooks } from './hooks.js';
import { WarningList } from './warnings.js';
/**
 * Backs up one source after the other. A source that fails, or whose history was tampered with, does not stop the others; a target that
 * fails does.
 * @throws whatever is not the fault of one source
 */
export async function backup(context, sources, options) {
    useLittleMemory();
    const snapshots = [];
    const failures = [];
    const problems = [];
    for (const source of sources) {
        try {
            snapshots.push(await backupSource(context, source, options, problems));
        }
        catch (error) {
            if (!(error instanceof SourceError || error instanceof TamperError))
                throw error;
            failures.push({ source: source.name, error });
        }
    }
    return { snapshots, failures, problems };
}
async function backupSource(context, source, options, problems) {
    const started = context.now();
    const { catalog, repository, agents, trust } = context;
    const retriesBefore = repository.target.retries ?? 0;
    const made = await withLock(context, source.name, options.dryRun ?? false, async (renewLease) => {
        const cataloged = catalog.snapshots.newest(source.name)?.sequence;
        const history = await readSource(repository, agents, source.name, trust, cataloged);
        if (options.acceptHistory !== true) {
            refuseTampered(history, catalog);
            problems.push(...history.problems);
        }
        const chosen = await chooseGeneration(context, source, options, history, started);
        problems.push(...chosen.problems);
        if (options.dryRun !== true)
            await syncCatalog(context, history, chosen.generation);
        const run = { ...context, ...chosen, source, options, history, started };
        const { result, afterFailed } = await withHooks(source, context.signal, () => snapshotSource(run, renewLease));
        if (afterFailed === undefined)
            return result;
        return { ...result, warnings: [...result.warnings, { path: '', problem: afterFailed.message }] };
    });
    return { ...made, retries: (repository.target.retries ?? 0) - retriesBefore };
}
async function snapshotSource(run, renewLease) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const { source, catalog, generation } = run;
        const warnings = new WarningList();
        const clock = clockProblem(run.history, run.started);
        if (clock !== undefined)
            warnings.add(Buffer.alloc(0), clock);
        const session = await newSession([run.key]);
        const packs = __addDisposableResource(env_1, new PackStore(run, session, renewLease, (record) => writer.acknowledged(record)), true);
        const writer = new BlobWriter({
            packer: packs.packer,
            blobIdKey: generation.blobIdKey,
            chunker: { ...generation.chunker, seed: Buffer.from(generation.chunker.seed, 'base64') },
            isKnown: (id) => catalog.blobs.has(generation.id, id),
            isFresh: catalog.blobs.isEmpty(generation.id),
        });
        const { root, counts, witness } = await readIntoBlobs(run, writer, warnings);
        await packs.finish();
        const committed = await commitSnapshot(run, session, packs, {
            root,
            counts,
            warnings,
            newBytes: writer.counts.bytes,
            witness,
        });
        return {
            ...committed,
            source: source.name,
            kind: run.kind,
            generation: generation.name,
            startedAt: run.started.toISOString(),
            seconds: (run.now().getTime() - run.started.getTime()) / 1000,
            entries: counts.entries,
            warnings: warnings.kept,
            warningsOmitted: warnings.omitted,
        };
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
