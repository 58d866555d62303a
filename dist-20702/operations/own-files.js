import { lstatSync, statSync } from 'node:fs';
import { inodeKey } from '../sources/folder/entry.js';
/** Inodes of what a backup must not take into itself. What does not exist cannot be met. */
export function ownInodes(paths) {
    const inodes = new Set();
    for (const path of paths) {
        // The place itself, and where it leads to if it is a link.
        for (const stats of [
            lstatSync(path, { bigint: true, throwIfNoEntry: false }),
            statSync(path, { bigint: true, throwIfNoEntry: false }),
        ])
            if (stats !== undefined)
                inodes.add(inodeKey(stats));
    }
    return inodes;
}
