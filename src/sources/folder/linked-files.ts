/** Remembers the first names of inodes that have several, and finds them again without following a link. */
import {type BigIntStats, closeSync, lstatSync} from 'node:fs';
import type {TreeEntry} from '../../repository/tree.ts';
import {hasProc, type OpenDirectory, openBelow} from './directory.ts';

interface FirstName {
  /** Of its directory, relative to the root. */
  readonly folder: Buffer;
  readonly name: Buffer;
  readonly stats: BigIntStats;
}

/** A first name that was found again. Disposing of it closes its directory. */
export interface FoundName extends Disposable {
  readonly path: Buffer;
  is(stats: BigIntStats): boolean;
}

export class LinkedFiles {
  readonly #root: OpenDirectory;
  readonly #first = new Map<string, FirstName>();

  constructor(root: OpenDirectory) {
    this.#root = root;
  }

  register(directory: OpenDirectory, name: Buffer, {hardlink}: TreeEntry, stats: BigIntStats): void {
    if (hardlink === undefined || this.#first.has(hardlink)) return;
    this.#first.set(hardlink, {folder: directory.path, name, stats});
  }

  /** @returns undefined if it was never written, or is no longer what was written */
  find(hardlink: string, current: OpenDirectory): FoundName | undefined {
    const first = this.#first.get(hardlink);
    if (first === undefined) return undefined;
    const is = (stats: BigIntStats): boolean => isSame(stats, first.stats);
    const found = (path: Buffer, fd?: number): FoundName | undefined => {
      const stats = lstatSync(path, {bigint: true, throwIfNoEntry: false});
      const close = (): void => {
        if (fd !== undefined) closeSync(fd);
      };
      if (stats !== undefined && is(stats)) return {path, is, [Symbol.dispose]: close};
      close();
      return undefined;
    };
    for (let open: OpenDirectory | undefined = current; open !== undefined; open = open.parent) {
      if (open.path.equals(first.folder)) return found(open.child(first.name));
    }
    const fd = this.#openFolder(first.folder);
    return fd === undefined ? undefined : found(below(fd, first.name), fd);
  }

  /** Walks down from the root, one component at a time. @returns a descriptor, or undefined if that way is gone */
  #openFolder(folder: Buffer): number | undefined {
    if (!hasProc()) return undefined; // Then a copy is written.
    let path: Buffer | undefined;
    let fd: number | undefined;
    try {
      for (let start = 0; start < folder.length; ) {
        const slash = folder.indexOf(0x2f, start);
        const end = slash < 0 ? folder.length : slash;
        const name = folder.subarray(start, end);
        path = fd === undefined ? this.#root.child(name) : below(fd, name);
        const next = openBelow(path, false);
        if (fd !== undefined) closeSync(fd);
        fd = next;
        start = end + 1;
      }
      return fd;
    } catch {
      // Somebody moved it away, or took the right to it: a copy is written then.
      if (fd !== undefined) closeSync(fd);
      return undefined;
    }
  }
}

/** Inode numbers are given out again soon after a file is deleted, so they alone prove nothing. */
function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return (
    a.ino === b.ino && a.dev === b.dev && a.mode === b.mode && a.size === b.size && a.mtimeNs === b.mtimeNs
  );
}

function below(fd: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), name]);
}
