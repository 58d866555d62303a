/** Looks at a folder without reading it: names, sizes and times of what is in it, for as long as it may take. */
import {lstatSync, type Stats} from 'node:fs';
import {setImmediate as otherWork} from 'node:timers/promises';
import {SourceError} from '../../errors.ts';
import {isTaggedCache} from '../../sources/folder/cache-tag.ts';
import type {PathFilter} from '../../sources/folder/exclude.ts';
import {type BytePath, childPath, type FsPath, fsPath, listNames} from '../../sources/folder/names.ts';
import {whyFailed} from '../../system/system-error.ts';
import {kindOf, liveDatabaseIn, madeAgain, sensitivityOf} from './kinds.ts';
import {type SampleResult, Samples} from './samples.ts';

export interface ScanOptions {
  /** Absolute. */
  readonly root: string;
  readonly isExcluded: PathFilter | undefined;
  readonly excludeCaches: boolean;
  readonly oneFileSystem: boolean;
  /** Keys of inodes that are never backed up. */
  readonly isOwn: (stats: Stats) => boolean;
  /** How long looking around may take; folders that were not reached are estimated. */
  readonly mostMs: number;
  readonly now: () => Date;
  /** From 0 to 1, never 1. */
  readonly random: () => number;
  readonly signal?: AbortSignal | undefined;
  onProgress?(entries: number): void;
}

export interface Amount {
  files: number;
  bytes: number;
}

export interface FolderScan {
  /** Whether every folder was looked into. */
  readonly complete: boolean;
  readonly seconds: number;
  readonly folders: {readonly seen: number; readonly found: number};
  /** Of the folders that were looked into. */
  readonly seen: Amount;
  /** Of all: the same if it is complete. */
  readonly estimate: Amount;
  readonly kinds: ReadonlyMap<string, Amount>;
  /** By when files were last changed: within a day, a week, a month. */
  readonly changed: {readonly day: Amount; readonly week: Amount; readonly month: Amount};
  /** Bytes of files last changed within two weeks, by the hour of the day, in the time zone of this machine. */
  readonly hours: readonly number[];
  /** What looks sensitive: how many, and the first of them. */
  readonly sensitive: ReadonlyMap<string, {count: number; first: BytePath}>;
  /** Folders of databases that may be running. */
  readonly live: readonly {readonly path: BytePath; readonly what: string; readonly source: string}[];
  /** What could be left out, as patterns. */
  readonly madeAgain: ReadonlyMap<string, Amount>;
  readonly unreadable: number;
  readonly sample: SampleResult;
}

const DAY_MS = 86_400_000;
/** More folders do not wait to be drawn: of a tree that is that wide, the last that were found go first. */
const DRAWN_MOST = 100_000;
const FOLDERS_AT_ONCE = 64;
const LIVE_TOLD = 10;
const HOLES_FROM_BYTES = 16 * 2 ** 20;

interface Waiting {
  readonly path: FsPath;
  readonly relative: BytePath;
  /** The pattern that would leave out what it lies in. */
  readonly again: string | undefined;
}

/** @throws {@link SourceError} if the root cannot be read */
export async function scanFolder(options: ScanOptions): Promise<FolderScan> {
  return await new Scan(options).run();
}

class Scan {
  readonly #options: ScanOptions;
  readonly #samples: Samples;
  readonly #startMs: number;
  readonly #waiting: Waiting[] = [];
  readonly #seen: Amount = {files: 0, bytes: 0};
  readonly #kinds = new Map<string, Amount>();
  readonly #changed = {day: nothing(), week: nothing(), month: nothing()};
  readonly #hours = Array.from({length: 24}, () => 0);
  readonly #sensitive = new Map<string, {count: number; first: BytePath}>();
  readonly #live: {path: BytePath; what: string; source: string}[] = [];
  readonly #madeAgain = new Map<string, Amount>();
  #device = 0;
  #folders = 0;
  #unreadable = 0;

  constructor(options: ScanOptions) {
    this.#options = options;
    this.#samples = new Samples(options.random);
    this.#startMs = options.now().getTime();
  }

  async run(): Promise<FolderScan> {
    const {root, mostMs, now, signal, onProgress} = this.#options;
    try {
      this.#device = lstatSync(root).dev;
      listNames(root);
    } catch (cause) {
      throw new SourceError(`The folder ${root} cannot be read: ${whyFailed(cause)}.`, {
        cause,
        hint: 'Check the path in the configuration, and whether its disk is mounted.',
      });
    }
    this.#waiting.push({path: root, relative: '', again: undefined});
    const elapsed = (): number => now().getTime() - this.#startMs;
    while (this.#waiting.length > 0 && elapsed() < mostMs) {
      for (let n = 0; n < FOLDERS_AT_ONCE && this.#waiting.length > 0; n++) this.#look(this.#draw());
      signal?.throwIfAborted();
      onProgress?.(this.#seen.files);
      await otherWork();
    }
    const found = this.#folders + this.#waiting.length;
    const factor = found / Math.max(1, this.#folders);
    const {files, bytes} = this.#seen;
    return {
      complete: this.#waiting.length === 0,
      seconds: elapsed() / 1000,
      folders: {seen: this.#folders, found},
      seen: this.#seen,
      estimate: {files: Math.round(files * factor), bytes: Math.round(bytes * factor)},
      kinds: this.#kinds,
      changed: this.#changed,
      hours: this.#hours,
      sensitive: this.#sensitive,
      live: this.#live,
      madeAgain: this.#madeAgain,
      unreadable: this.#unreadable,
      sample: this.#samples.read(),
    };
  }

  /** In no order, so that those that were looked into stand for the others. */
  #draw(): Waiting {
    const waiting = this.#waiting;
    const last = waiting.length - 1;
    const at = waiting.length > DRAWN_MOST ? last : Math.floor(this.#options.random() * waiting.length);
    const drawn = waiting[at] as Waiting;
    waiting[at] = waiting[last] as Waiting;
    waiting.pop();
    return drawn;
  }

  #look({path, relative, again}: Waiting): void {
    this.#folders++;
    let names: string[];
    try {
      names = listNames(path);
    } catch {
      this.#unreadable++;
      return;
    }
    if (this.#options.excludeCaches && isTaggedCache(path, names)) return;
    const live = liveDatabaseIn(names);
    if (live !== undefined && this.#live.length < LIVE_TOLD) this.#live.push({path: relative, ...live});
    for (const name of names) this.#entry(fsPath(path, name), childPath(relative, name), name, again);
  }

  #entry(path: FsPath, relative: BytePath, name: string, again: string | undefined): void {
    const {isExcluded, isOwn, oneFileSystem} = this.#options;
    let stats: Stats;
    try {
      stats = lstatSync(path);
    } catch {
      this.#unreadable++;
      return;
    }
    const isFolder = stats.isDirectory();
    if (isExcluded?.(Buffer.from(relative, 'latin1'), isFolder) === true || isOwn(stats)) return;
    if (isFolder) {
      if (oneFileSystem && stats.dev !== this.#device) return;
      this.#waiting.push({path, relative, again: again ?? madeAgain(name)});
      return;
    }
    if (!stats.isFile()) return;
    this.#file(path, relative, name, contentBytes(stats), stats.mtimeMs, again);
  }

  #file(
    path: FsPath,
    relative: BytePath,
    name: string,
    size: number,
    mtimeMs: number,
    again: string | undefined,
  ): void {
    add(this.#seen, size);
    addTo(this.#kinds, kindOf(name), size);
    if (again !== undefined) addTo(this.#madeAgain, again, size);
    const what = sensitivityOf(name);
    if (what !== undefined) {
      const known = this.#sensitive.get(what) ?? {count: 0, first: relative};
      known.count++;
      this.#sensitive.set(what, known);
    }
    const ageMs = this.#startMs - mtimeMs;
    if (ageMs < DAY_MS) add(this.#changed.day, size);
    if (ageMs < 7 * DAY_MS) add(this.#changed.week, size);
    if (ageMs < 30 * DAY_MS) add(this.#changed.month, size);
    const hour = new Date(mtimeMs).getHours();
    if (ageMs >= 0 && ageMs < 14 * DAY_MS) this.#hours[hour] = (this.#hours[hour] ?? 0) + size;
    this.#samples.offer(path, size);
  }
}

/** Holes are not stored. Files that the file system compresses look like some, too, but never take so little. */
function contentBytes({size, blocks}: Stats): number {
  const taken = blocks * 512;
  return size >= HOLES_FROM_BYTES && taken < size / 16 ? taken : size;
}

function nothing(): Amount {
  return {files: 0, bytes: 0};
}

function add(amount: Amount, bytes: number): void {
  amount.files++;
  amount.bytes += bytes;
}

function addTo(amounts: Map<string, Amount>, key: string, bytes: number): void {
  const amount = amounts.get(key) ?? nothing();
  add(amount, bytes);
  amounts.set(key, amount);
}
