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
import { once } from 'node:events';
import { Args } from '@oclif/core';
import { keyFlags } from '../cli/flags.js';
import { RepositoryCommand } from '../cli/repository-command.js';
import { readFileContent } from '../operations/browse.js';
export default class Cat extends RepositoryCommand {
    static enableJsonFlag = false;
    static summary = 'Write one file of a snapshot to standard output.';
    static examples = [
        '<%= config.bin %> <%= command.id %> latest:etc hosts --key ops.private.asc > hosts',
    ];
    static args = {
        snapshot: Args.string({
            required: true,
            description: 'id or its beginning, latest, latest:SOURCE or SOURCE@TIME',
        }),
        path: Args.string({ required: true, description: 'a path relative to the folder that was backed up' }),
    };
    static flags = keyFlags;
    async run() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const { args, flags } = await this.parse(Cat);
            const context = __addDisposableResource(env_1, await this.open(flags), true);
            const { seal, source } = this.select(await context.history(), args.snapshot);
            const key = await context.key();
            const browse = {
                repository: context.repository,
                agents: context.agents,
                key: async () => key,
                signal: this.signal,
            };
            for await (const chunk of readFileContent(browse, source, seal, args.path)) {
                this.signal.throwIfAborted();
                if (!process.stdout.write(chunk))
                    await once(process.stdout, 'drain', { signal: this.signal });
            }
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
}
