/** Backs up sources: full at the start of a generation, else incremental (docs/DESIGN: the order of a backup). */
import {realpathSync} from 'node:fs';
import type {PublicKey} from 'openpgp';
import type {Catalog} from '../catalog/catalog.ts';
import type {StoredGeneration} from '../catalog/generations.ts';
import type {FolderSourceConfig} from '../config/config.ts';
import type {Recipient} from '../crypto/keys.ts';
import {newSession} from '../crypto/message.ts';
import {type HoldfastError, SourceError} from '../errors.ts';
import type {Agent} from '../repository/agent.ts';
import {readSource, type SourceHistory} from '../repository/history.ts';
import {BlobWriter} from '../repository/packing/blob-writer.ts';
import type {Repository} from '../repository/repository.ts';
import type {ByteCounts, EntryCounts, SnapshotKind} from '../repository/seal.ts';
import type {Warning} from '../repository/snapshot.ts';
import type {TrustFile} from '../repository/trust.ts';
import {compileExcludes} from '../sources/folder/exclude.ts';
import {WalkState} from '../sources/folder/state.ts';
import {type WalkCounts, walkFolder} from '../sources/folder/walk.ts';
import {useLittleMemory} from '../system/memory.ts';
import {refuseTampered, syncCatalog} from './backup-catalog.ts';
import {commitSnapshot} from './backup-commit.ts';
import {chooseGeneration} from './backup-generation.ts';
import {withLock} from './backup-lock.ts';
import {PackStore} from './backup-packs.ts';
import {withHooks} from './hooks.ts';
import {ownInodes} from './own-files.ts';
import type {OnProgress} from './progress.ts';
import {WarningList} from './warnings.ts';

export interface BackupContext {
  readonly repository: Repository;
  readonly catalog: Catalog;
  readonly trust: TrustFile;
  /** Whose seals count. */
  readonly agents: readonly PublicKey[];
  readonly agent: Agent;
  readonly recipients: readonly Recipient[];
  readonly host: string;
  /** Paths that are never backed up: catalog, repository, keys. */
  readonly ownPaths: readonly string[];
  now(): Date;
  readonly concurrency: number;
  readonly workers?: number | undefined;
  /** Size at which packs are closed; for tests. */
  readonly packBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Something worth telling that is no warning. */
  onNote?(source: string, note: string): void;
}

export interface BackupOptions {
  readonly full?: boolean;
  readonly tags?: readonly string[];
  /** Accept a source that is empty, or has lost most of its entries. */
  readonly allowEmpty?: boolean;
  /** Go on from what the storage has, whatever this machine remembers; the operator has looked. */
  readonly acceptHistory?: boolean;
  /** Store nothing; tell what would be stored. */
  readonly dryRun?: boolean;
}

export interface BackedUp {
  /** Null for a dry run. */
  readonly id: string | null;
  readonly source: string;
  readonly kind: SnapshotKind;
  readonly generation: string;
  readonly parent: string | null;
  readonly sequence: number;
  readonly startedAt: string;
  readonly seconds: number;
  readonly entries: EntryCounts;
  readonly bytes: ByteCounts;
  readonly warnings: readonly Warning[];
  readonly warningsOmitted: number;
}

export interface BackupFailure {
  readonly source: string;
  readonly error: HoldfastError;
}

export interface BackupResult {
  readonly snapshots: readonly BackedUp[];
  /** Sources of which no snapshot was made. */
  readonly failures: readonly BackupFailure[];
}

/** Fewer entries than this may come and go. */
const SHRINK_FROM_ENTRIES = 20;
const SHRINK_TO_SHARE = 0.1;

/** What the steps of one source's backup share. */
export interface SourceRun extends BackupContext {
  readonly source: FolderSourceConfig;
  readonly options: BackupOptions;
  readonly history: SourceHistory;
  readonly generation: StoredGeneration;
  /** What packs are encrypted to. */
  readonly key: PublicKey;
  readonly kind: SnapshotKind;
  readonly started: Date;
}

/**
 * Backs up one source after the other. A source that fails does not stop the others; a target that fails does.
 * @throws whatever is not the fault of one source
 */
export async function backup(
  context: BackupContext,
  sources: readonly FolderSourceConfig[],
  options: BackupOptions,
): Promise<BackupResult> {
  useLittleMemory();
  const snapshots: BackedUp[] = [];
  const failures: BackupFailure[] = [];
  for (const source of sources) {
    try {
      snapshots.push(await backupSource(context, source, options));
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      failures.push({source: source.name, error});
    }
  }
  return {snapshots, failures};
}

async function backupSource(
  context: BackupContext,
  source: FolderSourceConfig,
  options: BackupOptions,
): Promise<BackedUp> {
  const started = context.now();
  const {catalog, repository, agents, trust} = context;
  return withLock(context, source.name, options.dryRun ?? false, async (renewLease) => {
    const history = await readSource(repository, agents, source.name, trust);
    if (options.acceptHistory !== true) refuseTampered(history, catalog);
    const chosen = await chooseGeneration(context, source, options, history, started);
    if (options.dryRun !== true) await syncCatalog(context, history, chosen.generation);
    const run: SourceRun = {...context, ...chosen, source, options, history, started};
    const {result, afterFailed} = await withHooks(source, context.signal, () =>
      snapshotSource(run, renewLease),
    );
    if (afterFailed === undefined) return result;
    return {...result, warnings: [...result.warnings, {path: '', problem: afterFailed.message}]};
  });
}

async function snapshotSource(run: SourceRun, renewLease: () => Promise<void>): Promise<BackedUp> {
  const {source, catalog, generation, options, signal, onNote} = run;
  const warnings = new WarningList();
  const session = await newSession([run.key]);
  await using packs = new PackStore(run, session, renewLease, (record) => writer.acknowledged(record));
  const writer = new BlobWriter({
    packer: packs.packer,
    blobIdKey: generation.blobIdKey,
    chunker: {...generation.chunker, seed: Buffer.from(generation.chunker.seed, 'base64')},
    isKnown: (id) => catalog.blobs.has(generation.id, id),
  });
  const {root, counts} = await walkFolder({
    root: folderOf(source),
    isExcluded: compileExcludes(source.exclude),
    excludeCaches: source.excludeCaches,
    oneFileSystem: source.oneFileSystem,
    own: ownInodes(run.ownPaths),
    writer,
    state: new WalkState(catalog, source.name, generation.id, options.dryRun !== true),
    signal,
    now: run.now,
    onProgress: (progress, current) => report(run, progress, current),
    onWarning: (path, problem) => warnings.add(path, problem),
    onNote: (path, note) => onNote?.(source.name, `${path.toString()}: ${note}`),
  });
  refuseShrunk(run, counts);
  await packs.finish();
  const committed = await commitSnapshot(run, session, packs, {
    root,
    counts,
    warnings,
    newBytes: writer.counts.bytes,
  });
  return {
    ...committed,
    source: source.name,
    kind: run.kind,
    generation: generation.name,
    startedAt: run.started.toISOString(),
    seconds: (run.now().getTime() - run.started.getTime()) / 1000,
    entries: counts.entries,
    warnings: warnings.kept,
    warningsOmitted: warnings.omitted,
  };
}

/** Where the source really lies: a configured path may lead through a link. */
function folderOf({name, folder}: FolderSourceConfig): string {
  try {
    return realpathSync(folder);
  } catch (cause) {
    throw new SourceError(`The folder ${folder} of ${name} cannot be read: ${(cause as Error).message}.`, {
      cause,
      hint: 'Check the path in the configuration, and whether its disk is mounted.',
    });
  }
}

/** A source that is suddenly empty is more often an unmounted disk or a disaster than a wish. */
function refuseShrunk({source, history, options}: SourceRun, {entries}: WalkCounts): void {
  if (options.allowEmpty === true || source.allowEmpty) return;
  const before = history.seals.at(-1)?.entries.total ?? 0;
  if (entries.total > 0 && (before < SHRINK_FROM_ENTRIES || entries.total > before * SHRINK_TO_SHARE)) return;
  const was = before > 0 ? `; the last snapshot had ${before}` : '';
  throw new SourceError(
    `The folder ${source.folder} of ${source.name} has ${entries.total} entries${was}. No snapshot was made.`,
    {
      hint: 'Check whether its disk is mounted; if it is meant to be so, run "holdfast backup --allow-empty" once, or set "allowEmpty: true".',
    },
  );
}

function report(run: SourceRun, {entries, bytes}: WalkCounts, current: Buffer): void {
  run.onProgress?.({phase: 'backup', files: {done: entries.total}, bytes: {done: bytes.read}, current});
}
