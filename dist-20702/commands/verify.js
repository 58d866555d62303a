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
import { keyFlags, progressFlags } from '../cli/flags.js';
import { counted, formatBytes } from '../cli/output.js';
import { toldProblems } from '../cli/problems.js';
import { RepositoryCommand } from '../cli/repository-command.js';
import { displayName } from '../cli/terminal.js';
import { EXIT, UsageError } from '../errors.js';
import { verify } from '../operations/verify.js';
const AFFECTED_SHOWN = 10;
const LEVELS = {
    structure: 'signatures, the chain of seals, and that everything they need is stored; no key',
    ciphertext: 'also every byte against its name, and whom it is encrypted to; no key',
    content: 'also that it decrypts and decompresses to what was backed up; needs the key',
};
export default class Verify extends RepositoryCommand {
    static summary = 'Check that everything is there, unaltered and readable.';
    static description = Object.entries(LEVELS)
        .map(([level, what]) => `${level}: ${what}`)
        .join('\n');
    static examples = [
        '<%= config.bin %> <%= command.id %>',
        '<%= config.bin %> <%= command.id %> --level ciphertext --sample 10%',
        '<%= config.bin %> <%= command.id %> latest --level content --key ops.private.asc',
    ];
    static args = { snapshot: Args.string({ description: 'only this one; everything by default' }) };
    static flags = {
        ...keyFlags,
        ...progressFlags,
        level: Flags.option({
            options: ['structure', 'ciphertext', 'content'],
            description: 'how deep; content with --key, else ciphertext',
        })(),
        sample: Flags.string({ helpValue: '10%', description: 'read only so many of the packs, at random' }),
    };
    async run() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const { args, flags } = await this.parse(Verify);
            const level = flags.level ?? (flags.key === undefined ? 'ciphertext' : 'content');
            const sample = flags.sample === undefined ? undefined : share(flags.sample);
            const context = __addDisposableResource(env_1, await this.open(flags), true);
            const history = await context.history();
            const result = await verify({
                repository: context.repository,
                agents: context.agents,
                key: level === 'content' ? await context.key() : undefined,
                signal: this.signal,
                onProgress: this.showProgress,
            }, history, {
                level,
                sample,
                seal: args.snapshot === undefined
                    ? undefined
                    : this.select({ ...history, problems: [] }, args.snapshot).seal,
            });
            const problems = toldProblems(result.problems);
            for (const { object, problem, affects } of problems) {
                this.log(`${displayName(object)}: ${problem}`);
                for (const affected of affects.slice(0, AFFECTED_SHOWN))
                    this.log(`  affects ${displayName(affected)}`);
                if (affects.length > AFFECTED_SHOWN)
                    this.log(`  and ${affects.length - AFFECTED_SHOWN} more`);
            }
            this.#tellUnsealed(result);
            const checked = `${counted(result.snapshots, 'snapshot')}, ${counted(result.packs, 'pack')}, ${formatBytes(result.bytes)}`;
            const found = result.ok ? 'No problems' : counted(problems.length, 'problem');
            this.log(`Verified (${level}): ${checked}. ${found}.`);
            if (!result.ok) {
                // Whoever sends standard output elsewhere must see it, too.
                this.logToStderr(`Not verified: ${found} in ${context.target.label}.`);
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
    /** What no seal names is an unfinished run's only where nothing says that seals are missing. */
    #tellUnsealed({ unfinished, unsealed, ok }) {
        const are = (count, noun) => `${counted(count, noun)} ${count === 1 ? 'belongs' : 'belong'}`;
        if (!ok && unfinished > 0)
            this.log(`${are(unfinished, 'object')} to no snapshot that counts.`);
        else if (unsealed > 0)
            this.log(`${are(unfinished, 'object')} to no snapshot (${counted(unsealed, 'snapshot object')} without a seal): either a backup was cut off right at its end, which harms nothing (unfinished), or a seal was removed.`);
        else if (unfinished > 0)
            this.log(`${are(unfinished, 'object')} to no snapshot: left by an unfinished run, which the next backup resumes.`);
    }
}
function share(text) {
    const percent = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1];
    const value = Number(percent) / 100;
    if (percent !== undefined && value > 0 && value <= 1)
        return value;
    throw new UsageError(`--sample ${text} is not a share.`, { hint: 'Write it like 10%.' });
}
