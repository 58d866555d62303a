import { formatBytes } from './output.js';
import { displayName, jsonName } from './terminal.js';
export function listedJson({ path, entry }) {
    return {
        path: jsonName(path),
        type: entry.type,
        size: entry.size ?? null,
        mtime: isoTime(entry.mtimeNs),
        mode: entry.mode.toString(8).padStart(4, '0'),
        uid: entry.uid,
        gid: entry.gid,
        ...(entry.target && { target: jsonName(entry.target) }),
    };
}
const LETTERS = {
    file: '-',
    directory: 'd',
    symlink: 'l',
    fifo: 'p',
    chardevice: 'c',
    blockdevice: 'b',
};
/** Like `ls -l`. */
export function listedLine({ path, entry }) {
    const owner = `${entry.uid}:${entry.gid}`.padEnd(11);
    const size = (entry.size === undefined ? '' : formatBytes(entry.size)).padStart(9);
    const target = entry.target === undefined ? '' : ` -> ${displayName(entry.target)}`;
    return `${LETTERS[entry.type]}${permissions(entry.mode)}  ${owner} ${size}  ${isoTime(entry.mtimeNs).slice(0, 19)}  ${displayName(path)}${entry.type === 'directory' ? '/' : ''}${target}`;
}
function permissions(mode) {
    const triple = (bits, special, letter) => `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${special ? (bits & 1 ? letter : letter.toUpperCase()) : bits & 1 ? 'x' : '-'}`;
    return (triple(mode >> 6, (mode & 0o4000) !== 0, 's') +
        triple(mode >> 3, (mode & 0o2000) !== 0, 's') +
        triple(mode, (mode & 0o1000) !== 0, 't'));
}
/** A time beyond what dates can say stays a number of seconds. */
function isoTime(ns) {
    const rest = ((ns % 1000000000n) + 1000000000n) % 1000000000n;
    const seconds = Number((ns - rest) / 1000000000n);
    const date = new Date(seconds * 1000);
    if (Number.isNaN(date.getTime()))
        return `@${seconds}`;
    return `${date.toISOString().slice(0, -5)}.${String(rest).padStart(9, '0')}Z`;
}
