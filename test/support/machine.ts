/** A machine that backs up, in a folder of its own: what the CLI wires, wired from code, with the real target and catalog. */
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import * as openpgp from 'openpgp';
import {Catalog} from '../../src/catalog/catalog.ts';
import type {DumpSourceConfig, FolderSourceConfig} from '../../src/config/source-types.ts';
import {generateRecipientKey} from '../../src/crypto/keygen.ts';
import {type Recipient, readRecipient} from '../../src/crypto/keys.ts';
import {type BackedUp, type BackupContext, type BackupOptions, backup} from '../../src/operations/backup.ts';
import {initRepository} from '../../src/operations/init.ts';
import {type RestoreOptions, type RestoreResult, restoreToFolder} from '../../src/operations/restore.ts';
import {type VerifyOptions, type VerifyResult, verify} from '../../src/operations/verify.ts';
import type {Agent} from '../../src/repository/agent.ts';
import {trustedAgents} from '../../src/repository/agents.ts';
import {type History, readHistory} from '../../src/repository/history.ts';
import {openRepository, type Repository} from '../../src/repository/repository.ts';
import {selectSnapshot} from '../../src/repository/snapshots.ts';
import {TrustFile} from '../../src/repository/trust.ts';
import {FileTarget} from '../../src/targets/file.ts';
import type {Target} from '../../src/targets/target.ts';

export interface MachineOptions {
  /** Wraps the target of everything this machine does. */
  readonly wrap?: (target: Target) => Target;
  readonly now?: () => Date;
}

let keyPair: Promise<{privateKey: openpgp.PrivateKey; recipient: Recipient}> | undefined;

/** One recipient for all tests of a file: keys take time. */
export function sharedRecipient(): Promise<{privateKey: openpgp.PrivateKey; recipient: Recipient}> {
  keyPair ??= (async () => {
    const made = await generateRecipientKey({name: 'test', now: new Date(Date.now() - 60_000)});
    const recipient = await readRecipient(Buffer.from(made.publicKey), 'test key', new Date());
    return {recipient, privateKey: await openpgp.readPrivateKey({armoredKey: made.privateKey})};
  })();
  return keyPair;
}

export class Machine implements AsyncDisposable {
  readonly folder: string;
  readonly source: string;
  readonly repositoryFolder: string;
  readonly now: () => Date;
  target: Target;
  repository!: Repository;
  agent!: Agent;
  trust!: TrustFile;
  catalog!: Catalog;
  recipients: readonly Recipient[] = [];
  privateKey!: openpgp.PrivateKey;
  notes: string[] = [];
  #restores = 0;

  private constructor(folder: string, {wrap = (target) => target, now = () => new Date()}: MachineOptions) {
    this.folder = folder;
    this.source = join(folder, 'source');
    this.repositoryFolder = join(folder, 'repository');
    this.now = now;
    this.target = wrap(new FileTarget(this.repositoryFolder));
  }

  /** A new machine with a new repository and an empty source folder. */
  static async create(options: MachineOptions = {}): Promise<Machine> {
    const machine = new Machine(mkdtempSync(join(tmpdir(), 'holdfast-machine-')), options);
    mkdirSync(machine.source);
    const {recipient, privateKey} = await sharedRecipient();
    machine.recipients = [recipient];
    machine.privateKey = privateKey;
    const done = await initRepository(machine.target, {
      recipients: machine.recipients,
      join: false,
      now: machine.now,
      agentPath: () => machine.agentPath,
    });
    machine.repository = done.repository;
    machine.agent = done.agent;
    machine.openState();
    machine.trust.approve([done.agent.fingerprint]);
    return machine;
  }

  get agentPath(): string {
    return join(this.folder, 'state', 'agent.private.asc');
  }

  get catalogPath(): string {
    return join(this.folder, 'state', 'catalog.db');
  }

  get trustPath(): string {
    return join(this.folder, 'state', 'seen.json');
  }

  /** Opens catalog and memory anew, as the next run would. */
  openState(): void {
    this.catalog?.[Symbol.dispose]();
    this.catalog = Catalog.open(this.catalogPath, {
      repositoryId: this.repository.id,
      onMovedAside: (movedTo, problem) => this.notes.push(`moved aside to ${movedTo}: ${problem}`),
    });
    this.trust = new TrustFile(this.trustPath, this.repository.id);
  }

  sourceConfig(overrides: Partial<FolderSourceConfig> = {}): FolderSourceConfig {
    return {
      kind: 'folder',
      name: 'files',
      folder: this.source,
      exclude: [],
      excludeCaches: false,
      oneFileSystem: false,
      before: undefined,
      after: undefined,
      fullAfterMs: Number.POSITIVE_INFINITY,
      tags: [],
      allowEmpty: false,
      ...overrides,
    };
  }

  async context(overrides: Partial<BackupContext> = {}): Promise<BackupContext> {
    return {
      repository: this.repository,
      catalog: this.catalog,
      trust: this.trust,
      agents: (await trustedAgents(this.repository, this.trust)).keys,
      agent: this.agent,
      recipients: this.recipients,
      host: 'test-host',
      ownPaths: [this.repositoryFolder, this.catalogPath],
      now: this.now,
      concurrency: 4,
      onNote: (source, note) => this.notes.push(`${source}: ${note}`),
      ...overrides,
    };
  }

  /** Backs up the source folder. @throws the source's error if no snapshot was made */
  async backup(
    options: BackupOptions = {},
    source: Partial<FolderSourceConfig> = {},
    overrides: Partial<BackupContext> = {},
  ): Promise<BackedUp> {
    const {snapshots, failures} = await backup(
      await this.context(overrides),
      [this.sourceConfig(source)],
      options,
    );
    const [failure] = failures;
    if (failure !== undefined) throw failure.error;
    return snapshots[0] as BackedUp;
  }

  /** Backs up a source that is a stream. @throws the source's error if no snapshot was made */
  async backupDump(
    source: DumpSourceConfig,
    options: BackupOptions = {},
    overrides: Partial<BackupContext> = {},
  ): Promise<BackedUp> {
    const {snapshots, failures} = await backup(await this.context(overrides), [source], options);
    const [failure] = failures;
    if (failure !== undefined) throw failure.error;
    return snapshots[0] as BackedUp;
  }

  /** All seals, as this machine sees them. */
  async history(): Promise<History> {
    return readHistory(this.repository, (await trustedAgents(this.repository, this.trust)).keys, this.trust);
  }

  /** Restores on another machine: from the repository and the private key alone. */
  async restore(
    reference: string,
    to: string,
    options: Partial<RestoreOptions> = {},
  ): Promise<RestoreResult> {
    const {history, agents, repository} = await this.elsewhere();
    const seal = selectSnapshot(history, reference);
    const source = history.sources.find((candidate) => candidate.source === seal.source);
    if (source === undefined) throw new Error('The selected seal has no history.');
    return restoreToFolder({repository, agents, key: this.privateKey}, source, seal, to, {
      overwrite: 'never',
      ...options,
    });
  }

  /** Restores a snapshot, of which nothing may be missing. @returns the new folder */
  async restored(reference: string | null): Promise<string> {
    const to = join(this.folder, `restored-${++this.#restores}`);
    const {warnings, damaged} = await this.restore(String(reference), to);
    if (warnings.length + damaged.length > 0)
      throw new Error(`${reference} did not come back whole: ${JSON.stringify([...warnings, ...damaged])}`);
    return to;
  }

  /** Verifies on another machine; with the key for the level of content. */
  async verify(options: Partial<VerifyOptions> = {}): Promise<VerifyResult> {
    const {history, agents, repository} = await this.elsewhere();
    return verify({repository, agents, key: this.privateKey}, history, {level: 'content', ...options});
  }

  /** What a machine sees that meets the repository for the first time. */
  async elsewhere(): Promise<{
    repository: Repository;
    agents: readonly openpgp.PublicKey[];
    trust: TrustFile;
    history: History;
  }> {
    const repository = await openRepository(this.target);
    const trust = new TrustFile(
      join(mkdtempSync(join(this.folder, 'elsewhere-')), 'seen.json'),
      repository.id,
    );
    const {keys} = await trustedAgents(repository, trust);
    return {repository, agents: keys, trust, history: await readHistory(repository, keys, trust)};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.catalog[Symbol.dispose]();
    rmSync(this.folder, {recursive: true, force: true});
  }
}
