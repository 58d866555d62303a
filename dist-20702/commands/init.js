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
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { Catalog } from '../catalog/catalog.js';
import { BaseCommand } from '../cli/base-command.js';
import { configOf, readRecipients } from '../cli/context.js';
import { expectedRepository } from '../cli/expected-repository.js';
import { agentPath, catalogPath, knownPlacesPath, stateFolder, trustPath } from '../cli/places.js';
import { repositoryIdFlag } from '../cli/repository-command.js';
import { targetAccess } from '../cli/target-access.js';
import { renderConfigTemplate } from '../config/template.js';
import { UsageError } from '../errors.js';
import { initRepository, writePrivateFile } from '../operations/init.js';
import { KnownPlaces } from '../repository/known-places.js';
import { TrustFile } from '../repository/trust.js';
import { isSamePlace, openTarget } from '../targets/open.js';
export default class Init extends BaseCommand {
    static summary = 'Make a repository, and prepare this machine to back up into it.';
    static description = 'Writes the repository with its emergency kit, a signing key and a catalog for this machine, and a holdfast.yaml if there is none. ' +
        'Only public keys are given to it: make the key pair with "holdfast keygen" on another machine.';
    static examples = [
        '<%= config.bin %> <%= command.id %> file:///srv/backups/app01 --recipient ops.public.asc',
        '<%= config.bin %> <%= command.id %> swift://backups/app01 --create --recipient ops.public.asc',
    ];
    static args = {
        repository: Args.string({
            description: 'where the backups go, as a URL or a path; otherwise --repository, or that of the config',
        }),
    };
    static flags = {
        recipient: Flags.string({
            char: 'r',
            multiple: true,
            helpValue: 'FILE',
            description: 'public key of somebody who can restore',
        }),
        ...repositoryIdFlag,
        create: Flags.boolean({ description: 'make the container or bucket, too, if it is not there' }),
        join: Flags.boolean({ description: 'take over the repository of another machine, which was lost' }),
    };
    async run() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const { args, flags } = await this.parse(Init);
            const [env, cwd] = [process.env, process.cwd()];
            // A config that is named and not there is one to be written: no other may speak in its place.
            const isNew = flags.config !== undefined && !existsSync(resolve(cwd, flags.config));
            const config = isNew ? undefined : await configOf(flags, env, cwd);
            const place = args.repository ?? flags.repository ?? config?.repository;
            if (place === undefined)
                throw new UsageError('Where should the repository be?', {
                    hint: 'Run "holdfast init REPOSITORY --recipient FILE".',
                });
            const now = new Date();
            const recipientFiles = (flags.recipient ?? config?.recipients ?? []).map((file) => resolve(cwd, file));
            const recipients = await readRecipients(recipientFiles, now, this.output);
            refuseOtherConfig(config, place, cwd);
            const target = __addDisposableResource(env_1, await openTarget(place, cwd, targetAccess({ config, env, output: this.output })), true);
            const state = stateFolder(env);
            const places = new KnownPlaces(knownPlacesPath(state));
            const expected = expectedRepository({
                flags,
                config,
                cwd,
                url: place,
                label: target.label,
                places,
            });
            const done = await initRepository(target, {
                recipients,
                expected,
                createContainer: flags.create,
                join: flags.join,
                now: () => new Date(),
                agentPath: (id) => config?.agent ?? agentPath(state, id),
            });
            const { repository, agent } = done;
            const catalogFile = config?.catalog ?? catalogPath(state, repository.id);
            Catalog.open(catalogFile, { repositoryId: repository.id })[Symbol.dispose]();
            new TrustFile(trustPath(state, repository.id), repository.id).approve([
                agent.fingerprint,
                ...done.otherAgents,
            ]);
            if (expected !== undefined && expected.id !== repository.id)
                this.warn(`the repository ${expected.id} that was at ${target.label} before is not there any more; a new one was made.`);
            places.remember(target.label, repository.id);
            const configFile = config?.file ?? resolve(cwd, flags.config ?? 'holdfast.yaml');
            if (config === undefined) {
                const absolute = place.includes('://') ? place : resolve(cwd, place);
                writePrivateFile(configFile, renderConfigTemplate({
                    repository: absolute,
                    repositoryId: repository.id,
                    recipients: recipientFiles,
                    agent: done.agentPath,
                    catalog: catalogFile,
                }));
            }
            this.#tell(done.created, {
                target: target.label,
                configFile,
                fingerprint: agent.fingerprint,
                wroteConfig: config === undefined,
                toPin: config !== undefined && config.repositoryId === undefined ? repository.id : undefined,
                others: done.otherAgents,
            });
            return {
                repositoryId: repository.id,
                repository: target.label,
                created: done.created,
                agent: agent.fingerprint,
                agentKey: done.agentPath,
                config: configFile,
                catalog: catalogFile,
                recipients: recipients.map(({ fingerprint }) => fingerprint),
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
    #tell(created, { target, configFile, fingerprint, wroteConfig, others, toPin, }) {
        this.log(created
            ? `Made a repository at ${target}.`
            : `The repository at ${target} was there; this machine is enrolled in it.`);
        this.log(`This machine signs as agent ${fingerprint}`);
        this.log('  Note this fingerprint where you keep the private key: whoever restores compares it.');
        for (const other of others)
            this.log(`Before, this agent wrote here: ${other}`);
        this.log('');
        this.log('Next:');
        this.log(wroteConfig
            ? `  1. Name what to back up under "sources" in ${configFile}`
            : `  1. ${configFile} was there already and was not changed.`);
        if (toPin !== undefined)
            this.log(`     Add this line to it, so that no other repository can take its place: repositoryId: "${toPin}"`);
        this.log('  2. holdfast backup');
        this.log('  3. Restore it once, on a machine that has the private key: holdfast restore latest --to DIR --key FILE');
    }
}
/** Agent, catalog and recipients of one repository must not become those of another. */
function refuseOtherConfig(config, place, cwd) {
    if (config?.repository === undefined || isSamePlace(config.repository, place, cwd))
        return;
    throw new UsageError(`${config.file} is for the repository at ${config.repository}, not for ${place}.`, {
        hint: 'Have a config of its own written with --config NEW-FILE.',
    });
}
