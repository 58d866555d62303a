/** Wires what commands need: the one place where flags, environment and config meet the library. */
import {existsSync} from 'node:fs';
import {hostname} from 'node:os';
import type {PrivateKey, PublicKey} from 'openpgp';
import {Catalog} from '../catalog/catalog.ts';
import type {Config} from '../config/config.ts';
import type {RecipientKey} from '../crypto/recipient-key.ts';
import {type HoldfastError, KeyError, NoRepositoryError, UsageError} from '../errors.ts';
import type {BackupContext} from '../operations/backup.ts';
import {aheadMs, silenceOf} from '../operations/clock.ts';
import {existingOperator, openOperator} from '../operations/drill/operator.ts';
import {type Agent, loadAgent} from '../repository/agent.ts';
import {trustedAgents} from '../repository/agents.ts';
import {type DrillHistory, readDrills} from '../repository/drill-history.ts';
import {type History, readHistory} from '../repository/history.ts';
import {KnownPlaces} from '../repository/known-places.ts';
import {trustedOperators} from '../repository/operators.ts';
import {openRepository, type Repository} from '../repository/repository.ts';
import {TrustFile} from '../repository/trust.ts';
import {openTarget} from '../targets/open.ts';
import {type Target, TargetError} from '../targets/target.ts';
import {addressOf, type ContextOptions, configOf, localPath, placesOf} from './chosen-config.ts';
import {expectedRepository} from './expected-repository.ts';
import {beginToOpenKey, openNamedKey} from './key-source.ts';
import {formatDuration} from './output.ts';
import {
  agentPath,
  catalogPath,
  drillRecordsPath,
  knownPlacesPath,
  operatorPath,
  stateFolder,
  trustPath,
} from './places.ts';
import {readRecipients} from './recipients.ts';
import {targetAccess} from './target-access.ts';

/** A repository that was found, and what this machine knows of it. */
export class CliContext implements AsyncDisposable {
  readonly config: Config | undefined;
  readonly target: Target;
  readonly repository: Repository;
  readonly trust: TrustFile;
  readonly agents: readonly PublicKey[];
  /** What the config calls this place; its label where it has no name. */
  readonly placeName: string;
  readonly #options: ContextOptions;
  readonly #state: string;
  readonly #metFirst: boolean;
  /** Places of the repository that were tried before, by name. */
  readonly unusable: ReadonlyMap<string, HoldfastError>;
  readonly places: KnownPlaces;
  #catalog: Catalog | undefined;
  #key: Promise<RecipientKey | undefined> | undefined;

  private constructor(
    parts: Pick<
      CliContext,
      'config' | 'target' | 'repository' | 'trust' | 'agents' | 'places' | 'unusable' | 'placeName'
    >,
    options: ContextOptions,
    state: string,
    metFirst: boolean,
  ) {
    this.config = parts.config;
    this.target = parts.target;
    this.repository = parts.repository;
    this.trust = parts.trust;
    this.agents = parts.agents;
    this.places = parts.places;
    this.unusable = parts.unusable;
    this.placeName = parts.placeName;
    this.#options = options;
    this.#state = state;
    this.#metFirst = metFirst;
  }

  /** The repository where it is named, else in the first of its places. */
  static async open(options: ContextOptions): Promise<CliContext> {
    const key = beginToOpenKey(options.flags, options);
    const config = await configOf(options.flags, options.env, options.cwd);
    const [[name, url]] = placesOf(options, config);
    const context = await CliContext.#openAt(options, config, {name, url, unusable: new Map()});
    context.#key = key;
    return context;
  }

  /** The same in the first of its places that can be used. @throws the error of the first, where none can */
  static async openSomewhere(options: ContextOptions): Promise<CliContext> {
    const config = await configOf(options.flags, options.env, options.cwd);
    const unusable = new Map<string, HoldfastError>();
    for (const [name, url] of placesOf(options, config)) {
      try {
        return await CliContext.#openAt(options, config, {name, url, unusable});
      } catch (error) {
        options.signal.throwIfAborted();
        if (!(error instanceof TargetError || error instanceof NoRepositoryError)) throw error;
        unusable.set(name, error);
      }
    }
    throw [...unusable.values()][0] ?? new Error('no place was tried');
  }

  static async #openAt(
    options: ContextOptions,
    config: Config | undefined,
    {name, url, unusable}: {name: string; url: string; unusable: Map<string, HoldfastError>},
  ): Promise<CliContext> {
    const {flags, env, cwd, output} = options;
    const target = await openTarget(url, cwd, targetAccess({config, env, output}));
    const state = stateFolder(env);
    const places = new KnownPlaces(knownPlacesPath(state));
    const repository = await openRepository(
      target,
      expectedRepository({flags, config, cwd, url, label: target.label, places}),
    );
    const trust = new TrustFile(trustPath(state, repository.id), repository.id);
    const own = await existingOperator(operatorPath(state));
    trust.operatorsOfRun = {
      approved: [...(flags.operator ?? []).map(fingerprint), ...(own ? [own.getFingerprint()] : [])],
      pinned: config?.trustedOperators,
      onMet: (operator) =>
        output.note(
          `This machine meets the operator ${operator} for the first time. Compare it with what "holdfast drill run" or "holdfast prune" prints.`,
        ),
    };
    const approved = [...(flags.agent ?? []), ...(config?.trustedAgents ?? [])].map(fingerprint);
    const {keys, strangers, lost, metFirst} = await trustedAgents(repository, trust, approved);
    if (metFirst !== undefined) {
      output.note(
        `This machine meets repository ${repository.id} for the first time. Compare its agent with what "holdfast init" printed:\n${metFirst}`,
      );
    }
    for (const stranger of strangers)
      output.warn(
        `agent ${stranger} has a key in the repository, but nobody approved it here; what it signed does not count. To approve it: --agent ${stranger}`,
      );
    for (const object of lost)
      output.warn(
        `${object}: the key of this trusted agent is missing or altered; what it signed cannot be checked.`,
      );
    places.remember(target.label, repository.id);
    return new CliContext(
      {config, target, repository, trust, agents: keys, places, unusable, placeName: name},
      options,
      state,
      metFirst !== undefined,
    );
  }

  /** All seals, checked. What their times say is shown as warnings. */
  async history(): Promise<History> {
    const history = await readHistory(this.repository, this.agents, this.trust);
    const {output} = this.#options;
    const now = new Date();
    for (const source of history.sources) {
      const ahead = aheadMs(source, now);
      if (ahead !== undefined)
        output.warn(
          `the newest snapshot of ${source.source} was made ${formatDuration(ahead)} in the future by this machine's clock: set the clock here, or on the machine that makes backups.`,
        );
      const silence = this.#metFirst ? silenceOf(source, now) : undefined;
      if (silence !== undefined)
        output.warn(
          `the newest snapshot of ${source.source} is ${formatDuration(silence.ageMs)} old, though one was made every ${formatDuration(silence.usualMs)}: either backups have stopped, or newer ones were removed. This machine cannot tell, for it has not seen the repository before.`,
        );
    }
    return history;
  }

  /** Another place, such as that of a copy, reached as the repository is. @param place a name from the config, or an address */
  async openOther(place: string): Promise<Target> {
    const {env, cwd, output} = this.#options;
    return openTarget(addressOf(place, this.config), cwd, targetAccess({config: this.config, env, output}));
  }

  /** The catalog, made if it is not there. */
  catalog(): Catalog {
    this.#catalog ??= Catalog.open(this.#catalogPath, {
      repositoryId: this.repository.id,
      onMovedAside: (movedTo, problem) =>
        this.#options.output.warn(
          `the catalog was damaged (${problem}) and has been moved to ${movedTo}; a new one is made from the repository.`,
        ),
    });
    return this.#catalog;
  }

  /** The catalog if this machine has one. */
  existingCatalog(): Catalog | undefined {
    return existsSync(this.#catalogPath) ? this.catalog() : undefined;
  }

  async agent(): Promise<Agent> {
    return loadAgent(this.agentFile);
  }

  /** The path of this machine's key. */
  get agentFile(): string {
    return this.config?.agent ?? agentPath(this.#state, this.repository.id);
  }

  /** The path of what this machine has seen of the repository. */
  get trustFile(): string {
    return trustPath(this.#state, this.repository.id);
  }

  /** The private key that `--key` names, opened. @throws {@link KeyError} if there is none */
  async key(): Promise<RecipientKey> {
    const key = await this.optionalKey();
    if (key === undefined) {
      throw new KeyError('This needs the private key of a recipient.', {
        hint: 'Give it with --key FILE, --key gpg:FINGERPRINT or HOLDFAST_KEY, on a machine that may have it.',
      });
    }
    return key;
  }

  /** Undefined if `--key` names none. */
  async optionalKey(): Promise<RecipientKey | undefined> {
    this.#key ??= openNamedKey(this.#options.flags, this.#options);
    return this.#key;
  }

  /** The key with which this machine signs drill reports; made when it is first needed. */
  operator(): Promise<PrivateKey> {
    return openOperator(operatorPath(this.#state), new Date());
  }

  /** The folder of what this machine knows of its drills. */
  get drillRecords(): string {
    return drillRecordsPath(this.#state, this.repository.id);
  }

  /** All drill reports, checked: of operators that count here, and of this machine's own. */
  async drills(): Promise<DrillHistory> {
    const {output, signal} = this.#options;
    const {keys, strangers} = await trustedOperators(this.repository, this.trust);
    for (const stranger of strangers)
      output.warn(
        `operator ${stranger} has written drill reports, but nobody approved it here; they do not count. To approve it: --operator ${stranger}`,
      );
    return readDrills(this.repository, keys, signal);
  }

  /** What a backup needs. */
  async backupContext(): Promise<Omit<BackupContext, 'onProgress' | 'onNote'>> {
    const {env, signal} = this.#options;
    if (env['HOLDFAST_KEY'] !== undefined) {
      throw new KeyError('HOLDFAST_KEY is set: a private key must not be on a machine that makes backups.', {
        hint: 'Unset it; a backup needs public keys only.',
      });
    }
    const agent = await this.agent();
    const recipients = await readRecipients(this.config?.recipients ?? [], new Date(), this.#options.output);
    const catalog = this.catalog();
    return {
      repository: this.repository,
      catalog,
      trust: this.trust,
      agents: this.agents,
      agent,
      recipients,
      host: hostname(),
      ownPaths: [
        ...['', '-wal', '-shm', '.bases'].map((end) => catalog.path + end),
        ...localPath(this.target),
      ],
      now: () => new Date(),
      concurrency: this.config?.limits.concurrency ?? 2,
      selfCheck: this.config?.selfCheck,
      limitBytes: this.config?.limits.repositoryBytes,
      signal,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#catalog?.[Symbol.dispose]();
    await this.target[Symbol.asyncDispose]();
  }

  get #catalogPath(): string {
    return this.config?.catalog ?? catalogPath(this.#state, this.repository.id);
  }
}

/** @throws {@link UsageError} unless it is a whole one */
export function fingerprint(text: string): string {
  const hex = text.replace(/\s/g, '').toLowerCase();
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hex)) {
    throw new UsageError(`"${text}" is not a whole fingerprint.`, {
      hint: 'Give all 64 digits, as "holdfast init" printed them.',
    });
  }
  return hex;
}
