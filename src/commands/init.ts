import {existsSync} from 'node:fs';
import {resolve} from 'node:path';
import {Args, Flags} from '@oclif/core';
import {Catalog} from '../catalog/catalog.ts';
import {BaseCommand} from '../cli/base-command.ts';
import {addressOf, configOf} from '../cli/chosen-config.ts';
import {expectedRepository} from '../cli/expected-repository.ts';
import {agentPath, catalogPath, knownPlacesPath, stateFolder, trustPath} from '../cli/places.ts';
import {readRecipients} from '../cli/recipients.ts';
import {repositoryIdFlag} from '../cli/repository-command.ts';
import {targetAccess} from '../cli/target-access.ts';
import type {Config} from '../config/config.ts';
import {renderConfigTemplate} from '../config/template.ts';
import {UsageError} from '../errors.ts';
import {type Initialized, initRepository, writePrivateFile} from '../operations/init.ts';
import {rememberProvider} from '../operations/provider.ts';
import {prepareCopy} from '../operations/replicate.ts';
import {KnownPlaces} from '../repository/known-places.ts';
import {MARKER} from '../repository/layout.ts';
import {TrustFile} from '../repository/trust.ts';
import {isSamePlace, openTarget} from '../targets/open.ts';
import type {TargetFact} from '../targets/target.ts';

interface InitResult {
  readonly repositoryId: string;
  readonly repository: string;
  readonly created: boolean;
  /** Fingerprint. */
  readonly agent: string;
  readonly agentKey: string;
  readonly config: string;
  readonly catalog: string;
  readonly recipients: readonly string[];
  /** What the storage told of itself; "holdfast doctor" tells what changes. */
  readonly provider: readonly TargetFact[];
}

export default class Init extends BaseCommand {
  static override summary = 'Make a repository, and prepare this machine to back up into it.';
  static override description =
    'Writes the repository with its emergency kit, a signing key and a catalog for this machine, and a holdfast.yaml if there is none. ' +
    'Only public keys are given to it: make the key pair with "holdfast keygen" on another machine.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> file:///srv/backups/app01 --recipient ops.public.asc',
    '<%= config.bin %> <%= command.id %> swift://backups/app01 --create --recipient ops.public.asc',
  ];
  static override args = {
    repository: Args.string({
      description: 'where the backups go, as a URL or a path; otherwise --repository, or that of the config',
    }),
  };
  static override flags = {
    recipient: Flags.string({
      char: 'r',
      multiple: true,
      helpValue: 'FILE',
      description: 'public key of somebody who can restore',
    }),
    ...repositoryIdFlag,
    create: Flags.boolean({description: 'make the container or bucket, too, if it is not there'}),
    join: Flags.boolean({description: 'take over the repository of another machine, which was lost'}),
  };

  async run(): Promise<InitResult> {
    const {args, flags} = await this.parse(Init);
    const [env, cwd] = [process.env, process.cwd()];
    // A config that is named and not there is one to be written: no other may speak in its place.
    const isNew = flags.config !== undefined && !existsSync(resolve(cwd, flags.config));
    const config = isNew ? undefined : await configOf(flags, env, cwd);
    const named = args.repository ?? flags.repository;
    const place = named === undefined ? config?.repository : addressOf(named, config);
    if (place === undefined)
      throw new UsageError('Where should the repository be?', {
        hint: 'Run "holdfast init REPOSITORY --recipient FILE".',
      });
    refuseOtherConfig(config, place, cwd, flags.recipient !== undefined);
    const now = new Date();
    const recipientFiles = (flags.recipient ?? config?.recipients ?? []).map((file) => resolve(cwd, file));
    const recipients = await readRecipients(recipientFiles, now, this.output);
    await using target = await openTarget(place, cwd, targetAccess({config, env, output: this.output}));
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
    const {repository, agent} = done;
    const catalogFile = config?.catalog ?? catalogPath(state, repository.id);
    const provider = (await target.describe?.(MARKER, {signal: this.signal})) ?? [];
    {
      using catalog = Catalog.open(catalogFile, {repositoryId: repository.id});
      rememberProvider(catalog, target.label, provider, new Date());
    }
    new TrustFile(trustPath(state, repository.id), repository.id).approve([
      agent.fingerprint,
      ...done.otherAgents,
    ]);
    if (expected !== undefined && expected.id !== repository.id)
      this.warn(
        `the repository ${expected.id} that was at ${target.label} before is not there any more; a new one was made.`,
      );
    places.remember(target.label, repository.id);
    await this.#prepareCopies({config, place, done, create: flags.create, places});
    const configFile = config?.file ?? resolve(cwd, flags.config ?? 'holdfast.yaml');
    if (config === undefined) {
      const absolute = place.includes('://') ? place : resolve(cwd, place);
      writePrivateFile(
        configFile,
        renderConfigTemplate({
          repository: absolute,
          repositoryId: repository.id,
          recipients: recipientFiles,
          agent: done.agentPath,
          catalog: catalogFile,
        }),
      );
    }
    this.#tell(done.created, {
      target: target.label,
      configFile,
      fingerprint: agent.fingerprint,
      wroteConfig: config === undefined,
      toPin: config !== undefined && config.repositoryId === undefined ? repository.id : undefined,
      others: done.otherAgents,
      provider,
    });
    return {
      repositoryId: repository.id,
      repository: target.label,
      created: done.created,
      agent: agent.fingerprint,
      agentKey: done.agentPath,
      config: configFile,
      catalog: catalogFile,
      recipients: recipients.map(({fingerprint}) => fingerprint),
      provider,
    };
  }

  /** The other places of the config: what is backed up is copied there. */
  async #prepareCopies({
    config,
    place,
    done: {repository, agent},
    create,
    places,
  }: {
    config: Config | undefined;
    place: string;
    done: Initialized;
    create: boolean;
    places: KnownPlaces;
  }): Promise<void> {
    const [env, cwd] = [process.env, process.cwd()];
    for (const [name, url] of config?.repositories ?? []) {
      if (isSamePlace(url, place, cwd)) continue;
      await using target = await openTarget(url, cwd, targetAccess({config, env, output: this.output}));
      await prepareCopy(
        {repository, agents: [agent.key.toPublic()], createContainer: create, signal: this.signal},
        target,
      );
      places.remember(target.label, repository.id);
      this.log(`${name}: copies of it go to ${target.label}.`);
    }
  }

  #tell(
    created: boolean,
    {
      target,
      configFile,
      fingerprint,
      wroteConfig,
      others,
      toPin,
      provider,
    }: {
      target: string;
      configFile: string;
      fingerprint: string;
      wroteConfig: boolean;
      others: readonly string[];
      toPin: string | undefined;
      provider: readonly TargetFact[];
    },
  ): void {
    this.log(
      created
        ? `Made a repository at ${target}.`
        : `The repository at ${target} was there; this machine is enrolled in it.`,
    );
    this.log(`This machine signs as agent ${fingerprint}`);
    this.log('  Note this fingerprint where you keep the private key: whoever restores compares it.');
    for (const other of others) this.log(`Before, this agent wrote here: ${other}`);
    if (provider.length > 0) this.log('The storage says:');
    for (const {name, detail} of provider) this.log(`  ${name}: ${detail}`);
    this.log('');
    this.log('Next:');
    this.log(
      wroteConfig
        ? `  1. Name what to back up under "sources" in ${configFile}`
        : `  1. ${configFile} was there already and was not changed.`,
    );
    if (toPin !== undefined)
      this.log(
        `     Add this line to it, so that no other repository can take its place: repositoryId: "${toPin}"`,
      );
    this.log('  2. holdfast backup');
    this.log(
      '  3. Restore it once, on a machine that has the private key: holdfast restore latest --to DIR --key FILE',
    );
  }
}

/** Agent, catalog and recipients of one repository must not become those of another. */
function refuseOtherConfig(
  config: Config | undefined,
  place: string,
  cwd: string,
  hasRecipient: boolean,
): void {
  if (config?.repository === undefined) return;
  if ([...config.repositories.values()].some((known) => isSamePlace(known, place, cwd))) return;
  const other = `${config.file} is for the repository at ${config.repository}, not for ${place}`;
  throw new UsageError(hasRecipient ? `${other}.` : `No --recipient is given, and ${other}.`, {
    hint: hasRecipient
      ? 'Have a config of its own written with --config NEW-FILE.'
      : `Run "holdfast init ${place} --recipient FILE --config NEW-FILE".`,
  });
}
