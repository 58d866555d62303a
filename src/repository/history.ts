/** The seals of a repository, read and checked: signatures, chain, and what this machine saw before. */

import type {PublicKey} from 'openpgp';
import pMap from 'p-map';
import {UnknownSignerError} from '../crypto/message.ts';
import {DamageError, HoldfastError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import {
  type GenerationPlace,
  isGenerationName,
  isSourceName,
  parseSealObject,
  type SnapshotId,
  sealObject,
  sealsPrefix,
} from './layout.ts';
import type {Repository} from './repository.ts';
import {type CheckedSeal, readSeal, SEAL_MOST_BYTES} from './seal.ts';
import type {SeenSeal, TrustFile} from './trust.ts';

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

export interface SourceHistory {
  readonly source: string;
  /** Oldest first; only those whose signature and place are right. */
  readonly seals: readonly CheckedSeal[];
  /** Names of all objects among the seals, also of those that do not count. */
  readonly sealNames: ReadonlySet<string>;
  /** All generations that have a folder, oldest first; one without seals is unfinished. */
  readonly generations: readonly string[];
  readonly problems: readonly Problem[];
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
  trust.remember(newestSeen(histories.filter((history) => history.problems.length === 0)));
  return {sources: histories, problems};
}

/** The seals of one source, checked on their own, against each other, and against what this machine remembers. */
export async function readSource(
  repository: Repository,
  agents: readonly PublicKey[],
  source: string,
  trust: TrustFile,
): Promise<SourceHistory> {
  const problems: Problem[] = [];
  const generations: string[] = [];
  for await (const name of repository.target.listFolders(`${source}/`))
    if (isGenerationName(name)) generations.push(name);
  generations.sort();
  const objects: {place: GenerationPlace; name: string; sequence: number; id: SnapshotId}[] = [];
  const sealNames = new Set<string>();
  for (const generation of generations) {
    const place = {source, generation};
    for await (const {name} of repository.target.list(sealsPrefix(place))) {
      sealNames.add(name);
      const parsed = parseSealObject(place, name);
      if (parsed === undefined)
        problems.push({object: name, problem: 'it is not named like a seal', affects: []});
      else objects.push({place, name, ...parsed});
    }
  }
  const read = await pMap(
    objects,
    async ({place, name, sequence, id}) => {
      const seal = await readOne(repository, agents, name);
      if ('problem' in seal) return {object: name, affects: [id], ...seal};
      const named = sealObject(place, sequence, id);
      const says = sealObject(seal, seal.sequence, seal.snapshot.id);
      if (seal.repository !== repository.id)
        return {object: name, problem: 'it belongs to another repository', affects: [id]};
      if (named !== says) return {object: name, problem: `it belongs at ${says}`, affects: [id]};
      return seal;
    },
    {concurrency: PARALLEL_READS},
  );
  const seals: CheckedSeal[] = [];
  for (const item of read) {
    if ('problem' in item) problems.push(item);
    else seals.push(item);
  }
  // Two seals of one number are a fork; which of them counts as the later one must not depend on the listing's order.
  seals.sort((a, b) => a.sequence - b.sequence || (a.snapshot.id < b.snapshot.id ? -1 : 1));
  problems.push(...chainProblems(source, seals), ...seenProblems(source, seals, trust.seen(source)));
  const accepted = new Set(trust.accepted(source));
  return {
    source,
    seals,
    sealNames,
    generations,
    problems: problems.filter((problem) => !accepted.has(problemText(problem))),
  };
}

/** A seal lists everything it needs at least so often (docs/format.md §9); a longer line is no honest one. */
const LINE_MOST_SEALS = 32;
const sealsByHistory = new WeakMap<SourceHistory, ReadonlyMap<string, CheckedSeal>>();

function sealsByHash(history: SourceHistory): ReadonlyMap<string, CheckedSeal> {
  const known = sealsByHistory.get(history) ?? new Map(history.seals.map((seal) => [seal.hash, seal]));
  sealsByHistory.set(history, known);
  return known;
}

/** What `seal` needs in all, following the seals it builds on. Undefined if one of those is missing. */
export function resolveNeeds(
  history: SourceHistory,
  seal: CheckedSeal,
): {packs: Map<string, number>; index: Map<string, number>} | undefined {
  const byHash = sealsByHash(history);
  const line: CheckedSeal[] = [];
  for (let at: CheckedSeal | undefined = seal; ; ) {
    line.push(at);
    if (at.needs.base === null) break;
    if (line.length === LINE_MOST_SEALS) return undefined;
    const base: CheckedSeal | undefined = byHash.get(at.needs.base);
    if (base === undefined || base.sequence >= at.sequence || base.generation !== at.generation)
      return undefined;
    at = base;
  }
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
  const names = new Set(trust.sources);
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
export function acceptHistory(trust: TrustFile, history: SourceHistory, next: CheckedSeal): void {
  const problems = [...history.problems, ...chainProblems(history.source, [...history.seals, next])];
  trust.accept(next.source, next, problems.map(problemText));
}

function problemText({object, problem}: Problem): string {
  return `${object}: ${problem}`;
}

/** Sequences start at 1 and have no gap; each seal names the one before. */
function chainProblems(source: string, seals: readonly CheckedSeal[]): Problem[] {
  const problems: Problem[] = [];
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
      });
    } else if (seal.sequence !== expected) {
      const missing =
        seal.sequence - 1 === expected ? `seal ${expected}` : `seals ${expected} to ${seal.sequence - 1}`;
      problems.push({object, problem: `${missing} of ${source} before it: missing`, affects: []});
    } else if (seal.previous !== (before?.hash ?? null)) {
      problems.push({object, problem: 'it does not follow from the seal before it', affects});
    }
    before = seal;
  }
  return problems;
}

/** The storage must not serve an older history, or another one, than this machine has seen. */
function seenProblems(source: string, seals: readonly CheckedSeal[], seen: SeenSeal | undefined): Problem[] {
  if (seen === undefined) return [];
  const newest = seals.at(-1);
  if (newest === undefined || newest.sequence < seen.sequence) {
    const has = newest === undefined ? 'no seal' : `seal ${newest.sequence}`;
    return [
      {
        object: source,
        problem: `the storage has ${has} as its newest, older than seal ${seen.sequence} seen before: rolled back or emptied`,
        affects: [],
      },
    ];
  }
  const same = seals.filter((seal) => seal.sequence === seen.sequence);
  if (same.length > 0 && !same.some((seal) => seal.hash === seen.hash)) {
    return [
      {
        object: source,
        problem: `seal ${seen.sequence} is not the one seen before: history was replaced`,
        affects: same.map((seal) => seal.snapshot.id),
      },
    ];
  }
  return [];
}

function newestSeen(histories: readonly SourceHistory[]): Record<string, SeenSeal> {
  return Object.fromEntries(
    histories.flatMap(({source, seals}) => {
      const newest = seals.at(-1);
      return newest === undefined ? [] : [[source, {sequence: newest.sequence, hash: newest.hash}]];
    }),
  );
}
