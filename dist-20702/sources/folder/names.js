/**
 * Names and paths of a walk. A name is held as one character per byte (latin1), so that no byte is lost and order is byte
 * order; a path that is not ASCII goes to the system as bytes.
 */
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
const NOT_ASCII = /[^\0-\x7f]/;
/** PATH_MAX is 4096; a longer path is reached through an open descriptor. */
const PREFIX_MOST_BYTES = 3500;
export function fsPath(parent, name) {
    if (typeof parent === 'string' && !NOT_ASCII.test(name))
        return `${parent}/${name}`;
    return Buffer.concat([bytesOf(parent), Buffer.from(`/${name}`, 'latin1')]);
}
export function bytesOf(path) {
    return typeof path === 'string' ? Buffer.from(path, 'latin1') : path;
}
/** The names in a directory, in byte order. A name that is not UTF-8 keeps its bytes. */
export function listNames(directory) {
    return readdirSync(directory, { encoding: 'latin1' }).sort(byCodeUnit);
}
/** The default order of strings; of latin1 text it is byte order. */
function byCodeUnit(a, b) {
    return a < b ? -1 : a > b ? 1 : 0;
}
/** A directory that is being walked, reachable by a path of bearable length. */
export class WalkedDirectory {
    path;
    #descriptor;
    constructor(path) {
        if (path.length <= PREFIX_MOST_BYTES) {
            this.path = path;
        }
        else {
            this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
            this.path = `/proc/self/fd/${this.#descriptor}`;
        }
    }
    [Symbol.dispose]() {
        if (this.#descriptor !== undefined)
            closeSync(this.#descriptor);
    }
}
