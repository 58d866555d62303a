import type { Problem } from '../repository/chain.ts';
import type { VerifyContext } from './verify.ts';
import type { NeededObject } from './verify-structure.ts';
/** A seal can say anything of sizes; no more than this is ever read into memory. */
export declare const MOST_BYTES: Record<NeededObject['kind'], number>;
/** Reads objects and compares them with their names and with what seals say; and whom they are encrypted to. No key is needed. */
export declare function verifyCiphertext(context: VerifyContext, objects: readonly NeededObject[]): Promise<Problem[]>;
export declare function wrongBytes(bytes: Uint8Array, object: NeededObject): string | undefined;
