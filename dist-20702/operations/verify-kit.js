import { DamageError } from '../errors.js';
import { isOurKit, kitFiles } from '../repository/kit.js';
import { readObject } from '../targets/read.js';
import { ObjectMissingError } from '../targets/target.js';
/** No kit is larger. */
const KIT_MOST_BYTES = 2 ** 20;
/**
 * Compares the emergency kit with ours: it is not signed, and somebody runs that script with a private key at hand. A missing one
 * is no problem: `init` puts it back, and each copy of Holdfast has it.
 */
export async function verifyKit(context) {
    const problems = [];
    for (const file of kitFiles()) {
        if (await isForeign(context, file))
            problems.push({
                object: file.name,
                problem: 'it is not what this Holdfast or an earlier one wrote: altered, or of a later version; do not run it, take the one of your own copy of Holdfast',
                affects: [],
            });
    }
    return problems;
}
async function isForeign({ repository, signal }, file) {
    try {
        const bytes = await readObject(repository.target, file.name, { maxBytes: KIT_MOST_BYTES, signal });
        return !isOurKit(file, bytes);
    }
    catch (error) {
        if (error instanceof ObjectMissingError)
            return false;
        if (error instanceof DamageError)
            return true; // Larger than any.
        throw error;
    }
}
