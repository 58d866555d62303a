/** Walks a folder in name order, compares it with the last walk, and stores what is new (DESIGN §6). */
import {type BigIntStats, lstatSync} from 'node:fs';
import {STATS} from '../../catalog/directories.ts';
import {SourceError} from '../../errors.ts';
import type {BlobId} from '../../repository/layout.ts';
import type {BlobWriter} from '../../repository/packing/blob-writer.ts';
import {type EntryType, encodeDirectoryItself, encodeEntry, type TreeEntry} from '../../repository/tree.ts';
import {type Libc, loadLibc} from '../../system/libc.ts';
import {whyFailed} from '../../system/system-error.ts';
import {isTaggedCache} from './cache-tag.ts';
import {isAsBefore, type SeenEntry} from './changed-entry.ts';
import {describeEntry, entryType} from './entry.ts';
import {sameStats, statsToKeep} from './entry-stats.ts';
import {LeftOut, type LeftOutOptions} from './left-out.ts';
import {storeListing} from './listing.ts';
import {
  type BytePath,
  childPath,
  type FsPath,
  fsPath,
  listNames,
  pathBytes,
  WalkedDirectory,
} from './names.ts';
import {ReplacedError} from './read-file.ts';
import type {KnownDirectory, WalkState} from './state.ts';
import {ContentStore} from './stored-content.ts';
import {faultText, isSourceFault, REPLACED} from './walk-faults.ts';
import {type ProgressOptions, type WalkCounts, WalkProgress} from './walk-progress.ts';

export interface WalkOptions extends LeftOutOptions, ProgressOptions {
  /** Absolute. */
  readonly root: string;
  readonly excludeCaches: boolean;
  readonly oneFileSystem: boolean;
  readonly writer: BlobWriter;
  readonly state: WalkState;
  now(): Date;
  /** Something could not be backed up as it is. */
  onWarning(path: Buffer, problem: string): void;
}

/** What the walk is looking at. */
interface Candidate {
  readonly path: FsPath;
  readonly relative: BytePath;
  readonly name: string;
  readonly listed: BigIntStats;
  readonly listedMs: number;
  /** Its position in the known directory, or -1. */
  readonly knownAt: number;
  readonly isSame: boolean;
}

interface WalkedTree {
  readonly trees: readonly BlobId[];
  /** They are what they were. */
  readonly same: boolean;
}

/**
 * Walks the folder and returns its root entry.
 * @throws {@link SourceError} if the root itself cannot be read; whatever the writer's packer failed with
 */
export async function walkFolder(options: WalkOptions): Promise<{root: TreeEntry; counts: WalkCounts}> {
  const walk = new Walk(options);
  const root = await walk.start();
  options.state.flush();
  return {root, counts: walk.progress.counts};
}

class Walk {
  readonly progress: WalkProgress;
  readonly #options: WalkOptions;
  readonly #libc: Libc | undefined = loadLibc();
  readonly #leftOut: LeftOut;
  readonly #contents: ContentStore;
  #device = 0n;

  constructor(options: WalkOptions) {
    this.#options = options;
    this.progress = new WalkProgress(options);
    this.#leftOut = new LeftOut(options);
    this.#contents = new ContentStore(options.writer, this.#libc);
  }

  async start(): Promise<TreeEntry> {
    const {root, state} = this.#options;
    let stats: BigIntStats;
    try {
      stats = lstatSync(root, {bigint: true});
      if (!stats.isDirectory()) throw new Error('it is not a folder');
      listNames(root);
    } catch (cause) {
      throw new SourceError(`The folder ${root} cannot be read: ${whyFailed(cause)}.`, {
        cause,
        hint: 'Check the path in the configuration, whether its disk is mounted, and who may read it.',
      });
    }
    this.#device = stats.dev;
    if (this.#libc === undefined)
      this.#warn(
        '',
        'extended attributes, ACLs and holes are not backed up: reading them needs Linux and the package koffi',
      );
    const {trees} = await this.#directory(root, '', listNames(root), state.known(pathBytes('')));
    return {...this.#describe('.', root, 'directory', stats, ''), tree: trees};
  }

  async #directory(
    path: FsPath,
    relative: BytePath,
    listed: readonly string[],
    known: KnownDirectory | undefined,
  ): Promise<WalkedTree> {
    using directory = new WalkedDirectory(path);
    const {now, state} = this.#options;
    const recount = this.progress.mark();
    const names = this.#withoutCache(directory.path, relative, listed);
    const knownNames = known?.names ?? [];
    const seen: SeenEntry[] = [];
    let next = 0;
    let unchanged = 0;
    for (const name of names) {
      if (this.progress.isTurnOver) await this.progress.endTurn(relative);
      while (next < knownNames.length && (knownNames[next] as string) < name)
        this.#gone(childPath(relative, knownNames[next++] as string));
      const knownAt = knownNames[next] === name ? next++ : -1;
      // Nothing but an lstat and a comparison for what is unchanged: most entries are, most of the time.
      const candidate = {
        path: fsPath(directory.path, name),
        relative: childPath(relative, name),
        name,
        knownAt,
      };
      const listedMs = now().getTime();
      const stats = this.#lstat(candidate.path, candidate.relative);
      const type = stats && entryType(stats);
      if (stats === undefined || this.#leftOut.has(candidate.relative, stats, type) || type === undefined) {
        if (knownAt >= 0) this.#gone(candidate.relative);
        continue;
      }
      const isSame = knownAt >= 0 && known !== undefined && sameStats(known.stats, knownAt, stats);
      let entry: SeenEntry | undefined;
      if (isSame && type !== 'directory') {
        this.progress.count('unchanged', type === 'file' ? Number(stats.size) : 0);
        entry = knownAt;
      } else {
        const changed = {...candidate, listed: stats, listedMs, isSame};
        entry = await (type === 'directory'
          ? this.#subdirectory(changed, known)
          : this.#changed(changed, type));
        if (entry === undefined) {
          if (knownAt >= 0) this.#gone(candidate.relative);
          continue;
        }
      }
      if (entry === seen.length) unchanged++;
      seen.push(entry);
    }
    while (next < knownNames.length) this.#gone(childPath(relative, knownNames[next++] as string));
    if (known !== undefined && unchanged === knownNames.length && seen.length === unchanged)
      return {trees: known.trees, same: true};
    const knownLines = known === undefined ? [] : state.lines(known);
    if (knownLines !== undefined) return this.#newListing(relative, seen, known, knownLines);
    recount(); // The catalog lost a tree: walk this directory as if it were new, and count it once.
    return this.#directory(path, relative, listed, undefined);
  }

  /** Puts a changed directory's listing together from new lines and the known lines of what did not change. */
  async #newListing(
    relative: BytePath,
    seen: readonly SeenEntry[],
    known: KnownDirectory | undefined,
    knownLines: readonly string[],
  ): Promise<WalkedTree> {
    const names: string[] = [];
    const lines: string[] = [];
    const stats = new BigInt64Array(seen.length * STATS);
    for (const [position, entry] of seen.entries()) {
      if (typeof entry !== 'number') {
        if (entry.reread !== undefined && isAsBefore(knownLines[entry.reread] as string, entry))
          this.progress.recountAsUnchanged();
        names.push(entry.name);
        lines.push(entry.line);
        stats.set(entry.stats, position * STATS);
      } else if (known !== undefined) {
        names.push(known.names[entry] as string);
        lines.push(knownLines[entry] as string);
        stats.set(known.stats.subarray(entry * STATS, (entry + 1) * STATS), position * STATS);
      }
    }
    const trees = await storeListing(this.#options, pathBytes(relative), names, lines, stats);
    return {trees, same: known !== undefined && trees.join() === known.trees.join()};
  }

  /** @returns undefined (after a warning) if it cannot be read */
  async #changed(candidate: Candidate, type: EntryType): Promise<SeenEntry | undefined> {
    const {path, relative, name, listed, listedMs, knownAt} = candidate;
    try {
      const {content, stats} =
        type === 'file' ? await this.#content(path, relative, listed) : {stats: listed};
      const entry: TreeEntry = {...this.#describe(name, path, type, stats, relative), ...content};
      this.progress.count(knownAt < 0 ? 'new' : 'changed', entry.size ?? 0);
      return {
        name,
        line: encodeEntry(entry),
        stats: statsToKeep(stats, listedMs),
        ...(knownAt >= 0 && {reread: knownAt}),
      };
    } catch (error) {
      return this.#unreadable(relative, error);
    }
  }

  /** @returns undefined (after a warning) if it cannot be read */
  async #subdirectory(
    candidate: Candidate,
    parent: KnownDirectory | undefined,
  ): Promise<SeenEntry | undefined> {
    const {path, relative, name, listed, listedMs, knownAt, isSame} = candidate;
    const {state, oneFileSystem, onNote} = this.#options;
    let names: string[] = [];
    if (oneFileSystem && listed.dev !== this.#device) {
      onNote(pathBytes(relative), 'another file system, its content is left out');
    } else {
      try {
        names = listNames(path);
        // A link that has taken its place would have been followed to anywhere.
        if (!lstatSync(path).isDirectory()) throw new ReplacedError(REPLACED);
      } catch (error) {
        return this.#unreadable(relative, error);
      }
    }
    const known = parent === undefined ? undefined : state.known(pathBytes(relative));
    const {trees, same} = await this.#directory(path, relative, names, known);
    this.progress.count(knownAt < 0 ? 'new' : isSame ? 'unchanged' : 'changed', 0);
    if (isSame && same) return knownAt;
    const entry = {...this.#describe(name, path, 'directory', listed, relative), tree: trees};
    return {
      name,
      line: encodeEntry(entry),
      stats: statsToKeep(listed, listedMs),
      ...(knownAt >= 0 && !isSame && {reread: knownAt, itself: encodeDirectoryItself(entry)}),
    };
  }

  async #content(
    path: FsPath,
    relative: BytePath,
    listed: BigIntStats,
  ): Promise<Pick<Awaited<ReturnType<ContentStore['store']>>, 'content' | 'stats'>> {
    const stored = await this.#contents.store(path, listed);
    this.progress.counts.bytes.read += stored.readBytes ?? 0;
    if (stored.readBytes !== undefined && stored.content.changed === true)
      this.#warn(relative, 'it changed while it was read; it was kept as it was read last');
    return stored;
  }

  #describe(name: string, path: FsPath, type: EntryType, stats: BigIntStats, relative: BytePath): TreeEntry {
    return describeEntry(name, path, type, stats, this.#libc, (problem) => this.#warn(relative, problem));
  }

  #lstat(path: FsPath, relative: BytePath): BigIntStats | undefined {
    try {
      return lstatSync(path, {bigint: true});
    } catch (error) {
      this.#warn(relative, faultText(error));
      return undefined;
    }
  }

  #withoutCache(path: FsPath, relative: BytePath, names: readonly string[]): readonly string[] {
    if (!this.#options.excludeCaches || !isTaggedCache(path, names)) return names;
    this.#options.onNote(pathBytes(relative), 'marked by CACHEDIR.TAG, its content is left out');
    return ['CACHEDIR.TAG'];
  }

  /** An entry that was there is not there any more. */
  #gone(relative: BytePath): void {
    this.progress.counts.entries.removed += 1 + this.#options.state.noteGone(pathBytes(relative));
  }

  /** Warns, unless the failure is not the entry's. */
  #unreadable(relative: BytePath, error: unknown): undefined {
    if (!isSourceFault(error)) throw error;
    this.#warn(relative, faultText(error));
  }

  #warn(relative: BytePath, problem: string): void {
    this.#options.onWarning(pathBytes(relative), problem);
  }
}
