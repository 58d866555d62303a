/** Walks a folder in name order, compares it with the last walk, and stores what is new (DESIGN §6). */
import {type BigIntStats, lstatSync} from 'node:fs';
import {setImmediate} from 'node:timers/promises';
import {STATS} from '../../catalog/directories.ts';
import {SourceError} from '../../errors.ts';
import type {BlobId} from '../../repository/layout.ts';
import type {BlobWriter} from '../../repository/packing/blob-writer.ts';
import {cutTree, encodeEntry, type TreeEntry} from '../../repository/tree.ts';
import {type Libc, loadLibc} from '../../system/libc.ts';
import {isTaggedCache} from './cache-tag.ts';
import {describeEntry, entryType, inodeKey} from './entry.ts';
import type {PathFilter} from './exclude.ts';
import {type FsPath, fsPath, listNames, WalkedDirectory} from './names.ts';
import {type FileContent, ReplacedError, storeFile} from './read-file.ts';
import type {KnownDirectory, NewPart, WalkState} from './state.ts';

export interface WalkOptions {
  /** Absolute. */
  readonly root: string;
  readonly isExcluded: PathFilter;
  readonly excludeCaches: boolean;
  readonly oneFileSystem: boolean;
  /** `device:inode` of what must not be backed up into itself: repository, catalog. */
  readonly own: ReadonlySet<string>;
  readonly writer: BlobWriter;
  readonly state: WalkState;
  readonly signal?: AbortSignal | undefined;
  now(): Date;
  /** Called often. `current` is the path of the entry, relative to the root. */
  onProgress?(counts: WalkCounts, current: Buffer): void;
  /** Something could not be backed up as it is. */
  onWarning(path: Buffer, problem: string): void;
  /** Something was left out on purpose. */
  onNote(path: Buffer, note: string): void;
}

export interface WalkCounts {
  readonly entries: {new: number; changed: number; unchanged: number; removed: number; total: number};
  readonly bytes: {source: number; read: number};
}

/** A file modified this close before it was listed may change again without its times telling. */
const RACY_NS = 50_000_000n;
const RACY_COARSE_NS = 2_000_000_000n;
const RACY = -1n;
const REPLACED = 'it was replaced by something else while the folder was walked';
/** How long the walk may keep the event loop to itself. */
const TURN_MS = 25;

interface SeenEntry {
  readonly name: string;
  /** Its line in the new tree; undefined while it is that of the known one. */
  readonly line: string | undefined;
  /** Its position in the known directory, or -1. */
  readonly known: number;
  /** It was read again: its position in the known directory, where its line may turn out to be the same. */
  readonly reread?: number;
}

type Content = Pick<TreeEntry, 'content' | 'contentIn' | 'extents' | 'size' | 'changed'>;

/** A file's chunk ids beyond this many are stored as blobs of their own. */
const IDS_MOST = 4096;
const IDS_PER_BLOB = 32_768;

/**
 * Walks the folder and returns its root entry.
 * @throws {@link SourceError} if the root itself cannot be read; whatever the writer's packer failed with
 */
export async function walkFolder(options: WalkOptions): Promise<{root: TreeEntry; counts: WalkCounts}> {
  const walk = new Walk(options);
  const root = await walk.start();
  options.state.flush();
  return {root, counts: walk.counts};
}

class Walk {
  readonly counts: WalkCounts = {
    entries: {new: 0, changed: 0, unchanged: 0, removed: 0, total: 0},
    bytes: {source: 0, read: 0},
  };
  readonly #options: WalkOptions;
  readonly #libc: Libc | undefined = loadLibc();
  /** Content of inodes with several names, until all of them were seen. */
  readonly #linked = new Map<string, {content: Content; namesLeft: bigint; stats: BigIntStats}>();
  #device = 0n;
  #turnStarted = performance.now();

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  async start(): Promise<TreeEntry> {
    const {root, state} = this.#options;
    let stats: BigIntStats;
    try {
      stats = lstatSync(root, {bigint: true});
      if (!stats.isDirectory()) throw new Error('it is not a folder');
      listNames(root);
    } catch (cause) {
      throw new SourceError(`The folder ${root} cannot be read: ${(cause as Error).message}.`, {
        cause,
        hint: 'Check the path in the configuration, whether its disk is mounted, and who may read it.',
      });
    }
    this.#device = stats.dev;
    const empty = Buffer.alloc(0);
    if (this.#libc === undefined)
      this.#warn(
        empty,
        'extended attributes, ACLs and holes are not backed up: reading them needs Linux and the package koffi',
      );
    const {trees} = await this.#directory(root, empty, listNames(root), state.known(empty));
    return {
      ...describeEntry('.', root, 'directory', stats, this.#libc, (problem) => this.#warn(empty, problem)),
      tree: trees,
    };
  }

  /** @returns the directory's trees, and whether they are what they were */
  async #directory(
    path: FsPath,
    relative: Buffer,
    listed: readonly string[],
    known: KnownDirectory | undefined,
  ): Promise<{trees: readonly BlobId[]; same: boolean}> {
    using directory = new WalkedDirectory(path);
    const countsBefore = {entries: {...this.counts.entries}, source: this.counts.bytes.source};
    const names =
      this.#options.excludeCaches && isTaggedCache(directory.path, listed) ? ['CACHEDIR.TAG'] : listed;
    if (names !== listed) this.#options.onNote(relative, 'marked by CACHEDIR.TAG, its content is left out');
    const seen: SeenEntry[] = [];
    const stats = new BigInt64Array(names.length * STATS);
    let next = 0;
    let unchanged = 0;
    for (const name of names) {
      await this.#takeTurn(relative);
      while (known !== undefined && next < known.names.length && (known.names[next] as string) < name)
        this.#gone(relative, known.names[next++] as string);
      const at = known !== undefined && known.names[next] === name ? next++ : -1;
      const entry = await this.#entry(
        fsPath(directory.path, name),
        joined(relative, name),
        name,
        at,
        known,
        stats,
        seen.length,
      );
      if (entry === undefined) continue;
      seen.push(entry);
      if (entry.line === undefined && entry.known === seen.length - 1) unchanged++;
    }
    while (known !== undefined && next < known.names.length)
      this.#gone(relative, known.names[next++] as string);
    if (known !== undefined && unchanged === known.names.length && seen.length === unchanged)
      return {trees: known.trees, same: true};
    const {state} = this.#options;
    const knownLines = known === undefined ? [] : state.lines(known);
    if (knownLines === undefined) {
      // The catalog lost a tree: walk this directory as if it were new, and count it once.
      Object.assign(this.counts.entries, countsBefore.entries);
      this.counts.bytes.source = countsBefore.source;
      return this.#directory(path, relative, listed, undefined);
    }
    return this.#newTree(relative, known, knownLines, seen, stats.subarray(0, seen.length * STATS));
  }

  /** Puts a changed directory's listing together from new lines and the known lines of what did not change. */
  async #newTree(
    relative: Buffer,
    known: KnownDirectory | undefined,
    knownLines: readonly string[],
    seen: readonly SeenEntry[],
    stats: BigInt64Array,
  ): Promise<{trees: readonly BlobId[]; same: boolean}> {
    for (const {line, reread} of seen) {
      if (reread === undefined || knownLines[reread] !== line) continue;
      // Too young to be trusted, or touched and set back: nothing of it is another than before.
      this.counts.entries.changed--;
      this.counts.entries.unchanged++;
    }
    const names = seen.map((entry) => entry.name);
    const lines = seen.map((entry) => entry.line ?? (knownLines[entry.known] as string));
    const parts: NewPart[] = [];
    let start = 0;
    for (const end of cutTree(names, lines)) {
      const content = Buffer.from(`${lines.slice(start, end).join('\n')}\n`);
      const tree = await this.#options.writer.storeWhole('tree', content);
      parts.push({
        tree,
        content,
        names: names.slice(start, end),
        stats: stats.slice(start * STATS, end * STATS),
      });
      start = end;
    }
    this.#options.state.note(relative, parts);
    const trees = parts.map((part) => part.tree);
    return {trees, same: known !== undefined && trees.join() === known.trees.join()};
  }

  async #entry(
    path: FsPath,
    relative: Buffer,
    name: string,
    knownAt: number,
    known: KnownDirectory | undefined,
    stats: BigInt64Array,
    position: number,
  ): Promise<SeenEntry | undefined> {
    const now = BigInt(this.#options.now().getTime()) * 1_000_000n;
    let listed: BigIntStats;
    try {
      listed = lstatSync(path, {bigint: true});
    } catch (error) {
      this.#warn(relative, unreadable(error));
      if (knownAt >= 0) this.#gone(relative, undefined);
      return undefined;
    }
    const type = entryType(listed);
    if (this.#isLeftOut(relative, listed, type)) {
      if (knownAt >= 0) this.#gone(relative, undefined);
      return undefined;
    }
    const isSame = knownAt >= 0 && known !== undefined && sameStats(known.stats, knownAt, listed);
    if (type === 'directory')
      return this.#subdirectory(path, relative, name, knownAt, known, listed, isSame, stats, position, now);
    if (isSame && type !== undefined) {
      writeStats(stats, position, listed, now);
      this.#count('unchanged', type === 'file' ? Number(listed.size) : 0);
      return {name, line: undefined, known: knownAt};
    }
    try {
      const {entry, after} = await this.#describe(path, relative, name, listed);
      writeStats(stats, position, after, now);
      this.#count(knownAt < 0 ? 'new' : 'changed', entry.size ?? 0);
      return {name, line: encodeEntry(entry), known: -1, ...(knownAt >= 0 && {reread: knownAt})};
    } catch (error) {
      if (!isSourceFault(error)) throw error;
      this.#warn(relative, unreadable(error));
      if (knownAt >= 0) this.#gone(relative, undefined);
      return undefined;
    }
  }

  async #subdirectory(
    path: FsPath,
    relative: Buffer,
    name: string,
    knownAt: number,
    parentKnown: KnownDirectory | undefined,
    listed: BigIntStats,
    isSame: boolean,
    stats: BigInt64Array,
    position: number,
    now: bigint,
  ): Promise<SeenEntry | undefined> {
    const {state, oneFileSystem} = this.#options;
    const known = parentKnown === undefined ? undefined : state.known(relative);
    let names: string[] = [];
    if (oneFileSystem && listed.dev !== this.#device) {
      this.#options.onNote(relative, 'another file system, its content is left out');
    } else {
      try {
        names = listNames(path);
        // A link that has taken its place would have been followed to anywhere.
        if (!lstatSync(path).isDirectory()) throw new ReplacedError(REPLACED);
      } catch (error) {
        if (!isSourceFault(error)) throw error;
        this.#warn(relative, unreadable(error));
        if (knownAt >= 0) this.#gone(relative, undefined);
        return undefined;
      }
    }
    const {trees, same} = await this.#directory(path, relative, names, known);
    writeStats(stats, position, listed, now);
    if (isSame && same) {
      this.#count('unchanged', 0);
      return {name, line: undefined, known: knownAt};
    }
    const entry = describeEntry(name, path, 'directory', listed, this.#libc, (problem) =>
      this.#warn(relative, problem),
    );
    this.#count(knownAt < 0 ? 'new' : 'unchanged', 0);
    return {name, line: encodeEntry({...entry, tree: trees}), known: -1};
  }

  async #describe(
    path: FsPath,
    relative: Buffer,
    name: string,
    listed: BigIntStats,
  ): Promise<{entry: TreeEntry; after: BigIntStats}> {
    const type = entryType(listed);
    if (type === undefined) throw new ReplacedError('it is of a kind that cannot be backed up');
    const onProblem = (problem: string) => this.#warn(relative, problem);
    if (type !== 'file')
      return {entry: describeEntry(name, path, type, listed, this.#libc, onProblem), after: listed};
    const {content, stats: after} = await this.#content(path, relative, listed);
    return {entry: {...describeEntry(name, path, type, after, this.#libc, onProblem), ...content}, after};
  }

  /** A file's content; that of an inode with several names is read once. */
  async #content(
    path: FsPath,
    relative: Buffer,
    listed: BigIntStats,
  ): Promise<{content: Content; stats: BigIntStats}> {
    const key = listed.nlink > 1n ? inodeKey(listed) : undefined;
    const linked = key === undefined ? undefined : this.#linked.get(key);
    if (key !== undefined && linked !== undefined && linked.stats.ctimeNs === listed.ctimeNs) {
      if (--linked.namesLeft === 0n) this.#linked.delete(key);
      return linked;
    }
    const file = await storeFile(path, listed, this.#options.writer, this.#libc);
    this.counts.bytes.read += file.readBytes;
    if (file.changed) this.#warn(relative, 'it changed while it was read; it was kept as it was read last');
    const content = await this.#contentOf(file);
    if (key !== undefined) this.#linked.set(key, {content, namesLeft: listed.nlink - 1n, stats: file.stats});
    return {content, stats: file.stats};
  }

  async #contentOf({blobs, sizeBytes, extents, changed}: FileContent): Promise<Content> {
    const rest = {size: sizeBytes, ...(extents && {extents}), ...(changed && {changed})};
    if (blobs.length <= IDS_MOST) return {...rest, content: blobs};
    const contentIn: BlobId[] = [];
    for (let at = 0; at < blobs.length; at += IDS_PER_BLOB) {
      contentIn.push(
        await this.#options.writer.storeWhole(
          'tree',
          Buffer.from(blobs.slice(at, at + IDS_PER_BLOB).join(''), 'hex'),
        ),
      );
    }
    return {...rest, contentIn};
  }

  #isLeftOut(relative: Buffer, stats: BigIntStats, type: TreeEntry['type'] | undefined): boolean {
    const {isExcluded, own, onNote} = this.#options;
    if (isExcluded(relative, type === 'directory')) return true;
    if (type === undefined) {
      onNote(relative, 'a socket, which cannot be backed up');
      return true;
    }
    if (own.size > 0 && own.has(inodeKey(stats))) {
      onNote(relative, "Holdfast's own repository or catalog, left out");
      return true;
    }
    return false;
  }

  #count(kind: 'new' | 'changed' | 'unchanged', sizeBytes: number): void {
    this.counts.entries[kind]++;
    this.counts.entries.total++;
    this.counts.bytes.source += sizeBytes;
  }

  /** An entry that was there is not there any more; with `name`, that entry of the directory `relative`. */
  #gone(relative: Buffer, name: string | undefined): void {
    this.counts.entries.removed +=
      1 + this.#options.state.noteGone(name === undefined ? relative : joined(relative, name));
  }

  #warn(relative: Buffer, problem: string): void {
    this.#options.onWarning(relative, problem);
  }

  /** Lets uploads, workers and signals have their turn now and then. */
  async #takeTurn(current: Buffer): Promise<void> {
    if (performance.now() - this.#turnStarted < TURN_MS) return;
    this.#options.onProgress?.(this.counts, current);
    await setImmediate();
    this.#options.signal?.throwIfAborted();
    this.#turnStarted = performance.now();
  }
}

function joined(relative: Buffer, name: string): Buffer {
  const bytes = Buffer.from(name, 'latin1');
  return relative.length === 0 ? bytes : Buffer.concat([relative, Buffer.from('/'), bytes]);
}

function sameStats(known: BigInt64Array, position: number, stats: BigIntStats): boolean {
  const at = position * STATS;
  return (
    isEqual(known[at + 1], stats.mtimeNs) &&
    isEqual(known[at + 2], stats.ctimeNs) &&
    isEqual(known[at + 3], stats.ino) &&
    (stats.isDirectory() || isEqual(known[at], stats.size))
  );
}

/** Stored numbers have 64 bits; an inode or a time of the year 2400 may need more. */
function isEqual(stored: bigint | undefined, value: bigint): boolean {
  return stored === value || stored === BigInt.asIntN(64, value);
}

/** @param now when it was listed. Times so close to it cannot tell the next change: then they are not kept. */
function writeStats(
  stats: BigInt64Array,
  position: number,
  {size, mtimeNs, ctimeNs, ino}: BigIntStats,
  now: bigint,
): void {
  const isCoarse = ctimeNs % 1_000_000_000n === 0n;
  const isRacy = ctimeNs > now - (isCoarse ? RACY_COARSE_NS : RACY_NS);
  const at = position * STATS;
  stats[at] = size;
  stats[at + 1] = mtimeNs;
  stats[at + 2] = isRacy ? RACY : ctimeNs;
  stats[at + 3] = ino;
}

/** Whether it is the source's fault, so that the entry is left out and the rest goes on; any other failure ends the run. */
function isSourceFault(error: unknown): boolean {
  return (
    error instanceof ReplacedError ||
    (error instanceof Error && 'syscall' in error && !('transient' in error))
  );
}

function unreadable(error: unknown): string {
  const {code, message} = error as NodeJS.ErrnoException;
  if (error instanceof ReplacedError) return message;
  if (code === 'ENOENT') return 'it vanished while the folder was walked';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'ELOOP' || code === 'ENXIO' || code === 'ENOTDIR') return REPLACED;
  return `it cannot be read: ${message.replace(/,.*$/, '')}`;
}
