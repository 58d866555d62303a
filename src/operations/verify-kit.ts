import {DamageError} from '../errors.ts';
import type {Problem} from '../repository/chain.ts';
import {isOurKit, type KitFile, kitFiles} from '../repository/kit.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import type {VerifyContext} from './verify.ts';

/** No kit is larger. */
const KIT_MOST_BYTES = 2 ** 20;

/**
 * Compares the emergency kit with ours: it is not signed, and somebody runs that script with a private key at hand. A missing one
 * is no problem: `init` puts it back, and each copy of Holdfast has it.
 */
export async function verifyKit(context: VerifyContext): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const file of kitFiles()) {
    if (await isForeign(context, file))
      problems.push({
        object: file.name,
        problem:
          'it is not what this Holdfast or an earlier one wrote: altered, or of a later version; do not run it, take the one of your own copy of Holdfast',
        affects: [],
      });
  }
  return problems;
}

async function isForeign({repository, signal}: VerifyContext, file: KitFile): Promise<boolean> {
  try {
    const bytes = await readObject(repository.target, file.name, {maxBytes: KIT_MOST_BYTES, signal});
    return !isOurKit(file, bytes);
  } catch (error) {
    if (error instanceof ObjectMissingError) return false;
    if (error instanceof DamageError) return true; // Larger than any.
    throw error;
  }
}
