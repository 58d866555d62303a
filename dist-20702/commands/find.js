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
import { Args, Flags } from '@oclif/core';
import { keyFlags } from '../cli/flags.js';
import { listedJson, listedLine } from '../cli/listing.js';
import { RepositoryCommand } from '../cli/repository-command.js';
import { findEntries, openForBrowsing } from '../operations/browse.js';
import { compileExcludes } from '../sources/folder/exclude.js';
export default class Find extends RepositoryCommand {
    static summary = 'Find files in snapshots: in the newest of each source, or in those named.';
    static examples = [
        "<%= config.bin %> <%= command.id %> '*.conf'",
        '<%= config.bin %> <%= command.id %> /etc/nginx --all',
    ];
    static args = {
        pattern: Args.string({ required: true, description: 'a pattern in the syntax of .gitignore' }),
    };
    static flags = {
        ...keyFlags,
        snapshot: Flags.string({ multiple: true, helpValue: 'SNAPSHOT', description: 'look into this one' }),
        source: Flags.string({ multiple: true, helpValue: 'SOURCE', description: 'only of this source' }),
        all: Flags.boolean({ description: 'look into all snapshots', exclusive: ['snapshot'] }),
    };
    async run() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const { args, flags } = await this.parse(Find);
            const matches = compileExcludes([args.pattern]);
            const context = __addDisposableResource(env_1, await this.open(flags), true);
            const history = await context.history();
            this.warnOf(history.problems);
            this.checkSources(flags.source, history, context.config);
            const entries = [];
            const key = once(() => context.optionalKey());
            const browse = {
                repository: context.repository,
                agents: context.agents,
                catalog: context.existingCatalog(),
                key,
                signal: this.signal,
            };
            for (const seal of this.#chosen(history, flags)) {
                const source = history.sources.find((candidate) => candidate.source === seal.source);
                if (source === undefined)
                    continue;
                const found = await findEntries(await openForBrowsing(browse, source, seal), matches, this.signal);
                if (found.length > 0)
                    this.log(`${seal.snapshot.id} ${seal.source} ${seal.started}`);
                for (const entry of found) {
                    this.log(`  ${listedLine(entry)}`);
                    entries.push({ ...listedJson(entry), snapshot: seal.snapshot.id, source: seal.source });
                }
            }
            if (entries.length === 0)
                this.log('Nothing found.');
            return { entries };
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
    #chosen(history, { snapshot, source, all }) {
        if (snapshot !== undefined)
            return snapshot.map((reference) => this.select({ ...history, problems: [] }, reference).seal);
        const sources = history.sources.filter((candidate) => source === undefined || source.includes(candidate.source));
        return sources.flatMap(({ seals }) => (all ? seals : seals.slice(-1)));
    }
}
/** A passphrase is asked for once, and only if it is needed. */
function once(get) {
    let value;
    return () => {
        value ??= get();
        return value;
    };
}
