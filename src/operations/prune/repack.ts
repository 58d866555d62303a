/**
 * Writes packs anew that are partly dead: with the key, what lives is copied into new packs of the same generation; a signed mark then says
 * what stands in for what. The old packs go in two phases, as everything that is pruned (docs/decisions/0014).
 */
import type {RecipientKey} from '../../crypto/recipient-key.ts';
import {DamageError} from '../../errors.ts';
import type {Problem} from '../../repository/chain.ts';
import {readSource, resolveNeeds, type SourceHistory} from '../../repository/history.ts';
import {markObject, newStatementId, packObject} from '../../repository/layout.ts';
import {makeMark} from '../../repository/marks.ts';
import {openSealedGeneration} from '../../repository/open-snapshot.ts';
import {enrolOperator} from '../../repository/operators.ts';
import {type NeededNames, REPLACED_MOST} from '../../repository/repack.ts';
import type {CheckedSeal} from '../../repository/seal.ts';
import {withPruneLease} from './clock-lease.ts';
import {LiveBlobs, type PackLife} from './live.ts';
import type {Amount} from './plan.ts';
import type {PruneContext} from './prune.ts';
import {copyLive} from './repack-copy.ts';
import {refreshKit} from './repack-kit.ts';
import {listGeneration} from './survey.ts';

export interface RepackContext extends PruneContext {
  /** Opens the generations. */
  readonly key: RecipientKey;
}

export interface RepackOptions {
  /** From this share of dead bytes on, of a generation and of a pack, from 0 to 1. */
  readonly threshold: number;
  /** Only these sources. */
  readonly sources?: readonly string[] | undefined;
  /** Size at which packs are closed; for tests. */
  readonly packBytes?: number | undefined;
}

/** What there is to do in a generation. */
export interface RepackPlan {
  readonly source: string;
  readonly generation: string;
  /** All packs that its snapshots need. */
  readonly packs: Amount;
  /** Of their bytes, those that nothing needs; an estimate, since they are compressed together with others. */
  readonly deadBytes: number;
  /** Those that are to be written anew; none where little is dead. */
  readonly rewritten: Amount;
  /** How much will be stored of what is in them; an estimate as well. */
  readonly liveBytes: number;
}

export interface RepackResult extends RepackPlan {
  /** Set if it was done: what was stored. */
  readonly stored: Amount | undefined;
}

export interface RepackWatcher {
  /** False leaves the generation as it is. Called before anything is written. */
  confirm(plan: RepackPlan): Promise<boolean>;
}

/** Looks how much is dead of what the snapshots of each generation need. Writes nothing. */
export async function planRepack(
  context: RepackContext,
  sources: readonly string[],
  options: RepackOptions,
): Promise<{results: RepackResult[]; problems: Problem[]}> {
  return repackAll(context, sources, options, {confirm: async () => false}, async () => {});
}

/**
 * @throws LockedError while another prune runs; PruneRefusedError if clocks are apart
 * @throws KeyError where the key does not open a generation
 */
export async function repack(
  context: RepackContext,
  sources: readonly string[],
  options: RepackOptions,
  watcher: RepackWatcher,
): Promise<{results: RepackResult[]; problems: Problem[]}> {
  return withPruneLease(context, (storageTime) =>
    repackAll(context, sources, options, watcher, async () => {
      await storageTime();
    }),
  );
}

async function repackAll(
  context: RepackContext,
  sources: readonly string[],
  options: RepackOptions,
  watcher: RepackWatcher,
  renewLease: () => Promise<void>,
): Promise<{results: RepackResult[]; problems: Problem[]}> {
  const {repository, agents, trust} = context;
  const results: RepackResult[] = [];
  const problems: Problem[] = [];
  for (const source of sources.filter((name) => options.sources?.includes(name) !== false)) {
    const history = await readSource(repository, agents, source, trust);
    problems.push(...history.problems);
    if (history.problems.length > 0) continue;
    for (const generation of new Set(history.seals.map((seal) => seal.generation))) {
      context.signal?.throwIfAborted();
      try {
        results.push(await repackGeneration(context, history, generation, options, watcher, renewLease));
      } catch (error) {
        if (!(error instanceof DamageError)) throw error;
        // What is not whole is left as it is: somebody may still mend it.
        problems.push({
          object: error.object,
          problem: `${error.message.replace(`${error.object}: `, '')}; nothing of ${source}/${generation} was repacked`,
          affects: [],
        });
      }
    }
  }
  return {results, problems};
}

async function repackGeneration(
  context: RepackContext,
  history: SourceHistory,
  generation: string,
  options: RepackOptions,
  watcher: RepackWatcher,
  renewLease: () => Promise<void>,
): Promise<RepackResult> {
  const {repository, agents, key} = context;
  const seals = history.seals.filter((seal) => seal.generation === generation);
  const newest = seals.at(-1) as CheckedSeal;
  const needs = await storedNeeds(context, history, seals);
  await using opened = await openWhole();
  const live = await LiveBlobs.of(context, opened, seals);
  const lives = [...needs.all.packs.keys()].map((name) => {
    const pack = opened.reader.index.pack(name);
    if (pack === undefined) throw new DamageError(packObject(newest, name), 'no index object describes it');
    return live.lifeOf(pack);
  });
  const {plan, chosen} = choose(history.source, generation, lives, options.threshold);
  if (chosen.length === 0 || !(await watcher.confirm(plan))) return {...plan, stored: undefined};

  await refreshKit(repository);
  const packs = chosen.map((life) => life.pack);
  const copy = await copyLive({...context, ...options, renewLease}, {seal: newest, opened, live, packs});
  const operator = await context.operator();
  await enrolOperator(repository, operator.toPublic());
  context.trust.approveOperators([operator.getFingerprint()]);
  const created = context.now();
  const replaced = packs.map(({name}) => name as string).sort();
  const mark = {
    repository: repository.id,
    source: history.source,
    id: newStatementId(created),
    operator: operator.getFingerprint(),
    created: created.toISOString(),
    removed: [],
    generations: [],
    objects: [{generation, packs: replaced, index: [], snapshots: []}],
    replaces: [],
    repacked: [
      {
        generation,
        snapshots: needs.idsWith(replaced),
        replaced,
        packs: [...copy.packs].sort(),
        index: [...copy.index].sort(),
      },
    ],
  };
  // From here on the new packs are what counts.
  await repository.target.put(markObject(history.source, mark.id), await makeMark(mark, operator, created), {
    signal: context.signal,
  });
  return {...plan, stored: copy.stored};

  async function openWhole() {
    const one = await openSealedGeneration(repository, agents, history, newest, key, {
      needs: needs.preferred,
    });
    const [problem] = one.problems;
    if (problem === undefined)
      return {...one, [Symbol.asyncDispose]: () => one.reader[Symbol.asyncDispose]()};
    await one.reader[Symbol.asyncDispose]();
    throw problem;
  }
}

interface StoredNeeds {
  /** Of all snapshots of the generation, what is stored. */
  readonly all: NeededNames;
  /** Where a blob lies in several packs, one of these is read: those of the newest snapshot, as for a restore. */
  readonly preferred: NeededNames;
  /** Ids of the snapshots that need one of these packs. */
  idsWith(packs: readonly string[]): string[];
}

/** @throws {@link DamageError} if it is not known what a snapshot needs */
async function storedNeeds(
  {repository, signal}: RepackContext,
  history: SourceHistory,
  seals: readonly CheckedSeal[],
): Promise<StoredNeeds> {
  const newest = seals.at(-1) as CheckedSeal;
  const stored = await listGeneration(repository.target, newest, {signal});
  const all: NeededNames = {packs: new Map(), index: new Map()};
  const needsOf = (seal: CheckedSeal): NeededNames => {
    const needs = resolveNeeds(history, seal);
    if (needs !== undefined) return needs;
    throw new DamageError(`${seal.source}/${seal.generation}`, `what ${seal.snapshot.id} needs is not known`);
  };
  const areStored = (packs: ReadonlyMap<string, number>): [string, number][] =>
    [...packs].filter(([name, size]) => stored.get(packObject(newest, name))?.sizeBytes === size);
  for (const seal of seals) {
    const {packs, index} = needsOf(seal);
    for (const [name, size] of packs) all.packs.set(name, size);
    for (const [name, size] of index) all.index.set(name, size);
  }
  return {
    all: {packs: new Map(areStored(all.packs)), index: all.index},
    preferred: {packs: new Map(areStored(needsOf(newest).packs)), index: all.index},
    idsWith: (packs) =>
      seals
        .filter((seal) => {
          const needs = needsOf(seal);
          return packs.some((name) => needs.packs.has(name));
        })
        .map(({snapshot}) => snapshot.id),
  };
}

/** Which packs are worth it: none, if little is dead in all. */
function choose(
  source: string,
  generation: string,
  lives: readonly PackLife[],
  threshold: number,
): {plan: RepackPlan; chosen: PackLife[]} {
  const deadBytes = lives.reduce((sum, life) => sum + deadOf(life), 0);
  const allBytes = lives.reduce((sum, {pack}) => sum + pack.size, 0);
  const isWorthIt = deadBytes > 0 && deadBytes >= threshold * allBytes;
  const chosen = lives
    .filter((life) => isWorthIt && deadOf(life) > 0 && deadOf(life) >= threshold * life.pack.size)
    .slice(0, REPLACED_MOST);
  const bytes = chosen.reduce((sum, {pack}) => sum + pack.size, 0);
  return {
    plan: {
      source,
      generation,
      packs: {objects: lives.length, bytes: allBytes},
      deadBytes,
      rewritten: {objects: chosen.length, bytes},
      liveBytes: bytes - chosen.reduce((sum, life) => sum + deadOf(life), 0),
    },
    chosen,
  };
}

function deadOf({pack, bytes, liveBytes}: PackLife): number {
  return bytes === 0 ? 0 : Math.round(pack.size * (1 - liveBytes / bytes));
}
