/** Compares a restored folder with what its snapshot recorded: every byte against the blobs' ids, and the metadata of every entry. */
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import type {BlobReader} from '../../repository/blob-reader.ts';
import {contentIds, type OpenedGeneration} from '../../repository/open-snapshot.ts';
import type {TreeEntry} from '../../repository/tree.ts';
import {walkTrees} from '../../repository/tree-walk.ts';
import {type Libc, loadLibc} from '../../system/libc.ts';
import {type Mac, newMac} from '../../system/linked.ts';
import {isEverything, type Selection, selects} from '../selection.ts';
import {WarningList} from '../warnings.ts';

export interface FolderComparison {
  readonly files: number;
  readonly entries: number;
  readonly bytes: number;
  /** What differs, by path. */
  readonly differences: WarningList;
}

export interface CompareOptions {
  readonly selection: Selection;
  /** How many entries the seal counts. */
  readonly entries: number;
  /** Whether owners were to be brought back; only root can. */
  readonly owners: boolean;
  /** Whether the restore could bring back all attributes. */
  readonly attributes: boolean;
  readonly signal?: AbortSignal | undefined;
}

const FILE_TYPES: Readonly<Record<string, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  fifo: 0o010000,
  chardevice: 0o020000,
  blockdevice: 0o060000,
};
const TYPE_BITS = 0o170000;
const SET_ID_BITS = 0o6000;

export async function compareFolder(
  folder: string,
  root: TreeEntry,
  {reader, trees}: OpenedGeneration,
  options: CompareOptions,
): Promise<FolderComparison> {
  const {selection, entries: most, signal} = options;
  const comparison = new Comparison(folder, reader, options);
  /** The names that must be there, of each directory on the way to here. */
  const expected: Set<string>[] = [new Set()];
  await walkTrees(
    trees,
    root,
    most,
    {
      enter(path, entry) {
        if (selection.exclude?.(path, true) === true) return false;
        // Of a part, directories are made where something in them is; those are found to be missing with what is in them.
        const isWanted = selects(selection, path, true);
        const isThere = comparison.metadata(path, entry, isWanted) !== undefined;
        if (isThere || isWanted) expected.at(-1)?.add(entry.name.toString('latin1'));
        expected.push(new Set());
        return true;
      },
      leave(path) {
        comparison.names(path, expected.pop() ?? new Set());
      },
      async entry(path, entry) {
        signal?.throwIfAborted();
        if (!selects(selection, path, false)) return;
        expected.at(-1)?.add(entry.name.toString('latin1'));
        await comparison.entry(path, entry);
      },
      damaged: (path, error) => comparison.differences.add(path, error.message),
    },
    signal,
  );
  if (isEverything(selection)) {
    comparison.metadata(Buffer.alloc(0), root);
    comparison.names(Buffer.alloc(0), expected[0] ?? new Set());
  }
  return comparison;
}

class Comparison implements FolderComparison {
  files = 0;
  entries = 0;
  bytes = 0;
  readonly differences = new WarningList();
  readonly #root: Buffer;
  readonly #reader: BlobReader;
  readonly #mac: Mac;
  readonly #options: CompareOptions;
  readonly #libc: Libc | undefined = loadLibc();
  readonly #inodes = new Map<string, bigint>();

  constructor(folder: string, reader: BlobReader, options: CompareOptions) {
    this.#root = Buffer.from(folder);
    this.#reader = reader;
    this.#mac = newMac(reader.generation.blobIdKey);
    this.#options = options;
  }

  async entry(path: Buffer, entry: TreeEntry): Promise<void> {
    const stats = this.metadata(path, entry);
    if (stats === undefined) return;
    if (entry.hardlink !== undefined) {
      const inode = this.#inodes.get(entry.hardlink);
      if (inode === stats.ino) return; // Its content was compared under its other name.
      if (inode !== undefined)
        this.differences.add(path, 'it is no link to the file that it shared its content with');
      this.#inodes.set(entry.hardlink, stats.ino);
    }
    if (entry.type === 'symlink') this.#target(path, entry);
    if (entry.type !== 'file') return;
    this.files++;
    if (stats.size !== BigInt(entry.size ?? 0))
      this.differences.add(path, `it has ${stats.size} bytes instead of ${entry.size ?? 0}`);
    else if (!(await this.#content(path, entry))) this.differences.add(path, 'its content is another');
  }

  /**
   * @param isWanted it must be there
   * @returns what the system says of it; undefined if it is not there as what it should be
   */
  metadata(path: Buffer, entry: TreeEntry, isWanted = true): BigIntStats | undefined {
    const place = this.#place(path);
    const stats = attempt(this.#place(path.subarray(0, Math.max(0, path.lastIndexOf(0x2f)))), () =>
      lstatSync(place, {bigint: true, throwIfNoEntry: false}),
    );
    if (stats === undefined) {
      if (isWanted) this.differences.add(path, 'it is missing');
      return undefined;
    }
    this.entries++;
    if ((Number(stats.mode) & TYPE_BITS) !== FILE_TYPES[entry.type]) {
      this.differences.add(path, `it is no ${entry.type}`);
      return undefined;
    }
    const {owners, attributes} = this.#options;
    const mask = owners ? 0o7777 : 0o7777 & ~(entry.type === 'directory' ? 0 : SET_ID_BITS);
    const [mode, wanted] = [Number(stats.mode) & mask, entry.mode & mask];
    if (entry.type !== 'symlink' && mode !== wanted)
      this.differences.add(path, `its mode is ${mode.toString(8)} instead of ${wanted.toString(8)}`);
    if (owners && (Number(stats.uid) !== entry.uid || Number(stats.gid) !== entry.gid))
      this.differences.add(
        path,
        `its owner is ${stats.uid}:${stats.gid} instead of ${entry.uid}:${entry.gid}`,
      );
    const precision = this.#libc === undefined ? 1000n : 1n;
    if (stats.mtimeNs / precision !== entry.mtimeNs / precision)
      this.differences.add(path, 'its time of change is another');
    if (attributes && this.#libc !== undefined && !this.#sameAttributes(place, entry))
      this.differences.add(path, 'its attributes are others');
    return stats;
  }

  /** Finds what is there and should not be. What is missing was found before. */
  names(path: Buffer, expected: ReadonlySet<string>): void {
    const place = this.#place(path);
    if (lstatSync(place, {throwIfNoEntry: false})?.isDirectory() !== true) return;
    const names = attempt(place, () => readdirSync(place, {encoding: 'latin1'}));
    for (const name of names)
      if (!expected.has(name))
        this.differences.add(join(path, Buffer.from(name, 'latin1')), 'it is there, but in no snapshot');
  }

  #target(path: Buffer, {target = Buffer.alloc(0)}: TreeEntry): void {
    if (!readlinkSync(this.#place(path), {encoding: 'buffer'}).equals(target))
      this.differences.add(path, 'it points to somewhere else');
  }

  #sameAttributes(place: Buffer, {xattrs = {}}: TreeEntry): boolean {
    const counts = (name: string): boolean => this.#options.owners || !/^(?:security|trusted)\./.test(name);
    const found = Object.entries(this.#libc?.readXattrs(place) ?? {}).filter(([name]) => counts(name));
    const wanted = Object.entries(xattrs).filter(([name]) => counts(name));
    const text = (list: typeof found): string =>
      list
        .map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`)
        .sort()
        .join('\n');
    return text(found) === text(wanted);
  }

  /** Reads the file's data, not its holes, blob by blob. */
  async #content(path: Buffer, entry: TreeEntry): Promise<boolean> {
    const place = this.#place(path);
    const descriptor = attempt(place, () => openSync(place, 'r'));
    try {
      const extents = entry.extents ?? [[0, entry.size ?? 0] as const];
      const data = new ExtentReader(descriptor, extents);
      for await (const id of contentIds(this.#reader, entry)) {
        this.#options.signal?.throwIfAborted();
        const length = this.#reader.index.find(id)?.length ?? 0;
        const bytes = data.read(length);
        this.bytes += bytes.length;
        if (this.#mac(bytes).toString('hex') !== id) return false;
      }
      return data.isAtEnd && !data.hasDataInHoles(entry.size ?? 0, this.#libc);
    } finally {
      closeSync(descriptor);
    }
  }

  #place(path: Buffer): Buffer {
    return path.length === 0 ? this.#root : join(this.#root, path);
  }
}

/** Reads the parts of a file that hold data as one stream. */
class ExtentReader {
  readonly #descriptor: number;
  readonly #extents: readonly (readonly [offset: number, length: number])[];
  #buffer = Buffer.alloc(2 ** 20);
  #extent = 0;
  #done = 0;

  constructor(descriptor: number, extents: readonly (readonly [offset: number, length: number])[]) {
    this.#descriptor = descriptor;
    this.#extents = extents;
  }

  get isAtEnd(): boolean {
    const [, length] = this.#extents[this.#extent] ?? [0, 0];
    return (
      this.#extent >= this.#extents.length ||
      (this.#extent === this.#extents.length - 1 && this.#done === length)
    );
  }

  /** Valid until the next call. Shorter at the end. */
  read(length: number): Buffer {
    if (this.#buffer.length < length) this.#buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length && this.#extent < this.#extents.length) {
      const [offset, size] = this.#extents[this.#extent] ?? [0, 0];
      const wanted = Math.min(length - filled, size - this.#done);
      const count =
        wanted > 0 ? readSync(this.#descriptor, this.#buffer, filled, wanted, offset + this.#done) : 0;
      if (wanted > 0 && count === 0) break; // The file is shorter than it should be.
      filled += count;
      this.#done += count;
      if (this.#done === size) {
        this.#extent++;
        this.#done = 0;
      }
    }
    return this.#buffer.subarray(0, filled);
  }

  /** Whether something else than zeros lies where holes should be. */
  hasDataInHoles(sizeBytes: number, libc: Libc | undefined): boolean {
    const [only, another] = this.#extents;
    if (another === undefined && only?.[0] === 0 && only[1] === sizeBytes) return false;
    const written = libc?.dataExtents(this.#descriptor, sizeBytes) ?? [[0, sizeBytes]];
    return written.some(([offset = 0, length = 0]) => this.#differsFromZero(offset, offset + length));
  }

  #differsFromZero(from: number, to: number): boolean {
    for (let at = from; at < to; ) {
      const inside = this.#extents.find(([offset, length]) => at >= offset && at < offset + length);
      const next = Math.min(to, ...this.#extents.map(([offset]) => offset).filter((offset) => offset > at));
      if (inside !== undefined) at = inside[0] + inside[1];
      else {
        const count = readSync(
          this.#descriptor,
          this.#buffer,
          0,
          Math.min(next - at, this.#buffer.length),
          at,
        );
        if (count === 0) return false;
        if (this.#buffer.subarray(0, count).some((byte) => byte !== 0)) return true;
        at += count;
      }
    }
    return false;
  }
}

/** What is restored may forbid even its owner to read it; once its mode has been compared, it may be changed. */
function attempt<T>(place: Buffer, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    chmodSync(place, 0o700);
    return read();
  }
}

function join(parent: Buffer, name: Buffer): Buffer {
  return parent.length === 0 ? name : Buffer.concat([parent, Buffer.from('/'), name]);
}
