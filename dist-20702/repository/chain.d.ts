import type { CheckedSeal } from './seal.ts';
import type { SeenSeal } from './trust.ts';
/** Something that is not as it should be. */
export interface Problem {
    /** The object's name, or the source's. */
    readonly object: string;
    readonly problem: string;
    /** Snapshot ids, or `snapshot:path` where the key told. */
    readonly affects: readonly string[];
    /** Set where nothing is wrong but that nobody here approved the agent: the beginning of its fingerprint. */
    readonly stranger?: string;
}
/** A problem of a history, and the number of the newest seal that it makes doubtful, or -1 if it makes none so. */
export interface PlacedProblem extends Problem {
    readonly sequence: number;
}
export declare function asProblem({ sequence, ...problem }: PlacedProblem): Problem;
export declare function problemText({ object, problem }: Problem): string;
/**
 * From this number on a problem concerns the end of the history. What lies below a seal that this machine remembers, and that is there,
 * cannot change what follows: that seal names the hash of everything before it.
 */
export declare function endOfHistory(seals: readonly CheckedSeal[], remembered: number): number;
/** Sequences start at 1 and have no gap; each seal names the one before. */
export declare function chainProblems(source: string, seals: readonly CheckedSeal[]): PlacedProblem[];
/** The storage must not serve an older history, or another one, than this machine has seen. */
export declare function seenProblems(source: string, seals: readonly CheckedSeal[], seen: SeenSeal | undefined): PlacedProblem[];
