import type { Problem } from '../repository/chain.ts';
import type { ChosenSource, VerifyContext } from './verify.ts';
import type { NeededObject } from './verify-structure.ts';
/** The problem whose `affects` are files. */
export declare const FILES_AFFECTED = "files cannot be restored whole";
/**
 * Decrypts and decompresses every sampled pack, checks every blob, and that the trees of each snapshot are whole.
 * @param missing names of objects that are known to be bad already
 */
export declare function verifyContent(context: VerifyContext, chosen: readonly ChosenSource[], sampled: readonly NeededObject[], missing: ReadonlySet<string>): Promise<Problem[]>;
