import { closeSync, constants, openSync, readSync } from 'node:fs';
import { fsPath } from './names.js';
/** https://bford.info/cachedir/ */
const SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';
/** Whether a directory declares itself a cache that needs no backup. */
export function isTaggedCache(directory, names) {
    if (!names.includes('CACHEDIR.TAG'))
        return false;
    try {
        const tag = openSync(fsPath(directory, 'CACHEDIR.TAG'), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
        try {
            const head = Buffer.alloc(SIGNATURE.length);
            return readSync(tag, head) === head.length && head.toString('latin1') === SIGNATURE;
        }
        finally {
            closeSync(tag);
        }
    }
    catch {
        // An unreadable tag is no tag: its directory is backed up, and the file itself is reported by the walk.
        return false;
    }
}
