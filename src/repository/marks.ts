/**
 * Marks: what an operator took out of a source's history, and what will be swept (docs/format.md §13). A mark is written before anything
 * is deleted, and stays when it is: it tells a history that was pruned from one that somebody cut.
 */
import type {PrivateKey, PublicKey} from 'openpgp';
import pMap from 'p-map';
import {UnknownSignerError} from '../crypto/message.ts';
import {DamageError, HoldfastError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import type {Problem} from './chain.ts';
import {Fields, FormatError} from './fields.ts';
import {isGenerationName, isHash, isStatementId, markObject, marksPrefix} from './layout.ts';
import {type TrustedOperators, trustedOperators} from './operators.ts';
import {parseRepack, type Repack, Repacks} from './repack.ts';
import type {Repository} from './repository.ts';
import {readStatement, type Statement, signStatement} from './statement.ts';
import type {TrustFile} from './trust.ts';

/** Seals `from` to `to`, both included, and the hash of the last. */
export type SealRun = readonly [from: number, to: number, hash: string];

/** Objects of one generation that go. */
export interface MarkedObjects {
  readonly generation: string;
  readonly packs: readonly string[];
  readonly index: readonly string[];
  /** Ids. */
  readonly snapshots: readonly string[];
}

export interface Mark extends Statement {
  /** Ascending and apart. */
  readonly removed: readonly SealRun[];
  /** Generations that go as a whole. */
  readonly generations: readonly string[];
  readonly objects: readonly MarkedObjects[];
  /** Ids of marks that have nothing left to sweep; this one says again which seals they removed. */
  readonly replaces: readonly string[];
  /** Packs that others stand in for; left out where none do. */
  readonly repacked?: readonly Repack[] | undefined;
}

export interface StoredMark extends Mark {
  /** When the store says that it was written, in ms since the epoch. */
  readonly storedMs: number;
}

const MARK_TYPE = 'holdfast-mark';
/** No mark is larger; what does not fit goes into the next one. */
export const MARK_MOST_BYTES = 16 * 2 ** 20;
/** Names of objects in one mark. */
export const MARK_MOST_NAMES = 100_000;
const PARALLEL_READS = 8;

export function makeMark(mark: Mark, key: PrivateKey, now: Date): Promise<Buffer> {
  return signStatement(MARK_TYPE, {...mark}, key, now);
}

/** What all marks of a source say together. */
export class Marks {
  /** Those that count, oldest first. */
  readonly all: readonly StoredMark[];
  /** Names of all objects among the marks, also of those that do not count. */
  readonly names: ReadonlySet<string>;
  readonly problems: readonly Problem[];
  readonly repacks: Repacks;
  /** Keys of the operators whose marks count; where there is no mark at all, nobody looked for them. */
  readonly operators: readonly PublicKey[];
  readonly #runs: readonly SealRun[];
  readonly #generations: ReadonlySet<string>;
  readonly #objects: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(
    all: readonly StoredMark[] = [],
    names: ReadonlySet<string> = new Set(),
    problems: readonly Problem[] = [],
    operators: readonly PublicKey[] = [],
  ) {
    this.all = all;
    this.operators = operators;
    this.repacks = new Repacks(all.flatMap(({repacked = []}) => repacked));
    this.names = names;
    this.problems = problems;
    this.#runs = mergedRuns(all.flatMap(({removed}) => removed));
    this.#generations = new Set(all.flatMap(({generations}) => generations));
    const objects = new Map<string, Set<string>>();
    for (const {generation, packs, index, snapshots} of all.flatMap((mark) => mark.objects)) {
      const known = objects.get(generation) ?? new Set();
      for (const name of [...packs, ...index, ...snapshots]) known.add(name);
      objects.set(generation, known);
    }
    this.#objects = objects;
  }

  /** Whether this machine cannot tell what some marks say. Then nothing may be relied on but what seals need. */
  get areUnclear(): boolean {
    return this.problems.length > 0;
  }

  /** All seals that were removed, in as few runs as there can be. */
  get runs(): readonly SealRun[] {
    return this.#runs;
  }

  isRemoved(sequence: number): boolean {
    return runAt(this.#runs, sequence) !== undefined;
  }

  /** The hash of a removed seal, where it is the last of its run. */
  hashOf(sequence: number): string | undefined {
    return this.all.flatMap(({removed}) => removed).find(([, to]) => to === sequence)?.[2];
  }

  /** Whether all of these seals were removed. */
  cover(from: number, to: number): boolean {
    return this.notRemoved(from, to) === undefined;
  }

  /** The first and the last of these numbers that were not removed; undefined if all were. */
  notRemoved(from: number, to: number): readonly [first: number, last: number] | undefined {
    const first = (runAt(this.#runs, from)?.[1] ?? from - 1) + 1;
    const last = (runAt(this.#runs, to)?.[0] ?? to + 1) - 1;
    return first > to ? undefined : [first, last];
  }

  isWhollyMarked(generation: string): boolean {
    return this.#generations.has(generation);
  }

  /** Whether anything of a generation is to go that is not all of it. */
  hasMarked(generation: string): boolean {
    return this.#objects.has(generation);
  }

  /** Whether a pack, an index object (by their hash) or a snapshot (by its id) is to go. */
  isMarked(generation: string, name: string): boolean {
    return this.isWhollyMarked(generation) || this.#objects.get(generation)?.has(name) === true;
  }
}

/** In order, and those that touch or overlap as one. */
export function mergedRuns(runs: readonly SealRun[]): SealRun[] {
  const merged: SealRun[] = [];
  for (const run of [...runs].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = merged.at(-1);
    if (last === undefined || run[0] > last[1] + 1) merged.push(run);
    else if (run[1] > last[1]) merged[merged.length - 1] = [last[0], run[1], run[2]];
  }
  return merged;
}

function runAt(runs: readonly SealRun[], sequence: number): SealRun | undefined {
  return runs.find(([from, to]) => from <= sequence && sequence <= to);
}

/**
 * Reads the marks of a source. Read them after its seals: whatever vanished meanwhile was marked before.
 * @throws only what the target throws
 */
export async function readMarks(repository: Repository, source: string, trust: TrustFile): Promise<Marks> {
  for (let attempt = 1; ; attempt++) {
    const listed: {name: string; modifiedMs: number}[] = [];
    for await (const {name, modifiedMs} of repository.target.list(marksPrefix(source)))
      listed.push({name, modifiedMs});
    if (listed.length === 0) return new Marks();
    const operators = await trustedOperators(repository, trust);
    const read = await pMap(
      listed,
      ({name, modifiedMs}) => readOne(repository, source, name, modifiedMs, operators),
      {concurrency: PARALLEL_READS},
    );
    // A prune that runs now may have put one in the place of several: then the new one is listed by now.
    if (attempt < 3 && read.some((item) => item === undefined)) continue;
    const marks = read.filter((item): item is StoredMark => item !== undefined && !('problem' in item));
    return new Marks(
      marks.sort((a, b) => (a.id < b.id ? -1 : 1)),
      new Set(listed.map(({name}) => name)),
      read.filter((item): item is Problem => item !== undefined && 'problem' in item),
      operators.keys,
    );
  }
}

async function readOne(
  {target, id: repositoryId}: Repository,
  source: string,
  name: string,
  storedMs: number,
  {keys, strangers}: TrustedOperators,
): Promise<StoredMark | Problem | undefined> {
  const wrong = (problem: string): Problem => ({object: name, problem, affects: []});
  const named = name.slice(marksPrefix(source).length, -'.asc'.length);
  if (!isStatementId(named) || name !== markObject(source, named))
    return wrong('it is not named like a mark');
  try {
    const mark = parseMark(
      await readStatement(MARK_TYPE, await readObject(target, name, {maxBytes: MARK_MOST_BYTES}), keys),
    );
    if (mark.repository !== repositoryId) return wrong('it belongs to another repository');
    if (markObject(mark.source, mark.id) !== name)
      return wrong(`it belongs at ${markObject(mark.source, mark.id)}`);
    return {...mark, storedMs};
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    if (error instanceof UnknownSignerError) {
      const signer = strangers.find((one) => one.startsWith(error.keyId) || one.endsWith(error.keyId));
      return wrong(
        `it is signed by operator ${signer ?? error.keyId}, whom nobody approved here: what was pruned looks like damage until then (--operator FINGERPRINT)`,
      );
    }
    if (error instanceof DamageError) return wrong(error.message.replace(`${name}: `, ''));
    if (error instanceof HoldfastError) throw error;
    return wrong((error as Error).message);
  }
}

function parseMark({fields, ...statement}: Statement & {readonly fields: Fields}): Mark {
  const removed = fields.list('removed', MARK_MOST_NAMES, (item): SealRun => {
    if (Array.isArray(item) && item.length === 3) {
      const [from, to, hash]: unknown[] = item;
      if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && isHash(hash)) {
        const run: SealRun = [from as number, to as number, hash];
        if (run[0] >= 1 && run[1] >= run[0]) return run;
      }
    }
    throw new FormatError('"removed" holds something else than runs of seals');
  });
  return {
    ...statement,
    removed,
    generations: fields.texts('generations', MARK_MOST_NAMES).map(generationName),
    objects: fields.list('objects', MARK_MOST_NAMES, (item) => {
      const objects = new Fields(item);
      return {
        generation: generationName(objects.text('generation')),
        packs: objects.texts('packs', MARK_MOST_NAMES),
        index: objects.texts('index', MARK_MOST_NAMES),
        snapshots: objects.texts('snapshots', MARK_MOST_NAMES),
      };
    }),
    replaces: fields.texts('replaces', MARK_MOST_NAMES),
    ...(fields.has('repacked') && {
      repacked: fields.list('repacked', MARK_MOST_NAMES, (item) => parseRepack(new Fields(item))),
    }),
  };
}

function generationName(name: string): string {
  if (!isGenerationName(name)) throw new FormatError('it names something else than a generation');
  return name;
}
