/** Copies a folder through FolderWriter, without a repository in between. Also a program: `node copy-tree.ts FROM TO [OVERWRITE] [EUID]`. */
import {closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, readSync} from 'node:fs';
import type {TreeEntry} from '../../src/repository/tree.ts';
import type {Overwrite} from '../../src/sources/folder/existing.ts';
import {FolderWriter} from '../../src/sources/folder/writer.ts';
import {loadLibc, splitDevice} from '../../src/system/libc.ts';

export interface CopyOptions {
  /** Bytes per write. */
  readonly chunkBytes?: number;
}

/** The entry that a backup would make of `place`; undefined for a socket. */
export function entryOf(place: Buffer, name: Buffer): TreeEntry | undefined {
  const stats = lstatSync(place, {bigint: true});
  const xattrs = loadLibc()?.readXattrs(place);
  const common = {
    name,
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtimeNs: stats.mtimeNs,
    ...(xattrs && {xattrs}),
    ...(!stats.isDirectory() && stats.nlink > 1n && {hardlink: `${stats.dev}:${stats.ino}`}),
  };
  if (stats.isDirectory()) return {...common, type: 'directory'};
  if (stats.isSymbolicLink())
    return {...common, type: 'symlink', target: readlinkSync(place, {encoding: 'buffer'})};
  if (stats.isFIFO()) return {...common, type: 'fifo'};
  if (stats.isCharacterDevice()) return {...common, type: 'chardevice', device: splitDevice(stats.rdev)};
  if (stats.isBlockDevice()) return {...common, type: 'blockdevice', device: splitDevice(stats.rdev)};
  if (!stats.isFile()) return undefined;
  const size = Number(stats.size);
  if (stats.blocks * 512n >= stats.size) return {...common, type: 'file', size};
  const fd = openSync(place, 'r');
  const extents = loadLibc()?.dataExtents(fd, size) ?? [[0, size]];
  closeSync(fd);
  return {...common, type: 'file', size, extents};
}

/** Writes everything below `from`, without calling `finish`. */
export function copyInto(writer: FolderWriter, from: string, {chunkBytes = 100_000}: CopyOptions = {}): void {
  const buffer = Buffer.alloc(chunkBytes);
  const walk = (fd: number): void => {
    const names = readdirSync(`/proc/self/fd/${fd}`, {encoding: 'buffer'}).sort(Buffer.compare);
    for (const name of names) {
      const place = Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), name]);
      const entry = entryOf(place, name);
      if (entry === undefined) continue;
      if (entry.hardlink !== undefined && writer.hardlink(name, entry)) continue;
      if (entry.type === 'symlink') writer.symlink(name, entry);
      else if (entry.type === 'file') copyFile(place, name, entry);
      else if (entry.type !== 'directory') writer.special(name, entry);
      else if (writer.openDirectory(name, entry)) {
        const inner = openSync(place, constants.O_RDONLY | constants.O_DIRECTORY);
        walk(inner);
        closeSync(inner);
        writer.closeDirectory();
      }
    }
  };
  const copyFile = (place: Buffer, name: Buffer, entry: TreeEntry): void => {
    const file = writer.file(name, entry);
    if (file === undefined) return;
    const fd = openSync(place, 'r');
    for (const [offset, length] of entry.extents ?? [[0, entry.size ?? 0]]) {
      for (let at = offset; at < offset + length; ) {
        const count = readSync(fd, buffer, 0, Math.min(buffer.length, offset + length - at), at);
        if (count === 0) break;
        file.write(buffer.subarray(0, count));
        at += count;
      }
    }
    closeSync(fd);
    file.commit();
  };
  const fd = openSync(from, constants.O_RDONLY | constants.O_DIRECTORY);
  walk(fd);
  closeSync(fd);
}

if (process.argv[1] === import.meta.filename) {
  const [from = '', to = '', overwrite = 'never', user] = process.argv.slice(2);
  if (user !== undefined) {
    loadLibc();
    process.setegid?.(Number(user));
    process.seteuid?.(Number(user));
  }
  const warnings: [string, string][] = [];
  using writer = new FolderWriter({
    root: to,
    overwrite: overwrite as Overwrite,
    onWarning: (path, problem) => warnings.push([path.toString('latin1'), problem]),
  });
  copyInto(writer, from, {chunkBytes: 4096});
  writer.finish(entryOf(Buffer.from(from), Buffer.from('.')));
  console.log(JSON.stringify({warnings, counts: writer.counts}));
}
