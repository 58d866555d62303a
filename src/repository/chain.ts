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

/** What tells a gap that was pruned from one that somebody cut. */
export interface RemovedSeals {
  /** The first and the last of these numbers that were not removed; undefined if all were. */
  notRemoved(from: number, to: number): readonly [first: number, last: number] | undefined;
  /** The hash of a removed seal, where it is known. */
  hashOf(sequence: number): string | undefined;
}

/** Sequences start at 1 and have no gap but where seals were removed; each seal names the one before. */
export function chainProblems(
  source: string,
  seals: readonly CheckedSeal[],
  removed: RemovedSeals,
): PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  let before: CheckedSeal | undefined;
  for (const seal of seals) {
    const object = sealObject(seal, seal.sequence, seal.snapshot.id);
    const affects = [seal.snapshot.id];
    const expected = (before?.sequence ?? 0) + 1;
    const missing = seal.sequence > expected ? removed.notRemoved(expected, seal.sequence - 1) : undefined;
    if (seal.sequence === before?.sequence) {
      problems.push({
        object,
        problem: `there are two seals number ${seal.sequence} of ${source}: history was forked`,
        affects: [before.snapshot.id, ...affects],
        sequence: seal.sequence,
      });
    } else if (missing !== undefined) {
      const [first, last] = missing;
      const which = first === last ? `seal ${first}` : `seals ${first} to ${last}`;
      problems.push({
        object,
        problem: `${which} of ${source} before it: missing`,
        affects: [],
        sequence: seal.sequence - 1,
      });
    } else if (seal.sequence > expected) {
      const hash = removed.hashOf(seal.sequence - 1);
      if (hash !== undefined && hash !== seal.previous)
        problems.push({
          object,
          problem: 'it does not follow from the seal before it, which was pruned',
          affects,
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
