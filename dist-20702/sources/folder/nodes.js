import { constants, symlinkSync } from 'node:fs';
import { hasProc } from './directory.js';
const TYPE_BITS = { fifo: constants.S_IFIFO, chardevice: constants.S_IFCHR, blockdevice: constants.S_IFBLK };
/**
 * How to make an entry that has no content: a symlink, a FIFO, a device.
 * @param whyNoDevices undefined if devices may be made; otherwise what follows "are left out"
 * @returns a function that makes it under a free path, or why it cannot be made
 */
export function nodeMaker({ type, target, device }, libc, whyNoDevices) {
    if (type === 'symlink') {
        if (target === undefined || target.length === 0 || target.includes(0))
            return 'its target makes no sense';
        return (path) => symlinkSync(target, path);
    }
    if (type !== 'fifo' && type !== 'chardevice' && type !== 'blockdevice')
        return `a ${type} is not a node`;
    if (libc === undefined || !hasProc())
        return `a ${type} needs Linux and the package koffi`;
    if (type !== 'fifo' && whyNoDevices !== undefined)
        return `devices are left out${whyNoDevices}`;
    return (path) => libc.makeNode(path, TYPE_BITS[type] | 0o600, device);
}
