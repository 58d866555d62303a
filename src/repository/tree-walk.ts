/** Walks the trees of a snapshot, wherever they are read from. */
import {DamageError} from '../errors.ts';
import type {BlobId} from './layout.ts';
import type {TreeEntry} from './tree.ts';

/** Gives a directory's listing: from the repository with the key, or from the catalog. */
export interface TreeSource {
  /** @throws {@link DamageError} */
  readTree(id: BlobId): Promise<readonly TreeEntry[]>;
}

export interface TreeVisitor {
  /** @returns whether to go into it; or, without going there, how many entries are known to be below it */
  enter(path: Buffer, entry: TreeEntry): boolean | number | Promise<boolean | number>;
  /** After everything in a directory that was entered: so many entries are `below` it. */
  leave?(path: Buffer, entry: TreeEntry, below: number): void | Promise<void>;
  /** Anything but a directory. */
  entry(path: Buffer, entry: TreeEntry): void | Promise<void>;
  /** A listing that cannot be read; the rest goes on. By default it is thrown. */
  damaged?(path: Buffer, error: DamageError): void;
}

/** What the paths of all directories on the way to an entry may take together: a tree of depth 10^5 would take 10 GB. */
const PATHS_MOST_BYTES = 256 * 2 ** 20;
/** What a directory costs beside its path. */
const FRAME_BYTES = 1024;

/**
 * Visits all entries below `root` in name order, a directory before what is in it.
 * @param most as many entries as the seal counts: more are a bomb
 * @returns how many entries there are below `root`
 */
export async function walkTrees(
  trees: TreeSource,
  root: TreeEntry,
  most: number,
  visitor: TreeVisitor,
  signal?: AbortSignal,
): Promise<number> {
  let visited = 0;

  async function directory(path: Buffer, ids: readonly BlobId[], aboveBytes: number): Promise<void> {
    const pathsBytes = aboveBytes + path.length + FRAME_BYTES;
    if (pathsBytes > PATHS_MOST_BYTES)
      return report(path, new DamageError(`the folder ${path.toString('utf8', 0, 100)}…`, 'it is too deep'));
    let last: TreeEntry | undefined;
    for (const id of ids) {
      signal?.throwIfAborted();
      for (const entry of await listing(path, id, last)) {
        last = entry;
        visit(1, id);
        const child = path.length === 0 ? entry.name : Buffer.concat([path, Buffer.from('/'), entry.name]);
        if (entry.type !== 'directory') {
          const pending = visitor.entry(child, entry);
          if (pending !== undefined) await pending;
          continue;
        }
        const entered = await visitor.enter(child, entry);
        if (typeof entered === 'number') visit(entered, id);
        else if (entered) {
          const before = visited;
          await directory(child, entry.tree ?? [], pathsBytes);
          await visitor.leave?.(child, entry, visited - before);
        }
      }
    }
  }

  function visit(count: number, id: BlobId): void {
    visited += count;
    if (visited > most)
      throw new DamageError(`tree ${id.slice(0, 16)}…`, 'the snapshot has more entries than its seal says');
  }

  async function listing(path: Buffer, id: BlobId, last?: TreeEntry): Promise<readonly TreeEntry[]> {
    try {
      const entries = await trees.readTree(id);
      const [first] = entries;
      // Each part is in order; so must be the whole, or a name could stand for a link first and then for a folder.
      if (last !== undefined && first !== undefined && Buffer.compare(last.name, first.name) >= 0)
        throw new DamageError(`tree ${id.slice(0, 16)}…`, 'it does not follow the part before it');
      return entries;
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      report(path, error);
      return [];
    }
  }

  function report(path: Buffer, error: DamageError): void {
    if (visitor.damaged === undefined) throw error;
    visitor.damaged(path, error);
  }

  await directory(Buffer.alloc(0), root.tree ?? [], 0);
  return visited;
}
