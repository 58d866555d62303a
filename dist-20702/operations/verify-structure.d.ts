import type { PublicKey } from 'openpgp';
import type { Problem } from '../repository/chain.ts';
import { type SourceHistory } from '../repository/history.ts';
import type { CheckedSeal } from '../repository/seal.ts';
import type { VerifyContext } from './verify.ts';
/** An object that at least one seal needs. */
export interface NeededObject {
    readonly name: string;
    readonly kind: 'pack' | 'index' | 'snapshot' | 'secret';
    readonly size: number;
    readonly sha256: string;
    /**
     * Whom it must be encrypted to, and nobody else: one of the fingerprints in each list. Undefined for the secrets, whose recipients
     * only the machine that backs up knows.
     */
    readonly encryptedTo: readonly (readonly string[])[] | undefined;
    /** The hash of a pack or index object. */
    readonly hash: string;
    readonly generation: string;
    readonly source: string;
    /** Ids of the snapshots that need it. */
    readonly affects: string[];
}
/** Everything that these seals need, each object once. What cannot be resolved goes to `problems`. */
export declare function neededObjects(history: SourceHistory, seals: readonly CheckedSeal[], agents: readonly PublicKey[], problems: Problem[]): NeededObject[];
export interface Structure {
    readonly problems: readonly Problem[];
    /** Names of objects that are missing or of another size. */
    readonly bad: ReadonlySet<string>;
    /** Objects in the source's generations that no seal needs. */
    readonly unfinished: number;
    /** How many of those are snapshot objects. */
    readonly unsealed: number;
}
/** Looks every needed object up, by listing, and directly where a listing does not have it. */
export declare function verifyStructure({ repository: { target }, signal }: VerifyContext, history: SourceHistory, needed: readonly NeededObject[]): Promise<Structure>;
