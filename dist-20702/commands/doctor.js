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
import { BaseCommand } from '../cli/base-command.js';
import { configOf } from '../cli/context.js';
import { targetAccess } from '../cli/target-access.js';
import { EXIT, UsageError } from '../errors.js';
import { examineTarget } from '../operations/doctor-target.js';
import { openTarget } from '../targets/open.js';
import { policyFor } from '../targets/policies.js';
import { ROLES } from '../targets/s3-policy.js';
export default class Doctor extends BaseCommand {
    static summary = 'Try whether a storage keeps what backups count on, and what the credentials permit.';
    static description = 'It stores some objects below _doctor/, some 17 MiB, tries on them what backups, restores and prunes do, and removes them again. Of the repository, if there is one, it touches nothing.';
    static examples = [
        '<%= config.bin %> <%= command.id %> --target s3://backups/app01?region=eu-central-1',
        '<%= config.bin %> <%= command.id %> --target /mnt/backups --thorough',
        '<%= config.bin %> <%= command.id %> --target s3://backups/app01 --policy writer',
    ];
    static flags = {
        target: Flags.string({ helpValue: 'URL', description: 'the storage; otherwise that of the repository' }),
        thorough: Flags.boolean({
            description: 'also what takes minutes: listings in pages, 128 MiB in one object',
        }),
        policy: Flags.option({
            options: ROLES,
            description: 'only print what to tell the storage, so that its credentials may do no more than this: writer (backs up), reader (restores, verifies), pruner',
        })(),
        principal: Flags.string({
            dependsOn: ['policy'],
            helpValue: 'ID',
            description: 'for whom: for a policy of the bucket itself, arn:aws:iam::ACCOUNT:user/NAME; on Swift, PROJECT:USER',
        }),
    };
    async run() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const { flags } = await this.parse(Doctor);
            const cwd = process.cwd();
            const env = process.env;
            const config = await configOf(flags, env, cwd);
            const url = flags.target ?? flags.repository ?? config?.repository;
            if (url === undefined) {
                throw new UsageError('Which storage should be examined?', { hint: 'Name it with --target URL.' });
            }
            if (flags.policy !== undefined) {
                const policy = policyFor(url, flags.policy, flags.principal);
                this.log(policy);
                return { policy };
            }
            // Without its lock: what is tried here must not stay for months.
            const access = { ...targetAccess({ config, env, output: this.output }), lock: undefined };
            const target = __addDisposableResource(env_1, await openTarget(url, cwd, access), true);
            const { checks, prefix, left } = await examineTarget(target, {
                thorough: flags.thorough,
                now: () => new Date(),
                signal: this.signal,
                onCheck: (check) => this.log(line(check)),
            });
            if (left > 0)
                this.warn(`${left} objects below ${prefix} could not be removed; whoever may should do it.`);
            const ok = checks.every((check) => check.ok || !check.required);
            if (!ok)
                this.endWith(EXIT.notVerified);
            else if (left > 0 || checks.some((check) => !check.ok))
                this.incomplete();
            return { ok, target: target.label, checks, left: { objects: left, prefix } };
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
function line({ ok, required, name, detail, hint }) {
    const mark = ok ? 'ok     ' : required ? 'BROKEN ' : 'note   ';
    return `${mark} ${name}: ${detail}${ok || hint === undefined ? '' : `\n         ${hint}`}`;
}
