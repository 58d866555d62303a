/** Restores a snapshot into a folder. Needs the repository and a recipient's private key, nothing else. */
import type {PublicKey} from 'openpgp';
import type {RecipientKey} from '../crypto/recipient-key.ts';
import {DamageError} from '../errors.ts';
import type {SourceHistory} from '../repository/history.ts';
import {
  type OpenedGeneration,
  openSealedGeneration,
  readSealedSnapshot,
} from '../repository/open-snapshot.ts';
import type {Repository} from '../repository/repository.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import type {Warning} from '../repository/snapshot.ts';
import type {TreeEntry} from '../repository/tree.ts';
import {type TreeVisitor, walkTrees} from '../repository/tree-walk.ts';
import {NAME_NOT_ALLOWED, nameIsSound} from '../sources/folder/outcome.ts';
import {FolderWriter} from '../sources/folder/writer.ts';
import {useLittleMemory} from '../system/memory.ts';
import {damagedObjects, type MetDamage, salvageProgress} from './damaged-objects.ts';
import type {OnProgress} from './progress.ts';
import {ContentAhead, type FileContent, StepQueue} from './restore-ahead.ts';
import {FolderSink, type FolderSinkOptions} from './restore-folder.ts';
import type {EntrySink, RestoreReport} from './restore-sink.ts';
import {type TarSink, writeTar} from './restore-tar.ts';
import {isEverything, type Selection, selects} from './selection.ts';
import {WarningList} from './warnings.ts';

export interface RestoreContext extends FolderSinkOptions {
  readonly repository: Repository;
  readonly agents: readonly PublicKey[];
  readonly key: RecipientKey;
  readonly onProgress?: OnProgress | undefined;
  /** Is given the content that a program waits for, and passes it on: a drill measures. */
  readonly measure?: ((content: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>) | undefined;
}

export interface RestoreOptions extends Selection {
  readonly overwrite: 'never' | 'changed' | 'always';
  /** Bring back owners, setuid bits, devices and security attributes: by default only as root. */
  readonly owners?: boolean;
  readonly special?: boolean;
}

export interface RestoreResult {
  readonly snapshot: string;
  readonly source: string;
  /** Entries that were written, and those that were there already. */
  readonly entries: {readonly written: number; readonly present: number};
  /** Files that were written, and the bytes of content in them: holes, and a file's further names, have none. */
  readonly files: number;
  readonly bytes: number;
  readonly warnings: readonly Warning[];
  readonly warningsOmitted: number;
  /** What the repository could not give back whole. */
  readonly damaged: readonly Warning[];
  /** Objects of the repository that are damaged or missing, and were worked around as far as possible. */
  readonly damagedObjects: readonly MetDamage[];
}

/** Restores into `folder`. Run again after an interruption, it completes. */
export async function restoreToFolder(
  context: RestoreContext,
  history: SourceHistory,
  seal: CheckedSeal,
  folder: string,
  options: RestoreOptions,
): Promise<RestoreResult> {
  const warnings = new WarningList();
  const snapshot = await openSnapshot(context, history, seal); // A key that does not fit leaves no folder behind.
  using writer = new FolderWriter({
    root: folder,
    overwrite: options.overwrite,
    ...(options.owners !== undefined && {owners: options.owners}),
    ...(options.special !== undefined && {special: options.special}),
    onWarning: (path, problem) => warnings.add(path, problem),
  });
  const {root, ...totals} = await restoreEntries(
    context,
    snapshot,
    seal,
    options,
    (report) => new FolderSink(writer, snapshot.reader, report, context),
  );
  writer.finish(isEverything(options) ? root : undefined);
  return {
    ...totals,
    entries: {written: writer.counts.written, present: writer.counts.present},
    warnings: warnings.kept,
    warningsOmitted: warnings.omitted,
  };
}

/** Writes a snapshot as a tar stream (PAX), for `tar -x` or another program. */
export async function restoreToTar(
  context: RestoreContext,
  history: SourceHistory,
  seal: CheckedSeal,
  output: NodeJS.WritableStream,
  options: Selection,
): Promise<RestoreResult> {
  let written = 0;
  const warnings = new WarningList();
  // Whatever unpacks the archive may be less careful than our own writer.
  const isSound = (path: Buffer, {name}: TreeEntry): boolean => {
    if (nameIsSound(name)) return true;
    warnings.add(path, NAME_NOT_ALLOWED);
    return false;
  };
  const snapshot = await openSnapshot(context, history, seal);
  const {root: _root, ...totals} = await writeTar(output, (sink: TarSink) =>
    restoreEntries(context, snapshot, seal, options, (report) => ({
      readsContent: true,
      openDirectory: (path, entry) => {
        if (!isSound(path, entry)) return false;
        written++;
        return sink.openDirectory(path, entry);
      },
      closeDirectory: () => {},
      entry: async (path, entry, content) => {
        if (!isSound(path, entry)) return report.done(path, entry, undefined);
        written++;
        report.done(path, entry, await sink.entry(path, entry, content));
      },
    })),
  );
  return {
    ...totals,
    entries: {written, present: 0},
    warnings: warnings.kept,
    warningsOmitted: warnings.omitted,
  };
}

/** Tells what a restore into an empty folder would write, without writing. @param asTar with holes as zeros, as in an archive */
export async function restoreDryRun(
  context: RestoreContext,
  history: SourceHistory,
  seal: CheckedSeal,
  options: Selection,
  asTar = false,
): Promise<RestoreResult> {
  let written = 0;
  const linked = new Set<string>();
  const bytesOf = ({size = 0, extents, hardlink}: TreeEntry): number => {
    if (hardlink !== undefined && linked.has(hardlink)) return 0;
    if (hardlink !== undefined) linked.add(hardlink);
    return asTar || extents === undefined ? size : extents.reduce((sum, [, length]) => sum + length, 0);
  };
  const count = (): true => {
    written++;
    return true;
  };
  const snapshot = await openSnapshot(context, history, seal);
  const {root: _root, ...totals} = await restoreEntries(context, snapshot, seal, options, (report) => ({
    readsContent: false,
    openDirectory: count,
    closeDirectory: () => {},
    entry: async (path, entry) => report.done(path, entry, count() ? bytesOf(entry) : 0),
  }));
  return {...totals, entries: {written, present: 0}, warnings: [], warningsOmitted: 0};
}

interface OpenedSnapshot extends OpenedGeneration {
  readonly root: TreeEntry;
}

async function openSnapshot(
  {repository, agents, key, signal, onProgress}: RestoreContext,
  history: SourceHistory,
  seal: CheckedSeal,
): Promise<OpenedSnapshot> {
  const generation = await openSealedGeneration(repository, agents, history, seal, key, {
    readsAll: true,
    salvage: true,
    onSalvage: salvageProgress(onProgress),
    signal,
  });
  const {root} = await readSealedSnapshot(repository, agents, seal, generation.reader);
  return {...generation, root};
}

type RestoredEntries = Omit<RestoreResult, 'entries' | 'warnings' | 'warningsOmitted'> & {
  readonly root: TreeEntry;
};

async function restoreEntries(
  {signal, onProgress}: RestoreContext,
  opened: OpenedSnapshot,
  seal: CheckedSeal,
  selection: Selection,
  makeSink: (report: RestoreReport) => EntrySink,
): Promise<RestoredEntries> {
  useLittleMemory('unpack');
  const {reader, trees, root} = opened;
  await using _threads = reader;
  const damaged = new WarningList();
  let files = 0;
  let bytes = 0;
  let visited = 0;
  /** Directories on the way to here that nothing selected needed so far. */
  const pending: {path: Buffer; entry: TreeEntry}[] = [];
  const isOpened: boolean[] = [];
  const sink = makeSink({
    done(path, {type}, written) {
      if (type === 'file' && written !== undefined) files++;
      bytes += written ?? 0;
      onProgress?.({
        phase: 'restore',
        files: {done: visited, total: seal.entries.total},
        bytes: {done: bytes, total: seal.bytes.source},
        current: path,
      });
    },
    damaged: (path, problem) => damaged.add(path, problem),
  });
  const steps = new StepQueue(sink.readsContent);
  const ahead = new ContentAhead(reader);
  /** How deep the writing is in a directory that could not be made. */
  let left = 0;

  async function openPending(): Promise<void> {
    for (const {path, entry} of pending.splice(0)) {
      isOpened[depthOf(path)] = true;
      await steps.add(async () => {
        if (left > 0 || !(await sink.openDirectory(path, entry))) left++;
      });
    }
  }
  async function write(path: Buffer, entry: TreeEntry, content: FileContent | undefined): Promise<void> {
    using held = content;
    if (left > 0) return;
    signal?.throwIfAborted();
    try {
      await sink.entry(path, entry, () => held?.read(signal) ?? noContent());
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      damaged.add(path, error.message);
    }
  }
  const visitor: TreeVisitor = {
    async enter(path, entry) {
      visited++;
      if (selection.exclude?.(path, true) === true) return false;
      pending.push({path, entry});
      isOpened[depthOf(path)] = false;
      if (selects(selection, path, true)) await openPending();
      return true;
    },
    async leave(path) {
      if (isOpened[depthOf(path)] !== true) pending.pop();
      else
        await steps.add(() => {
          if (left > 0) left--;
          else sink.closeDirectory();
        });
    },
    async entry(path, entry) {
      signal?.throwIfAborted();
      visited++;
      if (!selects(selection, path, false)) return;
      await openPending();
      const content = entry.type === 'file' && sink.readsContent ? ahead.of(entry) : undefined;
      await steps.add(() => write(path, entry, content), content?.aheadBytes);
    },
    damaged: (path, error) => damaged.add(path, error.message),
  };
  await walkTrees(trees, root, seal.entries.total, visitor, signal);
  await steps.finish();
  await sink.flush?.();
  return {
    snapshot: seal.snapshot.id,
    source: seal.source,
    files,
    bytes,
    damaged: inOrder(damaged.kept),
    damagedObjects: damagedObjects(opened),
    root,
  };
}

/** Packs are read in no order that means anything. */
function inOrder(damaged: readonly Warning[]): Warning[] {
  return [...damaged].sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

async function* noContent(): AsyncGenerator<Uint8Array> {}

function depthOf(path: Buffer): number {
  let depth = 0;
  for (const byte of path) if (byte === 0x2f) depth++;
  return depth;
}
