import type {Catalog} from '../../catalog/catalog.ts';
import {type DirectoryPart, STATS} from '../../catalog/directories.ts';
import type {BlobId} from '../../repository/layout.ts';
import {ReadAhead} from './read-ahead.ts';

/** What the last walk of this source in this generation left in the catalog of one directory. */
export interface KnownDirectory {
  /** In byte order, as latin1. */
  readonly names: readonly string[];
  /** {@link STATS} numbers per name. */
  readonly stats: BigInt64Array;
  readonly trees: readonly BlobId[];
}

export interface NewPart {
  readonly tree: BlobId;
  readonly content: Buffer;
  readonly names: readonly string[];
  readonly stats: BigInt64Array;
}

const BUFFERED_MOST_BYTES = 2 ** 20;

/** The walk's view of the catalog: what was, and what is found now, written in few transactions. */
export class WalkState {
  readonly #catalog: Catalog;
  readonly #source: string;
  readonly #generation: number;
  readonly #known: ReadAhead;
  #pending: (() => void)[] = [];
  #pendingBytes = 0;

  readonly #keep: boolean;

  /** @param keep false for a dry run: nothing is noted */
  constructor(catalog: Catalog, source: string, generation: number, keep: boolean) {
    this.#catalog = catalog;
    this.#source = source;
    this.#generation = generation;
    this.#known = new ReadAhead(catalog.directories, source, generation);
    this.#keep = keep;
    catalog.transaction(() => catalog.directories.beginWalk(source));
  }

  /** Undefined for a directory that was not there, or whose state cannot be used. Asked for once. */
  known(path: Buffer): KnownDirectory | undefined {
    const parts = this.#known.take(path);
    if (parts.length === 0) return undefined;
    const names = parts.flatMap((part) => splitNames(part.names));
    const stats = joinStats(parts);
    if (stats.length !== names.length * STATS) return undefined;
    return {
      names,
      stats,
      trees: parts.filter((part) => part.names.length > 0).map((part) => part.tree.toString('hex') as BlobId),
    };
  }

  /** The lines of a known directory, one per name; undefined if the catalog does not have them all. */
  lines({trees, names}: KnownDirectory): string[] | undefined {
    const lines: string[] = [];
    for (const tree of trees) {
      const content = this.#catalog.directories.tree(this.#generation, Buffer.from(tree, 'hex'));
      if (content === undefined) return undefined;
      for (const line of content.toString('utf8').split('\n')) if (line !== '') lines.push(line);
    }
    return lines.length === names.length ? lines : undefined;
  }

  note(path: Buffer, parts: readonly NewPart[]): void {
    const rows = parts.map(
      ({tree, names, stats}): DirectoryPart => ({
        tree: Buffer.from(tree, 'hex'),
        names: Buffer.from(names.join('\0'), 'latin1'),
        stats: Buffer.from(stats.buffer, stats.byteOffset, stats.byteLength),
      }),
    );
    const empty: DirectoryPart = {tree: Buffer.alloc(0), names: Buffer.alloc(0), stats: Buffer.alloc(0)};
    const {directories} = this.#catalog;
    this.#later(
      () => {
        directories.noteChanged(this.#source, path, rows.length > 0 ? rows : [empty]);
        parts.forEach(({content}, i) => {
          directories.addTree(this.#generation, (rows[i] as DirectoryPart).tree, content);
        });
      },
      parts.reduce((sum, {content, stats}) => sum + content.length + stats.byteLength, 200),
    );
  }

  /** Notes that a directory is gone, and counts the entries that were below it. */
  noteGone(path: Buffer): number {
    let entries = 0;
    for (const {path: below, names} of this.#catalog.directories.below(
      this.#source,
      this.#generation,
      path,
    )) {
      entries += splitNames(names).length;
      this.#later(() => this.#catalog.directories.noteGone(this.#source, below), 200);
    }
    return entries;
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#catalog.transaction(() => {
      for (const write of pending) write();
    });
  }

  #later(write: () => void, bytes: number): void {
    if (!this.#keep) return;
    this.#pending.push(write);
    this.#pendingBytes += bytes;
    if (this.#pendingBytes > BUFFERED_MOST_BYTES) this.flush();
  }
}

function splitNames(names: Buffer): string[] {
  return names.length === 0 ? [] : names.toString('latin1').split('\0');
}

function joinStats(parts: readonly DirectoryPart[]): BigInt64Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1 && (only.stats.byteOffset | only.stats.length) % 8 === 0)
    return new BigInt64Array(only.stats.buffer, only.stats.byteOffset, only.stats.length / 8);
  const bytes = parts.reduce((sum, {stats}) => sum + stats.length, 0);
  const joined = new Uint8Array(bytes - (bytes % 8));
  let at = 0;
  for (const {stats} of parts) {
    if (at + stats.length > joined.length) break;
    joined.set(stats, at);
    at += stats.length;
  }
  return new BigInt64Array(joined.buffer);
}
