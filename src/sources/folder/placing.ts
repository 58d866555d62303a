/** Gives restored entries their names, and judges what is there already. */
import {type BigIntStats, fstatSync, lstatSync} from 'node:fs';
import type {TreeEntry} from '../../repository/tree.ts';
import {systemCode} from '../../system/system-error.ts';
import {makeDirectory, type OpenDirectory} from './directory.ts';
import {COLLISION, type Existing, type ExistingEntries} from './existing.ts';
import type {LinkedFiles} from './linked-files.ts';
import type {Outcome} from './outcome.ts';
import type {Part, Parts} from './parts.ts';

export class Placing {
  readonly #outcome: Outcome;
  readonly #existing: ExistingEntries;
  readonly #links: LinkedFiles;
  readonly #parts: Parts;

  constructor(outcome: Outcome, existing: ExistingEntries, links: LinkedFiles, parts: Parts) {
    this.#outcome = outcome;
    this.#existing = existing;
    this.#links = links;
    this.#parts = parts;
  }

  /** @returns false (after a warning) if the name is taken, and that shows only now */
  place(directory: OpenDirectory, part: Part | Buffer, name: Buffer): boolean {
    try {
      this.#parts.place(part, directory, name);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      this.#outcome.refuse(directory, name, COLLISION);
      return false;
    }
    this.#outcome.counts.written++;
    return true;
  }

  /** Remembers an entry that is in place now, where that can matter later. */
  register(directory: OpenDirectory, name: Buffer, entry: TreeEntry, fd?: number): void {
    if (directory.fresh && entry.hardlink === undefined) return;
    const lstat = (): BigIntStats | undefined =>
      lstatSync(directory.child(name), {bigint: true, throwIfNoEntry: false});
    const stats = fd === undefined ? lstat() : fstatSync(fd, {bigint: true});
    if (stats === undefined) return;
    directory.remember(stats);
    this.#links.register(directory, name, entry, stats);
  }

  /** Judges what is in the entry's place. @returns false if there is nothing to do, or nothing can be done (after a warning) */
  mayWrite(directory: OpenDirectory, name: Buffer, entry: TreeEntry): boolean {
    const existing: Existing = this.#existing.judge(directory, name, entry);
    if (existing.decision === 'write') return true;
    if (existing.decision === 'refuse') this.#outcome.refuse(directory, name, existing.problem);
    else {
      this.#links.register(directory, name, entry, existing.found);
      this.present(directory, existing.found);
    }
    return false;
  }

  /** Counts an entry that is kept as it is. */
  present(directory: OpenDirectory, found: BigIntStats): true {
    directory.remember(found);
    this.#outcome.counts.present++;
    return true;
  }

  /** @returns whether a new directory was made; undefined if something else is in its place and stays there */
  clearForDirectory(parent: OpenDirectory, name: Buffer): boolean | undefined {
    const problem = this.#existing.clearForDirectory(parent, name);
    return problem === undefined
      ? makeDirectory(parent.child(name))
      : this.#outcome.refuse(parent, name, problem);
  }
}
