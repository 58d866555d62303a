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
import { progressFlags } from '../cli/flags.js';
import { counted, formatBytes } from '../cli/output.js';
import { toldProblems } from '../cli/problems.js';
import { RepositoryCommand } from '../cli/repository-command.js';
import { displayName } from '../cli/terminal.js';
import { EXIT } from '../errors.js';
import { replicate } from '../operations/replicate.js';
/** Objects are up to 32 MiB, and each lies in memory whole. */
const CONCURRENCY = 4;
export default class Replicate extends RepositoryCommand {
    static summary = 'Copy the repository to another place: what is missing there, checked while it passes.';
    static description = 'Needs no key. Nothing is overwritten or removed there, and seals come last: a copy that was cut off holds whole snapshots, and the next run goes on.';
    static examples = [
        '<%= config.bin %> <%= command.id %> --to /mnt/disk/backups',
        '<%= config.bin %> <%= command.id %> --repository s3://backups/app01 --to "s3://offsite/app01?profile=offsite"',
    ];
    static flags = {
        ...progressFlags,
        to: Flags.string({ required: true, helpValue: 'URL', description: 'where the copy is, or will be' }),
        create: Flags.boolean({ description: 'make the bucket or container of the copy, too' }),
    };
    async run() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const { flags } = await this.parse(Replicate);
            const context = __addDisposableResource(env_1, await this.open(flags), true);
            const to = __addDisposableResource(env_1, await context.openOther(flags.to), true);
            const result = await replicate({
                repository: context.repository,
                agents: context.agents,
                concurrency: CONCURRENCY,
                createContainer: flags.create,
                signal: this.signal,
                onProgress: this.showProgress,
            }, await context.history(), to);
            const { objects, bytes, snapshots, present } = result;
            this.log(`Copied ${counted(objects, 'object')} (${formatBytes(bytes)}), ${counted(snapshots, 'snapshot')}, to ${to.label}; ${counted(present, 'object')} were there.`);
            const problems = toldProblems(result.problems);
            for (const { object, problem } of problems)
                this.log(`${displayName(object)}: ${problem}`);
            if (problems.length > 0) {
                this.logToStderr(`The copy is not whole: ${counted(problems.length, 'problem')}.`);
                this.endWith(EXIT.notVerified);
            }
            return result;
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
