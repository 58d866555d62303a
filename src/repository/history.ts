/** The seals of a repository, read and checked: signatures, chain, and what this machine saw before. */

import type {PublicKey} from 'openpgp';
import pMap from 'p-map';
import {UnknownSignerError} from '../crypto/message.ts';
import {DamageError, HoldfastError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import {
  asProblem,
  chainProblems,
  endOfHistory,
  type PlacedProblem,
  type Problem,
  problemText,
  seenProblems,
} from './chain.ts';
import {
  type GenerationPlace,
  isGenerationName,
  isSourceName,
  parseSealObject,
  type SnapshotId,
  sealObject,
  sealsPrefix,
} from './layout.ts';
import {type Marks, readMarks} from './marks.ts';
import {applyRepacks, type NeededNames} from './repack.ts';
import type {Repository} from './repository.ts';
import {type CheckedSeal, readSeal, SEAL_MOST_BYTES} from './seal.ts';
import type {SeenSeal, TrustFile} from './trust.ts';

export interface SourceHistory {
  readonly source: string;
  /** Oldest first; only those whose signature and place are right, and that nobody removed. */
  readonly seals: readonly CheckedSeal[];
  /** Seals that were removed and are still stored: the needs of others build on them, or they wait to be swept. */
  readonly removed: readonly CheckedSeal[];
  /** What was removed, and what is to be swept. */
  readonly marks: Marks;
  /** Names of all objects among the seals, also of those that do not count; and when the store says each was written, in ms. */
  readonly sealNames: ReadonlyMap<string, number>;
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

const PARALLEL_READS = 8;

/**
 * Reads all seals, of all sources or of those named, and notes the newest as seen.
 * @throws only what the target throws; everything wrong with what is stored is a problem in the result
 */
export async function readHistory(
  repository: Repository,
  agents: readonly PublicKey[],
  trust: TrustFile,
  sources?: readonly string[],
): Promise<History> {
  const names = sources ?? (await allSources(repository, trust));
  const histories = await pMap(names, (source) => readSource(repository, agents, source, trust), {
    concurrency: 2,
  });
  const problems = histories.flatMap((history) => history.problems);
  trust.remember(
    newestSeen(histories.filter((history) => history.endProblems.length === 0)),
    repository.target.label,
  );
  return {sources: histories, problems};
}

/**
 * The seals of one source, checked on their own, against each other, and against what this machine remembers.
 * @param cataloged the number of the newest seal in the catalog: remembered, too
 */
export async function readSource(
  repository: Repository,
  agents: readonly PublicKey[],
  source: string,
  trust: TrustFile,
  cataloged = 0,
): Promise<SourceHistory> {
  const found: PlacedProblem[] = [];
  const generations: string[] = [];
  for await (const name of repository.target.listFolders(`${source}/`))
    if (isGenerationName(name)) generations.push(name);
  generations.sort();
  const objects: {place: GenerationPlace; name: string; sequence: number; id: SnapshotId}[] = [];
  const sealNames = new Map<string, number>();
  for (const generation of generations) {
    const place = {source, generation};
    for await (const {name, modifiedMs} of repository.target.list(sealsPrefix(place))) {
      sealNames.set(name, modifiedMs);
      const parsed = parseSealObject(place, name);
      if (parsed === undefined)
        found.push({object: name, problem: 'it is not named like a seal', affects: [], sequence: -1});
      else objects.push({place, name, ...parsed});
    }
  }
  const read = await pMap(
    objects,
    async ({place, name, sequence, id}) => {
      const seal = await readOne(repository, agents, name);
      const wrong = (problem: string): PlacedProblem => ({object: name, problem, affects: [id], sequence});
      if ('problem' in seal) return {object: name, affects: [id], sequence, ...seal};
      const named = sealObject(place, sequence, id);
      const says = sealObject(seal, seal.sequence, seal.snapshot.id);
      if (seal.repository !== repository.id) return wrong('it belongs to another repository');
      if (named !== says) return wrong(`it belongs at ${says}`);
      return seal;
    },
    {concurrency: PARALLEL_READS},
  );
  // After the seals: what was swept while they were read, was marked before.
  const marks = await readMarks(repository, source, trust);
  found.push(...marks.problems.map((problem) => ({...problem, sequence: -1})));
  const seals: CheckedSeal[] = [];
  for (const item of read) {
    if (!('problem' in item)) seals.push(item);
    else if (!marks.isRemoved(item.sequence)) found.push(item);
  }
  // Two seals of one number are a fork; which of them counts as the later one must not depend on the listing's order.
  seals.sort((a, b) => a.sequence - b.sequence || (a.snapshot.id < b.snapshot.id ? -1 : 1));
  const seen = trust.seen(source);
  found.push(...chainProblems(source, seals, marks), ...seenProblems(source, seals, seen));
  const accepted = new Set(trust.accepted(source));
  const open = found.filter((problem) => !accepted.has(problemText(problem)));
  const end = endOfHistory(seals, Math.max(seen?.sequence ?? 0, cataloged));
  // Whatever a mark says: the newest seal is never taken for removed.
  const newest = seals.at(-1)?.sequence;
  const {kept = [], removed = []} = Object.groupBy(seals, ({sequence}) =>
    sequence !== newest && marks.isRemoved(sequence) ? 'removed' : 'kept',
  );
  return {
    source,
    seals: kept,
    removed,
    marks,
    sealNames,
    generations,
    problems: open.map(asProblem),
    endProblems: open.filter(({sequence}) => sequence >= end).map(asProblem),
  };
}

/** A seal lists everything it needs at least so often (docs/format.md §9); a longer line is no honest one. */
const LINE_MOST_SEALS = 32;
const sealsByHistory = new WeakMap<SourceHistory, ReadonlyMap<string, CheckedSeal>>();

function sealsByHash(history: SourceHistory): ReadonlyMap<string, CheckedSeal> {
  const known =
    sealsByHistory.get(history) ??
    new Map([...history.removed, ...history.seals].map((seal) => [seal.hash, seal]));
  sealsByHistory.set(history, known);
  return known;
}

/** The MD5 of the packs of which any of these seals knows it, by the pack's name. */
export function packMd5s(seals: readonly CheckedSeal[]): Map<string, string> {
  const known = new Map<string, string>();
  for (const {needs} of seals)
    for (const [at, [name]] of needs.packs.entries()) {
      const md5 = needs.md5?.[at];
      if (md5) known.set(name, md5);
    }
  return known;
}

/** The seal, and those that it builds on, back to one that lists everything. Undefined if one of those is missing. */
export function lineOf(history: SourceHistory, seal: CheckedSeal): CheckedSeal[] | undefined {
  const byHash = sealsByHash(history);
  const line: CheckedSeal[] = [];
  for (let at: CheckedSeal | undefined = seal; ; ) {
    line.push(at);
    if (at.needs.base === null) return line;
    if (line.length === LINE_MOST_SEALS) return undefined;
    const base: CheckedSeal | undefined = byHash.get(at.needs.base);
    if (base === undefined || base.sequence >= at.sequence || base.generation !== at.generation)
      return undefined;
    at = base;
  }
}

/** What `seal` needs in all, with what was repacked. Undefined if a seal that it builds on is missing. */
export function resolveNeeds(history: SourceHistory, seal: CheckedSeal): NeededNames | undefined {
  const needs = statedNeeds(history, seal);
  if (needs !== undefined) applyRepacks(needs, history.marks.repacks.of(seal));
  return needs;
}

/** The same as the seals alone say it, and as later seals build on it. */
export function statedNeeds(history: SourceHistory, seal: CheckedSeal): NeededNames | undefined {
  const line = lineOf(history, seal);
  if (line === undefined) return undefined;
  const packs = new Map<string, number>();
  const index = new Map<string, number>();
  for (const {needs} of line.reverse()) {
    for (const [name, size] of needs.packs) packs.set(name, size);
    for (const [name, size] of needs.index) index.set(name, size);
    for (const name of needs.dropped) {
      packs.delete(name);
      index.delete(name);
    }
  }
  return {packs, index};
}

async function allSources({target}: Repository, trust: TrustFile): Promise<string[]> {
  const names = new Set(trust.sourcesAt(target.label));
  for await (const name of target.listFolders('')) if (isSourceName(name)) names.add(name);
  return [...names].sort();
}

async function readOne(
  {target}: Repository,
  agents: readonly PublicKey[],
  name: string,
): Promise<CheckedSeal | Pick<Problem, 'problem' | 'stranger'>> {
  try {
    return await readSeal(await readObject(target, name, {maxBytes: SEAL_MOST_BYTES}), agents);
  } catch (error) {
    if (error instanceof DamageError) return {problem: error.message.replace(`${name}: `, '')};
    if (error instanceof ObjectMissingError) return {problem: 'it is missing'};
    if (error instanceof HoldfastError) throw error;
    const {message: problem} = error as Error;
    return error instanceof UnknownSignerError ? {problem, stranger: error.keyId} : {problem};
  }
}

/**
 * Notes that the operator has looked at the problems of a history and went on with `next`. A problem that shows up later
 * is reported again.
 */
export function acceptHistory(
  trust: TrustFile,
  history: SourceHistory,
  next: CheckedSeal,
  place: string,
): void {
  const problems = [
    ...history.problems,
    ...chainProblems(history.source, allSeals(history, next), history.marks),
  ];
  trust.accept(next.source, next, problems.map(problemText), place);
}

/** Removed ones that are still stored, too: together they are the chain. */
function allSeals({seals, removed}: SourceHistory, next: CheckedSeal): CheckedSeal[] {
  return [...seals, ...removed, next].sort((a, b) => a.sequence - b.sequence);
}

function newestSeen(histories: readonly SourceHistory[]): Record<string, SeenSeal> {
  return Object.fromEntries(
    histories.flatMap(({source, seals}) => {
      const newest = seals.at(-1);
      return newest === undefined ? [] : [[source, {sequence: newest.sequence, hash: newest.hash}]];
    }),
  );
}
