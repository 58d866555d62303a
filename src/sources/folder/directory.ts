/** Directories that are being written to: held open, so that nobody can put another one in their place. */

import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  unlinkSync,
} from 'node:fs';
import {dirname} from 'node:path';
import {RestoreError} from '../../errors.ts';
import type {TreeEntry} from '../../repository/tree.ts';
import {makeFolders} from '../../system/folders.ts';
import type {Libc} from '../../system/libc.ts';
import {systemCode, whyFailed} from '../../system/system-error.ts';

const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Linux only, and missing in Node's constants: a descriptor that needs no right to read. */
export const O_PATH = 0o10000000;
const SLASH = Buffer.from('/');
const ACL_DEFAULT = 'system.posix_acl_default';
const PART = /^\.holdfast-[0-9a-f]{24}\.part$/;

/**
 * One directory below the root of a restore. Its entries are reached through its descriptor (`/proc/self/fd/…`): paths may be longer
 * than PATH_MAX, and a directory that is moved away or replaced by a link meanwhile changes nothing. Without `/proc` (not Linux)
 * plain paths are used; links that exist already are refused all the same.
 */
export class OpenDirectory implements Disposable {
  readonly fd: number;
  readonly parent: OpenDirectory | undefined;
  /** Relative to the root; empty for the root itself. For messages and to find it again. */
  readonly path: Buffer;
  /** What its metadata shall be; undefined for the root. */
  readonly entry: TreeEntry | undefined;
  /** It was made by this run: whatever is in it was put there by this run. */
  readonly fresh: boolean;
  /** Entries made in it inherit an ACL that was there before. */
  readonly inheritsAcl: boolean;
  /** Symlinks, which are made when everything else in it is done. */
  readonly links: {name: Buffer; entry: TreeEntry}[] = [];
  /** Open subdirectories and files. Its metadata is set when there are none left. */
  pending = 0;
  closed = false;
  readonly #prefix: Buffer;
  readonly #written = new Set<bigint>();

  constructor(
    fd: number,
    plainPath: Buffer,
    details: Pick<OpenDirectory, 'parent' | 'path' | 'entry' | 'fresh'>,
    libc: Libc | undefined,
  ) {
    this.fd = fd;
    this.parent = details.parent;
    this.path = details.path;
    this.entry = details.entry;
    this.fresh = details.fresh;
    this.#prefix = hasProc() ? Buffer.from(`/proc/self/fd/${fd}/`) : Buffer.concat([plainPath, SLASH]);
    this.inheritsAcl = (!this.fresh || this.parent?.inheritsAcl === true) && !this.#stopInheritance(libc);
  }

  /** How system calls reach its entry `name`. */
  child(name: Buffer): Buffer {
    return Buffer.concat([this.#prefix, name], this.#prefix.length + name.length);
  }

  /** The path of its entry `name` relative to the root. */
  pathOf(name: Buffer): Buffer {
    return this.path.length === 0 ? name : Buffer.concat([this.path, SLASH, name]);
  }

  /** Remembers what this run wrote or found to be in place, in a directory that was there before. */
  remember(found: BigIntStats): void {
    if (!this.fresh) this.#written.add(found.ino);
  }

  /** Is `found` something that this run already wrote under another name, which this file system takes for the same? */
  collides(found: BigIntStats): boolean {
    return this.fresh || (this.#written.has(found.ino) && (found.nlink === 1n || found.isDirectory()));
  }

  /** Removes what a killed run left. */
  removeParts(): void {
    if (this.fresh) return;
    for (const name of readdirSync(this.child(Buffer.alloc(0)), {encoding: 'buffer'})) {
      if (name.length === 39 && PART.test(name.toString('latin1'))) unlinkSync(this.child(name));
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }

  /** Whether there is no default ACL, or, in a new directory, no longer is. */
  #stopInheritance(libc: Libc | undefined): boolean {
    if (libc === undefined) return true;
    try {
      if (this.fresh) libc.removeXattr(this.fd, ACL_DEFAULT);
      else libc.getXattr(this.fd, ACL_DEFAULT);
      return this.fresh;
    } catch {
      return true; // There is none, or this file system knows no ACLs.
    }
  }
}

/**
 * Opens the root of a restore, and makes it and its parents if need be. Links on the way to it are the user's own, and followed.
 * @throws {@link RestoreError}
 */
export function openRoot(root: string, libc: Libc | undefined): OpenDirectory {
  try {
    makeFolders(dirname(root));
    const path = Buffer.from(root);
    const fresh = makeDirectory(path);
    const fd = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
    const details = {parent: undefined, path: Buffer.alloc(0), entry: undefined, fresh};
    const directory = new OpenDirectory(fd, path, details, libc);
    directory.removeParts();
    return directory;
  } catch (cause) {
    const code = systemCode(cause);
    const isInTheWay = code === 'ENOTDIR' || code === 'EEXIST';
    throw new RestoreError(
      isInTheWay
        ? `Cannot restore into ${root}: it, or a part of the path, is not a folder.`
        : code === 'ENOENT' // What was missing was to be made: the file system, such as that of /proc, does not make any.
          ? `Cannot restore into ${root}: no folder can be made there.`
          : `Cannot write into ${root}: ${whyFailed(cause)}.`,
      {cause, hint: 'Name a folder that can be written to.'},
    );
  }
}

/** @returns false if something of that name is there */
export function makeDirectory(path: Buffer): boolean {
  try {
    mkdirSync(path, {mode: 0o700});
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Opens a directory, never a link to one, and takes the right to write into it. @returns the descriptor */
export function openBelow(path: Buffer, writable: boolean): number {
  let fd: number;
  try {
    fd = openSync(path, OPEN_DIRECTORY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES' || !writable || !hasProc()) throw error;
    // An earlier run, not as root, has already set its mode, and it is one without the right to read.
    const handle = openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      chmodSync(`/proc/self/fd/${handle}`, 0o700);
    } finally {
      closeSync(handle);
    }
    fd = openSync(path, OPEN_DIRECTORY);
  }
  if (writable && process.geteuid?.() !== 0) {
    const {mode, uid} = fstatSync(fd);
    if (uid === process.geteuid?.() && (mode & 0o700) !== 0o700) fchmodSync(fd, (mode & 0o7777) | 0o700);
  }
  return fd;
}

let proc: boolean | undefined;
export function hasProc(): boolean {
  proc ??= process.platform === 'linux' && existsSync('/proc/self/fd');
  return proc;
}
