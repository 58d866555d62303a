/**
 * Names and paths of a walk. A name is held as one character per byte (latin1), so that no byte is lost and order is byte
 * order; a path that is not ASCII goes to the system as bytes.
 */
import {closeSync, constants, openSync, readdirSync} from 'node:fs';

/** What `fs` takes: text while it is ASCII, else bytes. */
export type FsPath = string | Buffer;

const NOT_ASCII = /[^\0-\x7f]/;
/** PATH_MAX is 4096; a longer path is reached through an open descriptor. */
const PREFIX_MOST_BYTES = 3500;

export function fsPath(parent: FsPath, name: string): FsPath {
  if (typeof parent === 'string' && !NOT_ASCII.test(name)) return `${parent}/${name}`;
  return Buffer.concat([bytesOf(parent), Buffer.from(`/${name}`, 'latin1')]);
}

/** A path relative to the root of the walk, one character per byte; empty for the root. */
export type BytePath = string;

export function childPath(parent: BytePath, name: string): BytePath {
  return parent === '' ? name : `${parent}/${name}`;
}

export function pathBytes(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}

export function bytesOf(path: FsPath): Buffer {
  return typeof path === 'string' ? Buffer.from(path, 'latin1') : path;
}

/** The names in a directory, in byte order. A name that is not UTF-8 keeps its bytes. */
export function listNames(directory: FsPath): string[] {
  return readdirSync(directory, {encoding: 'latin1'}).sort(byCodeUnit);
}

/** The default order of strings; of latin1 text it is byte order. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A directory that is being walked, reachable by a path of bearable length. */
export class WalkedDirectory implements Disposable {
  readonly path: FsPath;
  readonly #descriptor: number | undefined;

  constructor(path: FsPath) {
    if (path.length <= PREFIX_MOST_BYTES) {
      this.path = path;
    } else {
      this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      this.path = `/proc/self/fd/${this.#descriptor}`;
    }
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}
