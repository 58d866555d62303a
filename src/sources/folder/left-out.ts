import type {BigIntStats} from 'node:fs';
import type {EntryType} from '../../repository/tree.ts';
import {inodeKey} from './entry.ts';
import type {PathFilter} from './exclude.ts';
import {type BytePath, pathBytes} from './names.ts';

export interface LeftOutOptions {
  /** Undefined: nothing is. */
  readonly isExcluded: PathFilter | undefined;
  /** Keys ({@link inodeKey}) of what must not be backed up into itself: repository, catalog. */
  readonly own: ReadonlySet<string>;
  /** Something was left out on purpose. */
  onNote(path: Buffer, note: string): void;
}

/** Decides what of a folder is not backed up. */
export class LeftOut {
  readonly #options: LeftOutOptions;
  /** Few entries have one of these numbers: only for them the key is put together. */
  readonly #ownInodes: ReadonlySet<bigint>;

  constructor(options: LeftOutOptions) {
    this.#options = options;
    this.#ownInodes = new Set([...options.own].map((key) => BigInt(key.slice(key.indexOf(':') + 1))));
  }

  has(path: BytePath, stats: BigIntStats, type: EntryType | undefined): boolean {
    const {isExcluded, own, onNote} = this.#options;
    if (isExcluded?.(pathBytes(path), type === 'directory') === true) return true;
    if (type === undefined) {
      onNote(pathBytes(path), 'a socket, which cannot be backed up');
      return true;
    }
    if (this.#ownInodes.has(stats.ino) && own.has(inodeKey(stats))) {
      onNote(pathBytes(path), "Holdfast's own repository or catalog, left out");
      return true;
    }
    return false;
  }
}
