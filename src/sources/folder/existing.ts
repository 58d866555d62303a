/** What to do about entries that are where a restored one belongs. */
import {
  type BigIntStats,
  closeSync,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  readlinkSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import type {TreeEntry} from '../../repository/tree.ts';
import {joinDevice, type Libc} from '../../system/libc.ts';
import {systemCode} from '../../system/system-error.ts';
import type {OpenDirectory} from './directory.ts';
import {entryType} from './entry.ts';

/** `never` leaves what is there; `changed` replaces what differs in type, size, time or target; `always` replaces everything. */
export type Overwrite = 'never' | 'changed' | 'always';

export type Existing =
  | {readonly decision: 'write'}
  | {readonly decision: 'keep'; readonly found: BigIntStats}
  | {readonly decision: 'refuse'; readonly problem: string};

const WRITE: Existing = {decision: 'write'};
export const COLLISION = 'another entry has the same name on this file system';
/** 2001-09-09, an odd second, and a digit in every place. */
const PROBE_NS = 1_000_000_001_123_456_789n;

export class ExistingEntries {
  readonly #overwrite: Overwrite;
  readonly #probePath: () => Buffer;
  readonly #libc: Libc | undefined;
  #toleranceNs: bigint | undefined;

  /** @param probePath a free path, to try how exactly times are kept */
  constructor(overwrite: Overwrite, probePath: () => Buffer, libc: Libc | undefined) {
    this.#overwrite = overwrite;
    this.#probePath = probePath;
    this.#libc = libc;
  }

  /** For everything but directories. Takes away an empty directory that is in the way; the rest is replaced by renaming over it. */
  judge(directory: OpenDirectory, name: Buffer, entry: TreeEntry): Existing {
    const path = directory.child(name);
    const found = lstatSync(path, {bigint: true, throwIfNoEntry: false});
    if (found === undefined) return WRITE;
    if (directory.collides(found)) return {decision: 'refuse', problem: COLLISION};
    if (this.#overwrite !== 'always' && this.#isEqual(path, found, entry)) return {decision: 'keep', found};
    if (this.#overwrite === 'never')
      return {decision: 'refuse', problem: 'something else is there, and is left as it is'};
    if (!found.isDirectory()) return WRITE;
    try {
      rmdirSync(path);
      return WRITE;
    } catch (error) {
      const code = systemCode(error);
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
      return {decision: 'refuse', problem: 'a folder that is not empty is in its place'};
    }
  }

  /**
   * For directories: removes what is not one, if that is wanted.
   * @returns what is wrong; undefined if a directory is there now, or nothing
   */
  clearForDirectory(parent: OpenDirectory, name: Buffer): string | undefined {
    const path = parent.child(name);
    const found = lstatSync(path, {bigint: true, throwIfNoEntry: false});
    if (found === undefined) return undefined;
    if (parent.collides(found)) return COLLISION;
    if (found.isDirectory()) return undefined;
    if (this.#overwrite === 'never') return 'something that is not a folder is there, and is left as it is';
    unlinkSync(path);
    return undefined;
  }

  #isEqual(path: Buffer, found: BigIntStats, entry: TreeEntry): boolean {
    if (entryType(found) !== entry.type) return false;
    if (entry.type === 'symlink')
      return entry.target !== undefined && readlinkSync(path, {encoding: 'buffer'}).equals(entry.target);
    if (entry.type === 'fifo') return true;
    if (entry.type !== 'file') return entry.device !== undefined && found.rdev === joinDevice(entry.device);
    return found.size === BigInt(entry.size ?? 0) && this.#isSameTime(found.mtimeNs, entry.mtimeNs);
  }

  /** Exact, unless this file system (or Node without libc) cannot keep times exactly. */
  #isSameTime(found: bigint, wanted: bigint): boolean {
    if (found === wanted) return true;
    const difference = found > wanted ? found - wanted : wanted - found;
    if (difference >= 2_000_000_000n) return false;
    this.#toleranceNs ??= this.#probe();
    return difference < this.#toleranceNs;
  }

  #probe(): bigint {
    const path = this.#probePath();
    const fd = openSync(path, 'wx', 0o600);
    try {
      if (this.#libc) this.#libc.setTimes(fd, PROBE_NS, PROBE_NS);
      else futimesSync(fd, Number(PROBE_NS) / 1e9, Number(PROBE_NS) / 1e9);
      const {mtimeNs} = fstatSync(fd, {bigint: true});
      const error = mtimeNs > PROBE_NS ? mtimeNs - PROBE_NS : PROBE_NS - mtimeNs;
      return [0n, 1000n, 1_000_000n].find((tolerance) => error <= tolerance) ?? 2_000_000_000n;
    } finally {
      closeSync(fd);
      unlinkSync(path);
    }
  }
}
