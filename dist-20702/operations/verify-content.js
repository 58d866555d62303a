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
import pMap from 'p-map';
import { DamageError, KeyError } from '../errors.js';
import { packObject } from '../repository/layout.js';
import { contentIds, openSealedGeneration, readSealedSnapshot, } from '../repository/open-snapshot.js';
import { walkTrees } from '../repository/tree-walk.js';
import { verifyCiphertext } from './verify-ciphertext.js';
/** One that is fetched, and two that are unpacked. */
const PARALLEL_PACKS = 3;
/** The problem whose `affects` are files. */
export const FILES_AFFECTED = 'files cannot be restored whole';
/**
 * Decrypts and decompresses every sampled pack, checks every blob, and that the trees of each snapshot are whole.
 * @param missing names of objects that are known to be bad already
 */
export async function verifyContent(context, chosen, sampled, missing) {
    const { key } = context;
    if (key === undefined)
        throw new KeyError('Verifying the content needs a private key.', {
            hint: 'Give it with --key, or verify the structure or the ciphertext.',
        });
    // The content is read with generation.pgp; nothing else here would read what the agent keeps for itself.
    const forAgent = sampled.filter(({ kind, name }) => kind === 'secret' && name.endsWith('/agent.pgp'));
    const problems = await verifyCiphertext({ ...context, onProgress: undefined }, forAgent);
    for (const { source, seals } of chosen) {
        for (const generation of new Set(seals.map((seal) => seal.generation))) {
            const its = seals.filter((seal) => seal.generation === generation);
            const packs = sampled.filter((object) => object.kind === 'pack' && object.source === source.source && object.generation === generation);
            problems.push(...(await verifyGeneration(context, key, source, its, packs, missing)));
        }
    }
    return problems;
}
async function verifyGeneration(context, key, source, seals, packs, missing) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const last = seals.at(-1);
        const problems = [];
        let opened;
        try {
            opened = await openSealedGeneration(context.repository, context.agents, source, last, key);
        }
        catch (error) {
            return [
                asProblem(error, seals.map((seal) => seal.snapshot.id)),
            ];
        }
        const reader = __addDisposableResource(env_1, opened.reader, true);
        const everySnapshot = seals.map((seal) => seal.snapshot.id);
        for (const problem of opened.problems)
            problems.push(asProblem(problem, everySnapshot));
        const bad = await verifyPacks(context, reader, packs, problems);
        for (const pack of reader.index.packs) {
            const object = packObject(reader.generation, pack.name);
            if (missing.has(object))
                markBad(reader, pack, object, bad);
        }
        for (const seal of seals)
            problems.push(...(await verifyTrees(context, opened, seal, bad)));
        return problems;
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
/** @returns the blobs that cannot be had, and why */
async function verifyPacks({ signal, onProgress }, reader, packs, problems) {
    const total = packs.reduce((sum, object) => sum + object.size, 0);
    const bad = new Map();
    let bytes = 0;
    let files = 0;
    const verifyPack = async (object) => {
        signal?.throwIfAborted();
        const pack = reader.index.pack(object.hash);
        if (pack === undefined) {
            problems.push({ object: object.name, problem: 'no index object describes it', affects: object.affects });
            return;
        }
        try {
            const wrong = await reader.checkPack(pack);
            for (const id of wrong)
                if (reader.index.find(id)?.frame.pack === pack)
                    bad.set(id, object.name);
            if (wrong.length > 0)
                problems.push(wrongBlobs(object, wrong.length));
        }
        catch (error) {
            problems.push(asProblem(error, object.affects));
            // What restore could still read of it is not lost.
            for (const frame of pack.frames)
                for (const id of await reader.lostIn(frame))
                    if (reader.index.find(id)?.frame.pack === pack)
                        bad.set(id, object.name);
        }
        bytes += object.size;
        onProgress?.({
            phase: 'verify',
            files: { done: ++files, total: packs.length },
            bytes: { done: bytes, total },
            current: object.name,
        });
    };
    await pMap(packs, verifyPack, { concurrency: PARALLEL_PACKS });
    return bad;
}
function wrongBlobs({ name, affects }, count) {
    const which = count === 1 ? 'one blob in it is' : `${count} blobs in it are`;
    return { object: name, problem: `${which} not what the index says`, affects };
}
/** What lies in another pack, too, can be had from there. */
function markBad(reader, pack, object, bad) {
    for (const frame of pack.frames) {
        for (let at = 0; at < frame.count; at++) {
            const id = reader.index.idOf(frame, at);
            if (reader.index.find(id)?.frame.pack === pack)
                bad.set(id, object);
        }
    }
}
/** Follows the trees of a snapshot: everything must be in the index, and in no bad pack. */
async function verifyTrees(context, { reader, trees }, seal, bad) {
    const { repository, agents, signal } = context;
    const id = seal.snapshot.id;
    const affected = new Map();
    const affects = (object, path) => {
        const paths = affected.get(object) ?? [];
        affected.set(object, paths);
        paths.push(`${id}:${path.toString()}`);
    };
    try {
        const { root } = await readSealedSnapshot(repository, agents, seal, reader);
        await walkTrees(trees, root, seal.entries.total, {
            enter: () => true,
            async entry(path, entry) {
                if (entry.type !== 'file')
                    return;
                try {
                    for await (const blob of contentIds(reader, entry)) {
                        const object = bad.get(blob) ??
                            (reader.index.find(blob) !== undefined ? undefined : `blob ${blob.slice(0, 16)}…`);
                        if (object !== undefined)
                            affects(object, path);
                    }
                }
                catch (error) {
                    if (!(error instanceof DamageError))
                        throw error;
                    affects(error.object, path);
                }
            },
            damaged: (path, error) => affects(error.object, Buffer.concat([path, Buffer.from('/')])),
        }, signal);
    }
    catch (error) {
        return [asProblem(error, [id])];
    }
    return [...affected].map(([object, paths]) => ({
        object,
        problem: FILES_AFFECTED,
        affects: paths,
    }));
}
function asProblem(error, affects) {
    if (!(error instanceof DamageError))
        throw error;
    return { object: error.object, problem: error.message.replace(`${error.object}: `, ''), affects };
}
