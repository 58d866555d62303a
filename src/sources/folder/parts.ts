/** Files that have no final name yet. */
import {randomBytes} from 'node:crypto';
import {closeSync, constants, lstatSync, openSync, renameSync, unlinkSync} from 'node:fs';
import type {Libc} from '../../system/libc.ts';
import {hasProc, type OpenDirectory} from './directory.ts';

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export interface Part {
  readonly fd: number;
  /** Undefined if it has no name at all: nothing is left of it when this process is killed. */
  readonly path: Buffer | undefined;
}

export class Parts {
  readonly #libc: Libc | undefined;
  readonly #name = `.holdfast-${randomBytes(8).toString('hex')}`;
  #count = 0;
  #nameless: boolean | undefined;

  constructor(libc: Libc | undefined) {
    this.#libc = hasProc() ? libc : undefined;
  }

  /** A path that nobody has, of the form that {@link OpenDirectory.removeParts} removes after a kill. */
  nextPath(directory: OpenDirectory): Buffer {
    return directory.child(this.#nextName());
  }

  /**
   * Makes an empty file. In a directory that this run made it has no name if the file system can do that: this is a third faster
   * than to make and rename one, and {@link place} then takes no name that is taken, so nobody has to look before.
   */
  open(directory: OpenDirectory): Part {
    if (this.#libc !== undefined && this.areNameless(directory))
      return {fd: this.#libc.openNameless(directory.fd), path: undefined};
    const path = this.nextPath(directory);
    return {fd: openSync(path, CREATE, 0o600), path};
  }

  areNameless(directory: OpenDirectory): boolean {
    if (!directory.fresh) return false;
    this.#nameless ??= this.#tryNameless(directory);
    return this.#nameless;
  }

  /**
   * Gives it its name. A file, which may have been open for long, takes none that this run has given to another entry meanwhile.
   * @throws `EEXIST` then, and if it has no name yet and that one is taken; otherwise what is there is replaced
   */
  place(part: Part | Buffer, directory: OpenDirectory, name: Buffer): void {
    const to = directory.child(name);
    if (Buffer.isBuffer(part)) renameSync(part, to);
    else if (part.path === undefined) this.#libc?.linkNameless(part.fd, directory.fd, name);
    else {
      const found = lstatSync(to, {bigint: true, throwIfNoEntry: false});
      if (found !== undefined && directory.collides(found))
        throw Object.assign(new Error('EEXIST'), {code: 'EEXIST', syscall: 'rename'});
      renameSync(part.path, to);
    }
  }

  #nextName(): Buffer {
    return Buffer.from(`${this.#name}${(this.#count++).toString(16).padStart(8, '0')}.part`);
  }

  #tryNameless(directory: OpenDirectory): boolean {
    if (this.#libc === undefined) return false;
    try {
      const fd = this.#libc.openNameless(directory.fd);
      const name = this.#nextName();
      try {
        this.#libc.linkNameless(fd, directory.fd, name);
        unlinkSync(directory.child(name));
      } finally {
        closeSync(fd);
      }
      return true;
    } catch {
      return false; // Not on this file system, or not for this user: files get temporary names then.
    }
  }
}

export function removePart(path: Buffer | undefined): void {
  if (path === undefined) return;
  try {
    unlinkSync(path);
  } catch {
    // Somebody else removed it, or took away the right to: the next run tries again.
  }
}
