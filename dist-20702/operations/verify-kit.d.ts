import type { Problem } from '../repository/chain.ts';
import type { VerifyContext } from './verify.ts';
/**
 * Compares the emergency kit with ours: it is not signed, and somebody runs that script with a private key at hand. A missing one
 * is no problem: `init` puts it back, and each copy of Holdfast has it.
 */
export declare function verifyKit(context: VerifyContext): Promise<Problem[]>;
