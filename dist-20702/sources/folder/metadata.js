/** Brings back owner, mode, extended attributes and times of a restored entry. */
import { chmodSync, closeSync, constants, fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync, openSync, } from 'node:fs';
import { O_PATH } from './directory.js';
const ACLS = ['system.posix_acl_access', 'system.posix_acl_default'];
const SETUID = 0o4000;
const SETGID = 0o2000;
/** Reports what cannot be brought back: `kind` once with its first path, the rest as a number. */
export class Warnings {
    #report;
    #kinds = new Map();
    constructor(report) {
        this.#report = report;
    }
    each(path, problem) {
        this.#report(path, problem);
    }
    once(path, problem) {
        const count = this.#kinds.get(problem) ?? 0;
        this.#kinds.set(problem, count + 1);
        if (count === 0)
            this.#report(path(), problem);
    }
    /** Says of how many more entries each kind was true. */
    summarize() {
        for (const [problem, count] of this.#kinds) {
            if (count > 1)
                this.#report(Buffer.alloc(0), `${problem} (the same for ${count - 1} more)`);
        }
        this.#kinds.clear();
    }
}
export class MetadataWriter {
    #options;
    #userId = process.geteuid?.() ?? -1;
    #groupId = process.getegid?.() ?? -1;
    constructor(options) {
        this.#options = options;
    }
    /**
     * The order matters: a change of owner clears setuid bits and capabilities; `user.*` attributes need the right to write, which the
     * mode may take away; an ACL may clear setgid; and all of them would spoil the times if anything touched the content after them.
     * @param place a descriptor, or the path of what cannot be opened (links, FIFOs, devices)
     * @param clearAcls an ACL may be there that the entry does not have
     */
    apply(place, entry, path, clearAcls) {
        const owned = this.#setOwner(place, entry, path);
        this.#setXattrs(place, entry, path, clearAcls);
        if (entry.type !== 'symlink')
            this.#setMode(place, entry, path, owned);
        this.#setTimes(place, entry, path);
    }
    #setOwner(place, { uid, gid }, path) {
        if (!this.#options.owners)
            return false;
        try {
            if (typeof place === 'number')
                fchownSync(place, uid, gid);
            else
                lchownSync(place, uid, gid);
            return true;
        }
        catch (error) {
            this.#options.warnings.once(path, `its owner cannot be set (${codeOf(error)})`);
            return false;
        }
    }
    #setXattrs(place, { xattrs = {} }, path, clearAcls) {
        const { libc, special, warnings } = this.#options;
        if (clearAcls && libc !== undefined) {
            for (const name of ACLS) {
                if (!Object.hasOwn(xattrs, name))
                    ignoreErrors(() => libc.removeXattr(place, name));
            }
        }
        for (const [name, value] of Object.entries(xattrs)) {
            if (libc === undefined) {
                warnings.once(path, 'extended attributes and ACLs are not brought back: this needs Linux and the package koffi');
                return;
            }
            if (!special && /^(security|trusted)\./.test(name)) {
                warnings.once(path, `the attribute ${name} is left out${this.#options.whyNotSpecial}`);
                continue;
            }
            try {
                libc.setXattr(place, name, value);
            }
            catch (error) {
                warnings.once(path, `the attribute ${printable(name)} cannot be set (${codeOf(error)})`);
            }
        }
    }
    #setMode(place, entry, path, owned) {
        let { mode } = entry;
        if (entry.type !== 'directory') {
            // A program that runs as its owner must never run as whoever restores it.
            if (!this.#options.special)
                mode &= ~(SETUID | SETGID);
            if (!owned && entry.uid !== this.#userId)
                mode &= ~SETUID;
            if (!owned && entry.gid !== this.#groupId)
                mode &= ~SETGID;
            if (mode !== entry.mode)
                this.#options.warnings.once(path, `its setuid or setgid bit is left out${this.#options.special ? '' : this.#options.whyNotSpecial}`);
        }
        try {
            if (typeof place === 'number')
                fchmodSync(place, mode);
            else
                changeModeOf(place, mode);
        }
        catch (error) {
            this.#options.warnings.once(path, `its mode cannot be set (${codeOf(error)})`);
        }
    }
    #setTimes(place, { mtimeNs }, path) {
        const { libc, warnings } = this.#options;
        try {
            if (libc !== undefined) {
                libc.setTimes(place, mtimeNs, mtimeNs);
                return;
            }
            const seconds = Number(mtimeNs) / 1e9;
            if (typeof place === 'number')
                futimesSync(place, seconds, seconds);
            else
                lutimesSync(place, seconds, seconds);
            if (mtimeNs % 1000n !== 0n)
                warnings.once(path, 'times are brought back to the microsecond only: more needs Linux and the package koffi');
        }
        catch (error) {
            warnings.once(path, `its time cannot be set (${codeOf(error)})`);
        }
    }
}
/** `chmod` would follow a link that was put in the entry's place; a descriptor of the entry itself does not. */
function changeModeOf(path, mode) {
    const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
    try {
        chmodSync(`/proc/self/fd/${fd}`, mode);
    }
    finally {
        closeSync(fd);
    }
}
export function codeOf(error) {
    return error.code ?? String(error);
}
function ignoreErrors(action) {
    try {
        action();
    }
    catch {
        // Most often: it is not there.
    }
}
/** Names come from the repository: no control characters in messages. */
function printable(text) {
    return JSON.stringify(text).slice(1, -1);
}
