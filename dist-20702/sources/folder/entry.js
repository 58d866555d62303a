import { readlinkSync } from 'node:fs';
import { splitDevice } from '../../system/libc.js';
/** The type of what lstat saw; undefined for sockets, which only the program that made them can make. */
export function entryType(stats) {
    if (stats.isFile())
        return 'file';
    if (stats.isDirectory())
        return 'directory';
    if (stats.isSymbolicLink())
        return 'symlink';
    if (stats.isFIFO())
        return 'fifo';
    if (stats.isCharacterDevice())
        return 'chardevice';
    if (stats.isBlockDevice())
        return 'blockdevice';
    return undefined;
}
/** What all entries have; `onProblem` is told of attributes that cannot be read. */
export function describeEntry(name, path, type, stats, libc, onProblem) {
    const xattrs = libc === undefined ? undefined : readXattrs(path, libc, onProblem);
    return {
        name: Buffer.from(name, 'latin1'),
        type,
        mode: Number(stats.mode & 4095n),
        uid: Number(stats.uid),
        gid: Number(stats.gid),
        mtimeNs: stats.mtimeNs,
        ...(xattrs && { xattrs }),
        ...(type !== 'directory' && stats.nlink > 1n && { hardlink: inodeKey(stats) }),
        ...(type === 'symlink' && { target: readlinkSync(path, { encoding: 'buffer' }) }),
        ...((type === 'chardevice' || type === 'blockdevice') && { device: splitDevice(stats.rdev) }),
    };
}
/** Names an inode on this machine. */
export function inodeKey(stats) {
    return `${stats.dev}:${stats.ino}`;
}
function readXattrs(path, libc, onProblem) {
    try {
        return libc.readXattrs(typeof path === 'string' ? Buffer.from(path) : path);
    }
    catch (error) {
        const { code, message } = error;
        if (code !== 'ENOTSUP' && code !== 'EOPNOTSUPP')
            onProblem(`its extended attributes cannot be read: ${message}`);
        return undefined;
    }
}
