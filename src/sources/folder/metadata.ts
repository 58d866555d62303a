/** Brings back owner, mode, extended attributes and times of a restored entry. */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  lutimesSync,
  openSync,
} from 'node:fs';
import type {TreeEntry} from '../../repository/tree.ts';
import type {Libc, Place} from '../../system/libc.ts';
import {whyFailed} from '../../system/system-error.ts';
import type {WholeFile} from '../../system/whole-file.ts';
import {O_PATH} from './directory.ts';

const ACLS = ['system.posix_acl_access', 'system.posix_acl_default'];
const SETUID = 0o4000;
const SETGID = 0o2000;

/** Reports what cannot be brought back: `kind` once with its first path, the rest as a number. */
export class Warnings {
  readonly #report: (path: Buffer, problem: string) => void;
  readonly #kinds = new Map<string, number>();

  constructor(report: (path: Buffer, problem: string) => void) {
    this.#report = report;
  }
  each(path: Buffer, problem: string): void {
    this.#report(path, problem);
  }
  once(path: () => Buffer, problem: string): void {
    const count = this.#kinds.get(problem) ?? 0;
    this.#kinds.set(problem, count + 1);
    if (count === 0) this.#report(path(), problem);
  }
  /** Says of how many more entries each kind was true. */
  summarize(): void {
    for (const [problem, count] of this.#kinds) {
      if (count > 1) this.#report(Buffer.alloc(0), `${problem} (the same for ${count - 1} more)`);
    }
    this.#kinds.clear();
  }
}

export interface MetadataOptions {
  readonly owners: boolean;
  readonly special: boolean;
  /** What follows "is left out" where `special` is false. */
  readonly whyNotSpecial: string;
  readonly libc: Libc | undefined;
  readonly warnings: Warnings;
}

export class MetadataWriter {
  readonly #options: MetadataOptions;
  readonly #userId = process.geteuid?.() ?? -1;
  readonly #groupId = process.getegid?.() ?? -1;

  constructor(options: MetadataOptions) {
    this.#options = options;
  }

  /**
   * The order matters: a change of owner clears setuid bits and capabilities; `user.*` attributes need the right to write, which the
   * mode may take away; an ACL may clear setgid; and all of them would spoil the times if anything touched the content after them.
   * @param place a descriptor, or the path of what cannot be opened (links, FIFOs, devices)
   * @param clearAcls an ACL may be there that the entry does not have
   */
  apply(place: Place, entry: TreeEntry, path: () => Buffer, clearAcls: boolean): void {
    const owned = this.#setOwner(place, entry, path);
    this.#setXattrs(place, entry, path, clearAcls);
    if (entry.type !== 'symlink') this.#setMode(place, entry, path, owned);
    this.#setTimes(place, entry, path);
  }

  /** What a file needs that has neither attributes nor bits that want care; undefined if it is not one. */
  plain({
    xattrs,
    mode,
    uid,
    gid,
    mtimeNs,
  }: TreeEntry): Pick<WholeFile, 'owner' | 'mode' | 'mtimeNs'> | undefined {
    const isPlain = xattrs === undefined && (mode & (SETUID | SETGID)) === 0;
    if (!isPlain || BigInt.asIntN(64, mtimeNs) !== mtimeNs || Math.max(uid, gid) > 0xffff_ffff)
      return undefined;
    return {owner: this.#options.owners ? {uid, gid} : undefined, mode, mtimeNs};
  }

  #setOwner(place: Place, {uid, gid}: TreeEntry, path: () => Buffer): boolean {
    if (!this.#options.owners) return false;
    try {
      if (typeof place === 'number') fchownSync(place, uid, gid);
      else lchownSync(place, uid, gid);
      return true;
    } catch (error) {
      this.#options.warnings.once(path, `its owner cannot be set: ${whyFailed(error)}`);
      return false;
    }
  }

  #setXattrs(place: Place, {xattrs = {}}: TreeEntry, path: () => Buffer, clearAcls: boolean): void {
    const {libc, special, warnings} = this.#options;
    if (clearAcls && libc !== undefined) {
      for (const name of ACLS) {
        if (!Object.hasOwn(xattrs, name)) ignoreErrors(() => libc.removeXattr(place, name));
      }
    }
    for (const [name, value] of Object.entries(xattrs)) {
      if (libc === undefined) {
        warnings.once(
          path,
          'extended attributes and ACLs are not brought back: this needs Linux and the package koffi',
        );
        return;
      }
      if (!special && /^(security|trusted)\./.test(name)) {
        warnings.once(path, `the attribute ${name} is left out${this.#options.whyNotSpecial}`);
        continue;
      }
      try {
        libc.setXattr(place, name, value);
      } catch (error) {
        warnings.once(path, `the attribute ${printable(name)} cannot be set: ${whyFailed(error)}`);
      }
    }
  }

  #setMode(place: Place, entry: TreeEntry, path: () => Buffer, owned: boolean): void {
    let {mode} = entry;
    if (entry.type !== 'directory') {
      // A program that runs as its owner must never run as whoever restores it.
      if (!this.#options.special) mode &= ~(SETUID | SETGID);
      if (!owned && entry.uid !== this.#userId) mode &= ~SETUID;
      if (!owned && entry.gid !== this.#groupId) mode &= ~SETGID;
      if (mode !== entry.mode)
        this.#options.warnings.once(
          path,
          `its setuid or setgid bit is left out${this.#options.special ? '' : this.#options.whyNotSpecial}`,
        );
    }
    try {
      if (typeof place === 'number') fchmodSync(place, mode);
      else changeModeOf(place, mode);
    } catch (error) {
      this.#options.warnings.once(path, `its mode cannot be set: ${whyFailed(error)}`);
    }
  }

  #setTimes(place: Place, {mtimeNs}: TreeEntry, path: () => Buffer): void {
    const {libc, warnings} = this.#options;
    try {
      if (libc !== undefined) {
        libc.setTimes(place, mtimeNs, mtimeNs);
        return;
      }
      const seconds = Number(mtimeNs) / 1e9;
      if (typeof place === 'number') futimesSync(place, seconds, seconds);
      else lutimesSync(place, seconds, seconds);
      if (mtimeNs % 1000n !== 0n)
        warnings.once(
          path,
          'times are brought back to the microsecond only: more needs Linux and the package koffi',
        );
    } catch (error) {
      warnings.once(path, `its time cannot be set: ${whyFailed(error)}`);
    }
  }
}

/** `chmod` would follow a link that was put in the entry's place; a descriptor of the entry itself does not. */
function changeModeOf(path: Buffer, mode: number): void {
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    chmodSync(`/proc/self/fd/${fd}`, mode);
  } finally {
    closeSync(fd);
  }
}

function ignoreErrors(action: () => void): void {
  try {
    action();
  } catch {
    // Most often: it is not there.
  }
}

/** Names come from the repository: no control characters in messages. */
function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
