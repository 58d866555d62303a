/** Remembers the first names of inodes that have several, and finds them again without following a link. */
import { closeSync, lstatSync } from 'node:fs';
import { hasProc, openBelow } from './directory.js';
export class LinkedFiles {
    #root;
    #first = new Map();
    constructor(root) {
        this.#root = root;
    }
    register(directory, name, { hardlink }, stats) {
        if (hardlink === undefined || this.#first.has(hardlink))
            return;
        this.#first.set(hardlink, { folder: directory.path, name, stats });
    }
    /** @returns undefined if it was never written, or is no longer what was written */
    find(hardlink, current) {
        const first = this.#first.get(hardlink);
        if (first === undefined)
            return undefined;
        const is = (stats) => isSame(stats, first.stats);
        const found = (path, fd) => {
            const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
            const close = () => {
                if (fd !== undefined)
                    closeSync(fd);
            };
            if (stats !== undefined && is(stats))
                return { path, is, [Symbol.dispose]: close };
            close();
            return undefined;
        };
        for (let open = current; open !== undefined; open = open.parent) {
            if (open.path.equals(first.folder))
                return found(open.child(first.name));
        }
        const fd = this.#openFolder(first.folder);
        return fd === undefined ? undefined : found(below(fd, first.name), fd);
    }
    /** Walks down from the root, one component at a time. @returns a descriptor, or undefined if that way is gone */
    #openFolder(folder) {
        if (!hasProc())
            return undefined; // Then a copy is written.
        let path;
        let fd;
        try {
            for (let start = 0; start < folder.length;) {
                const slash = folder.indexOf(0x2f, start);
                const end = slash < 0 ? folder.length : slash;
                const name = folder.subarray(start, end);
                path = fd === undefined ? this.#root.child(name) : below(fd, name);
                const next = openBelow(path, false);
                if (fd !== undefined)
                    closeSync(fd);
                fd = next;
                start = end + 1;
            }
            return fd;
        }
        catch {
            if (fd !== undefined)
                closeSync(fd);
            return undefined;
        }
    }
}
/** Inode numbers are given out again soon after a file is deleted, so they alone prove nothing. */
function isSame(a, b) {
    return (a.ino === b.ino && a.dev === b.dev && a.mode === b.mode && a.size === b.size && a.mtimeNs === b.mtimeNs);
}
function below(fd, name) {
    return Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), name]);
}
