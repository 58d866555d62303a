import { RestoreError } from '../../errors.js';
import { pathText } from '../../system/utf8.js';
import { codeOf } from './metadata.js';
export const NAME_NOT_ALLOWED = 'its name is not allowed (empty, ".", "..", or with "/" or NUL)';
/** The storage below cannot go on, whatever the entry. */
const FATAL = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'ESTALE', 'ENODEV', 'ENOMEM', 'ENXIO']);
/** Counts what became of the entries, and tells apart what concerns one of them and what ends the restore. */
export class Outcome {
    counts = { written: 0, present: 0, refused: 0 };
    #warnings;
    constructor(warnings) {
        this.#warnings = warnings;
    }
    /** @returns whether `name` is one component of a path; refuses the entry if not */
    acceptsName(directory, name) {
        if (nameIsSound(name))
            return true;
        this.refuse(directory, name, NAME_NOT_ALLOWED);
        return false;
    }
    refuse(directory, name, problem) {
        this.counts.refused++;
        this.#warnings.each(directory.pathOf(name), problem);
    }
    /** Turns what the system refuses for one entry into a warning, and what it refuses for all into a {@link RestoreError}. */
    attempt(directory, name, otherwise, action) {
        try {
            return action();
        }
        catch (error) {
            const code = error.code;
            if (error instanceof RestoreError || code === undefined)
                throw error;
            if (FATAL.has(code))
                throw this.explain(directory.pathOf(name), error);
            this.refuse(directory, name, `cannot be written (${code})`);
            return otherwise;
        }
    }
    explain(path, cause) {
        const full = codeOf(cause) === 'ENOSPC' || codeOf(cause) === 'EDQUOT';
        const hint = full ? 'Make room, and run it again: it goes on where it stopped.' : undefined;
        return new RestoreError(`Cannot write ${pathText(path)} (${codeOf(cause)}).`, {
            cause,
            hint,
        });
    }
}
/** One component of a path, whatever the repository says. */
export function nameIsSound(name) {
    const dots = (name.length === 1 || (name.length === 2 && name[1] === 0x2e)) && name[0] === 0x2e;
    return name.length > 0 && !dots && !name.includes(0x2f) && !name.includes(0);
}
