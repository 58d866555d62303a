/** Files that have no final name yet. */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, renameSync, unlinkSync } from 'node:fs';
import { hasProc } from './directory.js';
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Linux only, and missing in Node's constants. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const SELF = Buffer.from('.');
export class Parts {
    #libc;
    #name = `.holdfast-${randomBytes(8).toString('hex')}`;
    #count = 0;
    #nameless;
    constructor(libc) {
        this.#libc = hasProc() ? libc : undefined;
    }
    /** A path that nobody has, of the form that {@link OpenDirectory.removeParts} removes after a kill. */
    nextPath(directory) {
        return directory.child(Buffer.from(`${this.#name}${(this.#count++).toString(16).padStart(8, '0')}.part`));
    }
    /**
     * Makes an empty file. In a directory that this run made it has no name if the file system can do that: this is a third faster
     * than to make and rename one, and {@link place} then takes no name that is taken, so nobody has to look before.
     */
    open(directory) {
        if (this.areNameless(directory))
            return { fd: this.#openNameless(directory), path: undefined };
        const path = this.nextPath(directory);
        return { fd: openSync(path, CREATE, 0o600), path };
    }
    areNameless(directory) {
        if (!directory.fresh)
            return false;
        this.#nameless ??= this.#tryNameless(directory);
        return this.#nameless;
    }
    /** Gives it its name. @throws `EEXIST` if it has no name yet, and that one is taken; otherwise what is there is replaced */
    place(part, directory, name) {
        const path = Buffer.isBuffer(part) ? part : part.path;
        if (path !== undefined)
            renameSync(path, directory.child(name));
        else if (!Buffer.isBuffer(part))
            this.#libc?.linkDescriptor(part.fd, directory.child(name));
    }
    #openNameless(directory) {
        return openSync(directory.child(SELF), constants.O_WRONLY | O_TMPFILE, 0o600);
    }
    #tryNameless(directory) {
        if (this.#libc === undefined)
            return false;
        try {
            const fd = this.#openNameless(directory);
            const path = this.nextPath(directory);
            try {
                this.#libc.linkDescriptor(fd, path);
                unlinkSync(path);
            }
            finally {
                closeSync(fd);
            }
            return true;
        }
        catch {
            return false;
        }
    }
}
export function removePart(path) {
    if (path === undefined)
        return;
    try {
        unlinkSync(path);
    }
    catch {
        // Somebody else removed it, or took away the right to: the next run tries again.
    }
}
