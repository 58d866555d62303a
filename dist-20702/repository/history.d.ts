/** The seals of a repository, read and checked: signatures, chain, and what this machine saw before. */
import type { PublicKey } from 'openpgp';
import { type Problem } from './chain.ts';
import type { Repository } from './repository.ts';
import { type CheckedSeal } from './seal.ts';
import type { TrustFile } from './trust.ts';
export interface SourceHistory {
    readonly source: string;
    /** Oldest first; only those whose signature and place are right. */
    readonly seals: readonly CheckedSeal[];
    /** Names of all objects among the seals, also of those that do not count. */
    readonly sealNames: ReadonlySet<string>;
    /** All generations that have a folder, oldest first; one without seals is unfinished. */
    readonly generations: readonly string[];
    readonly problems: readonly Problem[];
    /** Those of `problems` for which the end of this history may not be a continuation of what this machine remembers. */
    readonly endProblems: readonly Problem[];
}
export interface History {
    readonly sources: readonly SourceHistory[];
    readonly problems: readonly Problem[];
}
/**
 * Reads all seals, of all sources or of those named, and notes the newest as seen.
 * @throws only what the target throws; everything wrong with what is stored is a problem in the result
 */
export declare function readHistory(repository: Repository, agents: readonly PublicKey[], trust: TrustFile, sources?: readonly string[]): Promise<History>;
/**
 * The seals of one source, checked on their own, against each other, and against what this machine remembers.
 * @param cataloged the number of the newest seal in the catalog: remembered, too
 */
export declare function readSource(repository: Repository, agents: readonly PublicKey[], source: string, trust: TrustFile, cataloged?: number): Promise<SourceHistory>;
/** What `seal` needs in all, following the seals it builds on. Undefined if one of those is missing. */
export declare function resolveNeeds(history: SourceHistory, seal: CheckedSeal): {
    packs: Map<string, number>;
    index: Map<string, number>;
} | undefined;
/**
 * Notes that the operator has looked at the problems of a history and went on with `next`. A problem that shows up later
 * is reported again.
 */
export declare function acceptHistory(trust: TrustFile, history: SourceHistory, next: CheckedSeal): void;
