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
import { Flags } from '@oclif/core';
import { counted, formatBytes, renderTable } from '../cli/output.js';
import { RepositoryCommand } from '../cli/repository-command.js';
export default class Snapshots extends RepositoryCommand {
    static summary = 'List the snapshots. Needs no key.';
    static examples = [
        '<%= config.bin %> <%= command.id %>',
        '<%= config.bin %> <%= command.id %> --source etc --json',
    ];
    static flags = {
        source: Flags.string({ multiple: true, helpValue: 'SOURCE', description: 'only of this source' }),
        tag: Flags.string({ multiple: true, helpValue: 'TAG', description: 'only with this tag' }),
    };
    async run() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const { flags } = await this.parse(Snapshots);
            const context = __addDisposableResource(env_1, await this.open(flags), true);
            const history = await context.history();
            this.checkSources(flags.source, history, context.config);
            const seals = history.sources
                .flatMap((source) => source.seals)
                .filter((seal) => flags.source === undefined || flags.source.includes(seal.source))
                .filter((seal) => flags.tag === undefined || flags.tag.some((tag) => seal.tags.includes(tag)))
                .sort((a, b) => (a.started < b.started ? -1 : a.started > b.started ? 1 : a.sequence - b.sequence));
            if (seals.length === 0)
                this.log('No snapshots.');
            else
                this.log(this.#table(seals));
            this.warnOf(history.problems);
            return {
                snapshots: seals.map(asJson),
                problems: history.problems.map(({ object, problem, affects }) => ({ object, problem, affects })),
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
    /** Fits 80 columns. */
    #table(seals) {
        const hasTags = seals.some(({ tags }) => tags.length > 0);
        return renderTable([
            { title: 'SNAPSHOT' },
            { title: 'TIME (UTC)' },
            { title: 'SOURCE', flexible: true },
            { title: 'KIND' },
            { title: 'ENTRIES', align: 'right' },
            { title: 'SIZE', align: 'right' },
            { title: 'STORED', align: 'right' },
            ...(hasTags ? [{ title: 'TAGS', flexible: true }] : []),
        ], seals.map((seal) => [
            seal.snapshot.id,
            seal.started.slice(0, 16).replace('T', ' '),
            seal.source,
            (seal.kind === 'full' ? 'full' : 'incr.') +
                (seal.warnings > 0 ? `, ${counted(seal.warnings, 'warning')}` : ''),
            String(seal.entries.total),
            formatBytes(seal.bytes.source),
            formatBytes(storedBytes(seal)),
            seal.tags.join(' '),
        ]), this.output.width);
    }
}
/** A seal cannot say how large it is itself. */
function storedBytes({ bytes, objectBytes }) {
    return bytes.stored + objectBytes;
}
function asJson(seal) {
    const { source, kind, generation, started, sequence, bytes, entries, warnings, tags, agent } = seal;
    return {
        id: seal.snapshot.id,
        source,
        kind,
        generation,
        time: started,
        sequence,
        bytes: { ...bytes, stored: storedBytes(seal) },
        entries,
        warnings,
        tags,
        agent,
        sealed: true,
    };
}
