import {type BigIntStats, constants, readlinkSync} from 'node:fs';
import type {EntryType, TreeEntry} from '../../repository/tree.ts';
import {type Libc, splitDevice} from '../../system/libc.ts';
import {systemCode, whyFailed} from '../../system/system-error.ts';
import type {FsPath} from './names.ts';

/** Asking the stats one by one makes three large integers for each question. */
const TYPES: ReadonlyMap<number, EntryType> = new Map([
  [constants.S_IFREG, 'file'],
  [constants.S_IFDIR, 'directory'],
  [constants.S_IFLNK, 'symlink'],
  [constants.S_IFIFO, 'fifo'],
  [constants.S_IFCHR, 'chardevice'],
  [constants.S_IFBLK, 'blockdevice'],
]);

/** The type of what lstat saw; undefined for sockets, which only the program that made them can make. */
export function entryType(stats: BigIntStats): EntryType | undefined {
  return TYPES.get(Number(stats.mode) & constants.S_IFMT);
}

/** What all entries have; `onProblem` is told of attributes that cannot be read. */
export function describeEntry(
  name: string,
  path: FsPath,
  type: EntryType,
  stats: BigIntStats,
  libc: Libc | undefined,
  onProblem: (problem: string) => void,
): TreeEntry {
  const xattrs = libc === undefined ? undefined : readXattrs(path, libc, onProblem);
  return {
    name: Buffer.from(name, 'latin1'),
    type,
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtimeNs: stats.mtimeNs,
    ...(xattrs && {xattrs}),
    ...(type !== 'directory' && stats.nlink > 1n && {hardlink: inodeKey(stats)}),
    ...(type === 'symlink' && {target: readlinkSync(path, {encoding: 'buffer'})}),
    ...((type === 'chardevice' || type === 'blockdevice') && {device: splitDevice(stats.rdev)}),
  };
}

/** Names an inode on this machine. */
export function inodeKey(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}

function readXattrs(
  path: FsPath,
  libc: Libc,
  onProblem: (problem: string) => void,
): Record<string, Uint8Array> | undefined {
  try {
    return libc.readXattrs(typeof path === 'string' ? Buffer.from(path) : path);
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOTSUP' && code !== 'EOPNOTSUPP')
      onProblem(`its extended attributes cannot be read: ${whyFailed(error)}`);
    return undefined;
  }
}
