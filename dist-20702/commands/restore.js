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
import { closeSync, createWriteStream, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { parseDatabaseUrl } from '../cli/database-url.js';
import { keyFlags, progressFlags } from '../cli/flags.js';
import { counted, formatBytes, formatDuration } from '../cli/output.js';
import { RepositoryCommand } from '../cli/repository-command.js';
import { displayPath } from '../cli/terminal.js';
import { EXIT, UsageError } from '../errors.js';
import { restoreDryRun, restoreToFolder, restoreToTar } from '../operations/restore.js';
import { restoreToDatabase, } from '../operations/restore-database.js';
import { compileExcludes } from '../sources/folder/exclude.js';
export default class Restore extends RepositoryCommand {
    static summary = 'Restore a snapshot, or a part of it. Needs the repository and the private key, nothing else.';
    static description = 'What is restored lies directly in the folder that --to names. Run again after an interruption, it completes what is missing; ' +
        'files that are there and differ are kept unless --overwrite says otherwise.';
    static examples = [
        '<%= config.bin %> <%= command.id %> latest --to /srv/restored --key ops.private.asc',
        '<%= config.bin %> <%= command.id %> etc@2026-11-20 --include nginx --to /tmp/nginx --key ops.private.asc',
        '<%= config.bin %> <%= command.id %> latest:orders --database postgres://admin@db2/orders_restored --key ops.private.asc',
        '<%= config.bin %> <%= command.id %> latest:app --tar - --key ops.private.asc | ssh app02 tar -x -C /srv/app',
    ];
    static args = {
        snapshot: Args.string({
            required: true,
            description: 'id or its beginning, latest, latest:SOURCE or SOURCE@TIME',
        }),
    };
    static flags = {
        ...keyFlags,
        ...progressFlags,
        to: Flags.string({
            helpValue: 'DIR',
            description: 'the folder to restore into',
            exclusive: ['tar', 'database'],
        }),
        database: Flags.string({
            helpValue: 'URL',
            description: 'load a dump into this database, which is made, and compare it with what was dumped',
            exclusive: ['tar', 'dry-run', 'include', 'exclude'],
        }),
        from: Flags.string({
            helpValue: 'NAME',
            description: 'the database of the dump, where it has several',
            dependsOn: ['database'],
        }),
        'in-place': Flags.boolean({
            description: 'with --database: take the place of the very database that was dumped, which is kept under another name',
            dependsOn: ['database'],
        }),
        roles: Flags.boolean({
            allowNo: true,
            default: true,
            description: 'with --database: make the roles that the server lacks',
        }),
        tar: Flags.string({ helpValue: 'FILE', description: 'write a tar archive instead; - for standard output' }),
        include: Flags.string({
            multiple: true,
            helpValue: 'PATTERN',
            description: 'only this, and what is in it; syntax of .gitignore',
        }),
        exclude: Flags.string({
            multiple: true,
            helpValue: 'PATTERN',
            description: 'leave this out; syntax of .gitignore',
        }),
        overwrite: Flags.option({
            options: ['never', 'changed', 'always'],
            default: 'never',
            description: 'what happens to files that are there already and differ',
        })(),
        'dry-run': Flags.boolean({ description: 'write nothing; tell what would be restored' }),
        owners: Flags.boolean({ allowNo: true, description: 'bring back owners; by default only as root' }),
        special: Flags.boolean({
            allowNo: true,
            description: 'bring back setuid bits, devices and security attributes; by default only as root',
        }),
    };
    async run() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const { args, flags } = await this.parse(Restore);
            if (flags.to === undefined &&
                flags.tar === undefined &&
                flags.database === undefined &&
                !flags['dry-run']) {
                throw new UsageError('Where should it be restored to?', {
                    hint: 'Name an empty folder with --to DIR, or write an archive with --tar FILE.',
                });
            }
            if (flags.tar === '-' && flags.json === true)
                throw new UsageError('--tar - and --json both write to standard output.', {
                    hint: 'Leave one of them out, or give --tar a file.',
                });
            const selection = {
                ...(flags.include && { include: compileExcludes(flags.include) }),
                ...(flags.exclude && { exclude: compileExcludes(flags.exclude) }),
            };
            const started = performance.now();
            const context = __addDisposableResource(env_1, await this.open(flags), true);
            const { seal, source } = this.select(await context.history(), args.snapshot);
            const restore = {
                repository: context.repository,
                agents: context.agents,
                key: await context.key(),
                signal: this.signal,
                onProgress: this.showProgress,
            };
            if (flags.database !== undefined) {
                const target = this.#databaseOf(flags.database);
                const done = await restoreToDatabase(restore, source, seal, target, {
                    from: flags.from,
                    overwrite: flags.overwrite === 'always',
                    inPlace: flags['in-place'],
                    roles: flags.roles,
                    now: () => new Date(),
                });
                const seconds = (performance.now() - started) / 1000;
                this.#tellDatabase(done, seconds);
                return { ...done, seconds, to: null };
            }
            const to = flags.to === undefined ? null : resolve(flags.to);
            let result;
            if (flags['dry-run'])
                result = await restoreDryRun(restore, source, seal, selection);
            else if (flags.tar !== undefined)
                result = await this.#tar(flags.tar, (output) => restoreToTar(restore, source, seal, output, selection));
            else {
                const { overwrite, owners, special } = flags;
                result = await restoreToFolder(restore, source, seal, to, {
                    ...selection,
                    overwrite,
                    ...(owners !== undefined && { owners }),
                    ...(special !== undefined && { special }),
                });
            }
            const seconds = (performance.now() - started) / 1000;
            this.#tell(result, seconds, flags['dry-run'], flags.tar === '-');
            return { ...result, seconds, to };
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
    #databaseOf(url) {
        const target = parseDatabaseUrl(url);
        if (target.connection.password !== undefined) {
            this.warn('The password in --database can be seen by others on this machine. Better: PGPASSFILE or ~/.pgpass.');
        }
        return target;
    }
    #tellDatabase({ snapshot, source, database, tables, bytes, warnings, problems }, seconds) {
        for (const warning of warnings)
            this.warn(warning);
        for (const message of problems)
            this.output.error({ code: 'DAMAGED', exitCode: EXIT.notVerified, message, hint: undefined });
        const isSame = problems.length === 0 ? ', the same as when it was dumped' : '';
        this.log(`Restored ${source} snapshot ${snapshot} into the database ${database}: ${tables} tables, ${formatBytes(bytes)} in ${formatDuration(seconds * 1000)}${isSame}.`);
        if (warnings.length > 0)
            this.incomplete();
        if (problems.length > 0)
            this.endWith(EXIT.notVerified);
    }
    async #tar(file, write) {
        if (file === '-')
            return write(process.stdout);
        const path = resolve(file);
        if (existsSync(path))
            throw new UsageError(`${path} exists already, and is not overwritten.`, {
                hint: 'Name another file with --tar, or remove this one.',
            });
        // Half an archive never has the final name.
        const part = `${path}.part`;
        rmSync(part, { force: true });
        const descriptor = openSync(part, 'wx', 0o600);
        try {
            const output = createWriteStream(part, { fd: descriptor, autoClose: false });
            const failed = once(output, 'error').then(([error]) => Promise.reject(error));
            failed.catch(() => { });
            const result = await Promise.race([write(output), failed]);
            output.end();
            await Promise.race([once(output, 'finish'), failed]);
            fsyncSync(descriptor);
            renameSync(part, path);
            return result;
        }
        catch (error) {
            rmSync(part, { force: true });
            throw error;
        }
        finally {
            closeSync(descriptor);
        }
    }
    #tell({ snapshot, source, files, bytes, entries, warnings, warningsOmitted, damaged }, seconds, isDryRun, isPiped) {
        for (const { path, problem } of warnings)
            this.warn(path === '' ? problem : `${displayPath(path)}: ${problem}`);
        if (warningsOmitted > 0)
            this.warn(`and ${warningsOmitted} more`);
        for (const { path, problem } of damaged)
            this.output.error({
                code: 'DAMAGED',
                exitCode: EXIT.notVerified,
                message: `${displayPath(path)} was not restored: ${problem}`,
                hint: undefined,
            });
        const say = (text) => (isPiped ? this.logToStderr(text) : this.log(text));
        const what = `of ${source} snapshot ${snapshot} in ${formatDuration(seconds * 1000)}`;
        if (entries.written === 0 && entries.present > 0)
            say(`Nothing to restore: ${entries.present === 1 ? 'the one entry' : `all ${entries.present} entries`} ${what} ${entries.present === 1 ? 'was' : 'were'} there already.`);
        else {
            const content = isDryRun || entries.present === 0 ? `${counted(files, 'file')}, ` : '';
            say(`${isDryRun ? 'Would restore' : 'Restored'} ${counted(entries.written, 'entry')} (${content}${formatBytes(bytes)}) ${what}.`);
            if (entries.present > 0)
                say(`${counted(entries.present, 'entry')} ${entries.present === 1 ? 'was' : 'were'} there already.`);
        }
        if (warnings.length + warningsOmitted > 0)
            this.incomplete();
        if (damaged.length > 0)
            this.endWith(EXIT.notVerified);
    }
}
