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
/** Walks a folder in name order, compares it with the last walk, and stores what is new (DESIGN §6). */
import { lstatSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { STATS } from '../../catalog/directories.js';
import { SourceError } from '../../errors.js';
import { cutTree, encodeEntry } from '../../repository/tree.js';
import { loadLibc } from '../../system/libc.js';
import { isTaggedCache } from './cache-tag.js';
import { describeEntry, entryType, inodeKey } from './entry.js';
import { fsPath, listNames, WalkedDirectory } from './names.js';
import { ReplacedError, storeFile } from './read-file.js';
/** A file modified this close before it was listed may change again without its times telling. */
const RACY_NS = 50000000n;
const RACY_COARSE_NS = 2000000000n;
const RACY = -1n;
const REPLACED = 'it was replaced by something else while the folder was walked';
/** How long the walk may keep the event loop to itself. */
const TURN_MS = 25;
/** A file's chunk ids beyond this many are stored as blobs of their own. */
const IDS_MOST = 4096;
const IDS_PER_BLOB = 32_768;
/**
 * Walks the folder and returns its root entry.
 * @throws {@link SourceError} if the root itself cannot be read; whatever the writer's packer failed with
 */
export async function walkFolder(options) {
    const walk = new Walk(options);
    const root = await walk.start();
    options.state.flush();
    return { root, counts: walk.counts };
}
class Walk {
    counts = {
        entries: { new: 0, changed: 0, unchanged: 0, removed: 0, total: 0 },
        bytes: { source: 0, read: 0 },
    };
    #options;
    #libc = loadLibc();
    /** Content of inodes with several names, until all of them were seen. */
    #linked = new Map();
    #device = 0n;
    #turnStarted = performance.now();
    constructor(options) {
        this.#options = options;
    }
    async start() {
        const { root, state } = this.#options;
        let stats;
        try {
            stats = lstatSync(root, { bigint: true });
            if (!stats.isDirectory())
                throw new Error('it is not a folder');
            listNames(root);
        }
        catch (cause) {
            throw new SourceError(`The folder ${root} cannot be read: ${cause.message}.`, {
                cause,
                hint: 'Check the path in the configuration, whether its disk is mounted, and who may read it.',
            });
        }
        this.#device = stats.dev;
        const empty = Buffer.alloc(0);
        if (this.#libc === undefined)
            this.#warn(empty, 'extended attributes, ACLs and holes are not backed up: reading them needs Linux and the package koffi');
        const { trees } = await this.#directory(root, empty, listNames(root), state.known(empty));
        return {
            ...describeEntry('.', root, 'directory', stats, this.#libc, (problem) => this.#warn(empty, problem)),
            tree: trees,
        };
    }
    /** @returns the directory's trees, and whether they are what they were */
    async #directory(path, relative, listed, known) {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const directory = __addDisposableResource(env_1, new WalkedDirectory(path), false);
            const countsBefore = { entries: { ...this.counts.entries }, source: this.counts.bytes.source };
            const names = this.#options.excludeCaches && isTaggedCache(directory.path, listed) ? ['CACHEDIR.TAG'] : listed;
            if (names !== listed)
                this.#options.onNote(relative, 'marked by CACHEDIR.TAG, its content is left out');
            const seen = [];
            const stats = new BigInt64Array(names.length * STATS);
            let next = 0;
            let unchanged = 0;
            for (const name of names) {
                await this.#takeTurn(relative);
                while (known !== undefined && next < known.names.length && known.names[next] < name)
                    this.#gone(relative, known.names[next++]);
                const at = known !== undefined && known.names[next] === name ? next++ : -1;
                const entry = await this.#entry(fsPath(directory.path, name), joined(relative, name), name, at, known, stats, seen.length);
                if (entry === undefined)
                    continue;
                seen.push(entry);
                if (entry.line === undefined && entry.known === seen.length - 1)
                    unchanged++;
            }
            while (known !== undefined && next < known.names.length)
                this.#gone(relative, known.names[next++]);
            if (known !== undefined && unchanged === known.names.length && seen.length === unchanged)
                return { trees: known.trees, same: true };
            const { state } = this.#options;
            const knownLines = known === undefined ? [] : state.lines(known);
            if (knownLines === undefined) {
                // The catalog lost a tree: walk this directory as if it were new, and count it once.
                Object.assign(this.counts.entries, countsBefore.entries);
                this.counts.bytes.source = countsBefore.source;
                return this.#directory(path, relative, listed, undefined);
            }
            return this.#newTree(relative, known, knownLines, seen, stats.subarray(0, seen.length * STATS));
        }
        catch (e_1) {
            env_1.error = e_1;
            env_1.hasError = true;
        }
        finally {
            __disposeResources(env_1);
        }
    }
    /** Puts a changed directory's listing together from new lines and the known lines of what did not change. */
    async #newTree(relative, known, knownLines, seen, stats) {
        for (const { line, reread } of seen) {
            if (reread === undefined || knownLines[reread] !== line)
                continue;
            // Too young to be trusted, or touched and set back: nothing of it is another than before.
            this.counts.entries.changed--;
            this.counts.entries.unchanged++;
        }
        const names = seen.map((entry) => entry.name);
        const lines = seen.map((entry) => entry.line ?? knownLines[entry.known]);
        const parts = [];
        let start = 0;
        for (const end of cutTree(names, lines)) {
            const content = Buffer.from(`${lines.slice(start, end).join('\n')}\n`);
            const tree = await this.#options.writer.storeWhole('tree', content);
            parts.push({
                tree,
                content,
                names: names.slice(start, end),
                stats: stats.slice(start * STATS, end * STATS),
            });
            start = end;
        }
        this.#options.state.note(relative, parts);
        const trees = parts.map((part) => part.tree);
        return { trees, same: known !== undefined && trees.join() === known.trees.join() };
    }
    async #entry(path, relative, name, knownAt, known, stats, position) {
        const now = BigInt(this.#options.now().getTime()) * 1000000n;
        let listed;
        try {
            listed = lstatSync(path, { bigint: true });
        }
        catch (error) {
            this.#warn(relative, unreadable(error));
            if (knownAt >= 0)
                this.#gone(relative, undefined);
            return undefined;
        }
        const type = entryType(listed);
        if (this.#isLeftOut(relative, listed, type)) {
            if (knownAt >= 0)
                this.#gone(relative, undefined);
            return undefined;
        }
        const isSame = knownAt >= 0 && known !== undefined && sameStats(known.stats, knownAt, listed);
        if (type === 'directory')
            return this.#subdirectory(path, relative, name, knownAt, known, listed, isSame, stats, position, now);
        if (isSame && type !== undefined) {
            writeStats(stats, position, listed, now);
            this.#count('unchanged', type === 'file' ? Number(listed.size) : 0);
            return { name, line: undefined, known: knownAt };
        }
        try {
            const { entry, after } = await this.#describe(path, relative, name, listed);
            writeStats(stats, position, after, now);
            this.#count(knownAt < 0 ? 'new' : 'changed', entry.size ?? 0);
            return { name, line: encodeEntry(entry), known: -1, ...(knownAt >= 0 && { reread: knownAt }) };
        }
        catch (error) {
            if (!isSourceFault(error))
                throw error;
            this.#warn(relative, unreadable(error));
            if (knownAt >= 0)
                this.#gone(relative, undefined);
            return undefined;
        }
    }
    async #subdirectory(path, relative, name, knownAt, parentKnown, listed, isSame, stats, position, now) {
        const { state, oneFileSystem } = this.#options;
        const known = parentKnown === undefined ? undefined : state.known(relative);
        let names = [];
        if (oneFileSystem && listed.dev !== this.#device) {
            this.#options.onNote(relative, 'another file system, its content is left out');
        }
        else {
            try {
                names = listNames(path);
                // A link that has taken its place would have been followed to anywhere.
                if (!lstatSync(path).isDirectory())
                    throw new ReplacedError(REPLACED);
            }
            catch (error) {
                if (!isSourceFault(error))
                    throw error;
                this.#warn(relative, unreadable(error));
                if (knownAt >= 0)
                    this.#gone(relative, undefined);
                return undefined;
            }
        }
        const { trees, same } = await this.#directory(path, relative, names, known);
        writeStats(stats, position, listed, now);
        if (isSame && same) {
            this.#count('unchanged', 0);
            return { name, line: undefined, known: knownAt };
        }
        const entry = describeEntry(name, path, 'directory', listed, this.#libc, (problem) => this.#warn(relative, problem));
        this.#count(knownAt < 0 ? 'new' : 'unchanged', 0);
        return { name, line: encodeEntry({ ...entry, tree: trees }), known: -1 };
    }
    async #describe(path, relative, name, listed) {
        const type = entryType(listed);
        if (type === undefined)
            throw new ReplacedError('it is of a kind that cannot be backed up');
        const onProblem = (problem) => this.#warn(relative, problem);
        if (type !== 'file')
            return { entry: describeEntry(name, path, type, listed, this.#libc, onProblem), after: listed };
        const { content, stats: after } = await this.#content(path, relative, listed);
        return { entry: { ...describeEntry(name, path, type, after, this.#libc, onProblem), ...content }, after };
    }
    /** A file's content; that of an inode with several names is read once. */
    async #content(path, relative, listed) {
        const key = listed.nlink > 1n ? inodeKey(listed) : undefined;
        const linked = key === undefined ? undefined : this.#linked.get(key);
        if (key !== undefined && linked !== undefined && linked.stats.ctimeNs === listed.ctimeNs) {
            if (--linked.namesLeft === 0n)
                this.#linked.delete(key);
            return linked;
        }
        const file = await storeFile(path, listed, this.#options.writer, this.#libc);
        this.counts.bytes.read += file.readBytes;
        if (file.changed)
            this.#warn(relative, 'it changed while it was read; it was kept as it was read last');
        const content = await this.#contentOf(file);
        if (key !== undefined)
            this.#linked.set(key, { content, namesLeft: listed.nlink - 1n, stats: file.stats });
        return { content, stats: file.stats };
    }
    async #contentOf({ blobs, sizeBytes, extents, changed }) {
        const rest = { size: sizeBytes, ...(extents && { extents }), ...(changed && { changed }) };
        if (blobs.length <= IDS_MOST)
            return { ...rest, content: blobs };
        const contentIn = [];
        for (let at = 0; at < blobs.length; at += IDS_PER_BLOB) {
            contentIn.push(await this.#options.writer.storeWhole('tree', Buffer.from(blobs.slice(at, at + IDS_PER_BLOB).join(''), 'hex')));
        }
        return { ...rest, contentIn };
    }
    #isLeftOut(relative, stats, type) {
        const { isExcluded, own, onNote } = this.#options;
        if (isExcluded(relative, type === 'directory'))
            return true;
        if (type === undefined) {
            onNote(relative, 'a socket, which cannot be backed up');
            return true;
        }
        if (own.size > 0 && own.has(inodeKey(stats))) {
            onNote(relative, "Holdfast's own repository or catalog, left out");
            return true;
        }
        return false;
    }
    #count(kind, sizeBytes) {
        this.counts.entries[kind]++;
        this.counts.entries.total++;
        this.counts.bytes.source += sizeBytes;
    }
    /** An entry that was there is not there any more; with `name`, that entry of the directory `relative`. */
    #gone(relative, name) {
        this.counts.entries.removed +=
            1 + this.#options.state.noteGone(name === undefined ? relative : joined(relative, name));
    }
    #warn(relative, problem) {
        this.#options.onWarning(relative, problem);
    }
    /** Lets uploads, workers and signals have their turn now and then. */
    async #takeTurn(current) {
        if (performance.now() - this.#turnStarted < TURN_MS)
            return;
        this.#options.onProgress?.(this.counts, current);
        await setImmediate();
        this.#options.signal?.throwIfAborted();
        this.#turnStarted = performance.now();
    }
}
function joined(relative, name) {
    const bytes = Buffer.from(name, 'latin1');
    return relative.length === 0 ? bytes : Buffer.concat([relative, Buffer.from('/'), bytes]);
}
function sameStats(known, position, stats) {
    const at = position * STATS;
    return (isEqual(known[at + 1], stats.mtimeNs) &&
        isEqual(known[at + 2], stats.ctimeNs) &&
        isEqual(known[at + 3], stats.ino) &&
        (stats.isDirectory() || isEqual(known[at], stats.size)));
}
/** Stored numbers have 64 bits; an inode or a time of the year 2400 may need more. */
function isEqual(stored, value) {
    return stored === value || stored === BigInt.asIntN(64, value);
}
/** @param now when it was listed. Times so close to it cannot tell the next change: then they are not kept. */
function writeStats(stats, position, { size, mtimeNs, ctimeNs, ino }, now) {
    const isCoarse = ctimeNs % 1000000000n === 0n;
    const isRacy = ctimeNs > now - (isCoarse ? RACY_COARSE_NS : RACY_NS);
    const at = position * STATS;
    stats[at] = size;
    stats[at + 1] = mtimeNs;
    stats[at + 2] = isRacy ? RACY : ctimeNs;
    stats[at + 3] = ino;
}
/** Whether it is the source's fault, so that the entry is left out and the rest goes on; any other failure ends the run. */
function isSourceFault(error) {
    return (error instanceof ReplacedError ||
        (error instanceof Error && 'syscall' in error && !('transient' in error)));
}
function unreadable(error) {
    const { code, message } = error;
    if (error instanceof ReplacedError)
        return message;
    if (code === 'ENOENT')
        return 'it vanished while the folder was walked';
    if (code === 'EACCES' || code === 'EPERM')
        return 'permission denied';
    if (code === 'ELOOP' || code === 'ENXIO' || code === 'ENOTDIR')
        return REPLACED;
    return `it cannot be read: ${message.replace(/,.*$/, '')}`;
}
