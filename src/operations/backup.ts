/** Backs up sources: full at the start of a generation, else incremental (docs/DESIGN: the order of a backup). */
import type {PublicKey} from 'openpgp';
import type {Catalog} from '../catalog/catalog.ts';
import type {StoredGeneration} from '../catalog/generations.ts';
import type {SourceConfig} from '../config/source-types.ts';
import type {Recipient} from '../crypto/keys.ts';
import {newSession} from '../crypto/message.ts';
import {type HoldfastError, LimitError, SourceError, TamperError} from '../errors.ts';
import type {Agent} from '../repository/agent.ts';
import type {Problem} from '../repository/chain.ts';
import {readSource, type SourceHistory} from '../repository/history.ts';
import {BlobWriter} from '../repository/packing/blob-writer.ts';
import type {Repository} from '../repository/repository.ts';
import type {ByteCounts, EntryCounts, SnapshotKind} from '../repository/seal.ts';
import type {Suspicion, Warning} from '../repository/snapshot.ts';
import type {TrustFile} from '../repository/trust.ts';
import {useLittleMemory} from '../system/memory.ts';
import {SourceBases} from './backup-bases.ts';
import {refuseTampered, syncCatalog} from './backup-catalog.ts';
import {commitSnapshot} from './backup-commit.ts';
import {chooseGeneration} from './backup-generation.ts';
import {withLock} from './backup-lock.ts';
import {PackStore} from './backup-packs.ts';
import {readIntoBlobs} from './backup-read.ts';
import {clockProblem} from './clock.ts';
import {withHooks} from './hooks.ts';
import type {OnProgress} from './progress.ts';
import type {SelfCheck} from './self-check.ts';
import type {SelfCheckOptions} from './self-check-plan.ts';
import {checkAndHeal, storeLostTrees} from './self-heal.ts';
import {NoteList, WarningList} from './warnings.ts';

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
  /** How much the repository may hold: no full backup starts that would pass it. */
  readonly limitBytes?: number | undefined;
  readonly workers?: number | undefined;
  /** Size at which packs are closed; for tests. */
  readonly packBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Where the same backups lie in several places: who is told of the seal. What is stored is looked up each time, then. */
  readonly places?: SealWatch | undefined;
  /** How much of what is stored is looked at again; undefined for nothing. */
  readonly selfCheck?: SelfCheckOptions | undefined;
  /** What a source of the kind `stdin` reads. */
  readonly input?: AsyncIterable<Uint8Array> | undefined;
  /**
   * Something worth telling that is no warning.
   * @param kind `left-out`: it is of the source and meant to be so, and every backup says it again
   */
  onNote?(source: string, note: string, kind?: 'left-out'): void;
}

/** Is told of seals, so that the copies of a repository can be brought up to date. */
export interface SealWatch {
  /** Right before it is stored: whether it was is not known until `sealed`. */
  sealing(object: string): void;
  /** It is stored, at the end of this history. */
  sealed(history: SourceHistory): void;
}

export interface BackupOptions {
  readonly full?: boolean;
  readonly tags?: readonly string[];
  /** Accept a source that is empty, or looks suspicious; the operator has looked. */
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
  /** What is worth telling and no warning, such as a socket that is left out: the first thousand, and how many more there were. */
  readonly notes: readonly string[];
  readonly notesOmitted: number;
  /** How many of them are of what is left out on purpose, as every time: sockets, other file systems, tagged caches. */
  readonly leftOut: number;
  /** Why the snapshot is kept, but does not count as a good one; empty if nothing is suspicious. */
  readonly suspect: readonly Suspicion[];
  /** Requests to the target that failed for the time being and were tried again. */
  readonly retries: number;
  /** What was seen of what earlier backups stored; null where that is not looked at. */
  readonly selfCheck: SelfCheck | null;
}

export interface BackupFailure {
  readonly source: string;
  readonly error: HoldfastError;
}

export interface BackupResult {
  readonly snapshots: readonly BackedUp[];
  /** Sources of which no snapshot was made. */
  readonly failures: readonly BackupFailure[];
  /** What is damaged in the history of these sources, and did not stop their backup. */
  readonly problems: readonly Problem[];
}

/** What the steps of one source's backup share. */
export interface SourceRun extends BackupContext {
  readonly source: SourceConfig;
  readonly options: BackupOptions;
  readonly history: SourceHistory;
  readonly generation: StoredGeneration;
  /** What packs are encrypted to. */
  readonly key: PublicKey;
  readonly kind: SnapshotKind;
  /** Why the generation is older than it should be. */
  readonly overdue?: string | undefined;
  readonly started: Date;
}

/**
 * Backs up one source after the other. A source that fails, or whose history was tampered with, does not stop the others; a target that
 * fails does.
 * @throws whatever is not the fault of one source
 */
export async function backup(
  context: BackupContext,
  sources: readonly SourceConfig[],
  options: BackupOptions,
): Promise<BackupResult> {
  useLittleMemory('pack');
  const snapshots: BackedUp[] = [];
  const failures: BackupFailure[] = [];
  const problems: Problem[] = [];
  for (const source of sources) {
    try {
      snapshots.push(await backupSource(context, source, options, problems));
    } catch (error) {
      const isOfSource =
        error instanceof SourceError || error instanceof TamperError || error instanceof LimitError;
      if (!isOfSource) throw error;
      failures.push({source: source.name, error});
    }
  }
  return {snapshots, failures, problems};
}

async function backupSource(
  outer: BackupContext,
  source: SourceConfig,
  options: BackupOptions,
  problems: Problem[],
): Promise<BackedUp> {
  const notes = new NoteList();
  const context: BackupContext = {
    ...outer,
    onNote: (name, note, kind) => {
      notes.add(note, kind);
      outer.onNote?.(name, note, kind);
    },
  };
  const started = context.now();
  const {catalog, repository, agents, trust} = context;
  const retriesBefore = repository.target.retries ?? 0;
  const made = await withLock(context, source.name, options.dryRun ?? false, async (renewLease) => {
    const cataloged = catalog.snapshots.newest(source.name)?.sequence;
    const history = await readSource(repository, agents, source.name, trust, cataloged);
    if (options.acceptHistory !== true) {
      refuseTampered(history, catalog);
      problems.push(...history.problems);
    }
    const chosen = await chooseGeneration(context, source, options, history, started);
    problems.push(...chosen.problems);
    if (options.dryRun !== true) await syncCatalog(context, history, chosen.generation);
    const check =
      options.dryRun === true
        ? undefined
        : await checkAndHeal(context, history, chosen.generation, renewLease);
    const run: SourceRun = {...context, ...chosen, source, options, history, started};
    try {
      const {result, afterFailed} = await withHooks(source, context.signal, () =>
        snapshotSource(run, renewLease),
      );
      const selfCheck = check?.result() ?? null;
      const late = [afterFailed?.message, selfCheck?.error].flatMap((problem) => problem ?? []);
      return {
        ...result,
        selfCheck,
        warnings: [...result.warnings, ...late.map((problem) => ({path: '', problem}))],
      };
    } finally {
      problems.push(...(check?.problems() ?? []));
    }
  });
  return {
    ...made,
    notes: notes.kept,
    notesOmitted: notes.omitted,
    leftOut: notes.leftOut,
    retries: (repository.target.retries ?? 0) - retriesBefore,
  };
}

async function snapshotSource(
  run: SourceRun,
  renewLease: () => Promise<void>,
): Promise<Omit<BackedUp, 'notes' | 'notesOmitted' | 'leftOut' | 'retries' | 'selfCheck'>> {
  const {source, catalog, generation} = run;
  const warnings = new WarningList();
  const clock = clockProblem(run.history, run.started);
  if (clock !== undefined) warnings.add(Buffer.alloc(0), clock);
  if (run.overdue !== undefined) warnings.add(Buffer.alloc(0), run.overdue);
  const session = await newSession([run.key]);
  await using packs = new PackStore(run, session, renewLease, (record) => writer.acknowledged(record));
  const writer = new BlobWriter({
    packer: packs.packer,
    blobIdKey: generation.blobIdKey,
    chunker: {...generation.chunker, seed: Buffer.from(generation.chunker.seed, 'base64')},
    isKnown: (id) => catalog.blobs.has(generation.id, id),
    isFresh: catalog.blobs.isEmpty(generation.id),
  });
  if (run.options.dryRun !== true) await storeLostTrees(run, writer);
  using bases = await SourceBases.open(run);
  const {root, counts, dump, witness} = await readIntoBlobs(run, writer, warnings, bases);
  await packs.finish();
  const committed = await commitSnapshot(run, session, packs, {
    root,
    counts,
    warnings,
    newBytes: writer.counts.bytes,
    dump,
    witness,
  });
  bases?.keep();
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
