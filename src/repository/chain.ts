/** What is wrong with seals as a chain, and whether its end goes on from what this machine remembers. */
import {sealObject} from './layout.ts';
import type {CheckedSeal} from './seal.ts';
import type {SeenSeal} from './trust.ts';

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

export function asProblem({sequence, ...problem}: PlacedProblem): Problem {
  return problem;
}

export function problemText({object, problem}: Problem): string {
  return `${object}: ${problem}`;
}

/**
 * From this number on a problem concerns the end of the history. What lies below a seal that this machine remembers, and that is there,
 * cannot change what follows: that seal names the hash of everything before it.
 */
export function endOfHistory(seals: readonly CheckedSeal[], remembered: number): number {
  return Math.min(seals.at(-1)?.sequence ?? 0, remembered);
}

/** Sequences start at 1 and have no gap; each seal names the one before. */
export function chainProblems(source: string, seals: readonly CheckedSeal[]): PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  let before: CheckedSeal | undefined;
  for (const seal of seals) {
    const object = sealObject(seal, seal.sequence, seal.snapshot.id);
    const affects = [seal.snapshot.id];
    const expected = (before?.sequence ?? 0) + 1;
    if (seal.sequence === before?.sequence) {
      problems.push({
        object,
        problem: `there are two seals number ${seal.sequence} of ${source}: history was forked`,
        affects: [before.snapshot.id, ...affects],
        sequence: seal.sequence,
      });
    } else if (seal.sequence !== expected) {
      const missing =
        seal.sequence - 1 === expected ? `seal ${expected}` : `seals ${expected} to ${seal.sequence - 1}`;
      problems.push({
        object,
        problem: `${missing} of ${source} before it: missing`,
        affects: [],
        sequence: seal.sequence - 1,
      });
    } else if (seal.previous !== (before?.hash ?? null)) {
      problems.push({
        object,
        problem: 'it does not follow from the seal before it',
        affects,
        sequence: seal.sequence - 1,
      });
    }
    before = seal;
  }
  return problems;
}

/** The storage must not serve an older history, or another one, than this machine has seen. */
export function seenProblems(
  source: string,
  seals: readonly CheckedSeal[],
  seen: SeenSeal | undefined,
): PlacedProblem[] {
  if (seen === undefined) return [];
  const newest = seals.at(-1);
  const {sequence} = seen;
  if (newest === undefined || newest.sequence < sequence) {
    const has = newest === undefined ? 'no seal' : `seal ${newest.sequence}`;
    return [
      {
        object: source,
        problem: `the storage has ${has} as its newest, older than seal ${sequence} seen before: rolled back or emptied`,
        affects: [],
        sequence,
      },
    ];
  }
  const same = seals.filter((seal) => seal.sequence === sequence);
  if (same.length > 0 && !same.some((seal) => seal.hash === seen.hash)) {
    return [
      {
        object: source,
        problem: `seal ${sequence} is not the one seen before: history was replaced`,
        affects: same.map((seal) => seal.snapshot.id),
        sequence,
      },
    ];
  }
  return [];
}
