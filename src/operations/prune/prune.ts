/**
 * Prunes: removes snapshots that no rule keeps, in two phases. First a signed mark says what goes; after a time of grace, the next prune
 * sweeps what nothing needs until then (docs/decisions/0014 thinks through a backup beside it).
 */
import type {PrivateKey, PublicKey} from 'openpgp';
import {PruneRefusedError} from '../../errors.ts';
import type {Problem} from '../../repository/chain.ts';
import {type History, readSource} from '../../repository/history.ts';
import {markObject, newStatementId} from '../../repository/layout.ts';
import {
  MARK_MOST_NAMES,
  type MarkedObjects,
  makeMark,
  mergedRuns,
  type SealRun,
} from '../../repository/marks.ts';
import {enrolOperator} from '../../repository/operators.ts';
import {ObjectLockedError} from '../../targets/target.ts';
import type {OnProgress} from '../progress.ts';
import {withPruneLease} from './clock-lease.ts';
import {type PlanContext, type PlanOptions, planSource, type SourcePlan} from './plan.ts';
import {newSwept, type Swept, sweepSource} from './sweep.ts';

export interface PruneContext extends PlanContext {
  /** Whose seals count. */
  readonly agents: readonly PublicKey[];
  readonly host: string;
  /** Signs the marks. Awaited only if there is something to mark. */
  operator(): Promise<PrivateKey>;
  now(): Date;
  readonly onProgress?: OnProgress | undefined;
}

export interface PruneOptions extends Pick<PlanOptions, 'retentionOf' | 'graceMs'> {
  /** Only these sources. */
  readonly sources?: readonly string[] | undefined;
  /** More than half of a source may go: somebody looked. */
  readonly large?: boolean | undefined;
}

export interface PrunePlan {
  readonly sources: readonly SourcePlan[];
  /** Of sources whose history is not as it should be: nothing of them is touched. */
  readonly problems: readonly Problem[];
  /** Why this cannot be done without `large`; empty if nothing is abnormal. */
  readonly abnormal: readonly string[];
}

export interface PruneResult {
  readonly plan: PrunePlan;
  /** False if whoever was asked said no. */
  readonly done: boolean;
  readonly swept: Swept;
}

/** What a prune would do, by this machine's clock. Writes nothing. */
export async function planPrune(
  context: PruneContext,
  history: History,
  options: PruneOptions,
): Promise<PrunePlan> {
  return makePlan(context, history, options, context.now().getTime());
}

/** Whoever watches a prune. */
export interface PruneWatcher {
  /** The plan, before anything is refused or done. */
  onPlan(plan: PrunePlan): void;
  /** False ends it there. */
  confirm(plan: PrunePlan): Promise<boolean>;
}

/**
 * @throws {@link PruneRefusedError} if too much would go, or clocks are apart; LockedError while another prune runs
 * @throws TargetError also where these credentials may not delete: what was marked until then stays marked
 */
export async function prune(
  context: PruneContext,
  history: History,
  options: PruneOptions,
  watcher: PruneWatcher,
): Promise<PruneResult> {
  const {repository, agents, trust, signal, onProgress} = context;
  return withPruneLease(context, async (storageTime) => {
    const plan = await makePlan(context, history, options, await storageTime());
    watcher.onPlan(plan);
    const [abnormal] = plan.abnormal;
    if (abnormal !== undefined && options.large !== true)
      throw new PruneRefusedError(`${abnormal}. Nothing was marked or deleted.`, {
        hint: 'Look at the plan (--dry-run): has the retention a slip, or did somebody add snapshots? If it is right, say so with --yes --large.',
      });
    const swept = newSwept();
    if (!(await watcher.confirm(plan))) return {plan, done: false, swept};
    for (const source of plan.sources) await markSource(context, source);
    const storageMs = await storageTime();
    for (const {history: before} of plan.sources) {
      if (before.marks.names.size === 0 && before.seals.length === 0 && before.generations.length === 0)
        continue;
      // What was sealed since the plan was made needs its packs, too.
      const now = await readSource(repository, agents, before.source, trust);
      if (now.problems.length > 0) continue;
      await sweepSource(
        repository.target,
        now,
        {graceMs: options.graceMs, storageMs, signal, onProgress},
        swept,
      );
    }
    return {plan, done: true, swept};
  });
}

async function makePlan(
  context: PruneContext,
  history: History,
  options: PruneOptions,
  storageMs: number,
): Promise<PrunePlan> {
  const sources: SourcePlan[] = [];
  const problems: Problem[] = [];
  for (const source of history.sources) {
    context.signal?.throwIfAborted();
    if (options.sources !== undefined && !options.sources.includes(source.source)) continue;
    if (source.problems.length > 0) problems.push(...source.problems);
    else sources.push(await planSource(context, source, {...options, storageMs}));
  }
  return {
    sources,
    problems: [...problems, ...sources.flatMap(({pins}) => pins.problems)],
    abnormal: sources.flatMap(({history: {source}, decision: {abnormal}}) =>
      abnormal === undefined ? [] : [`Of ${source}, ${abnormal}`],
    ),
  };
}

/** Writes what goes, then takes earlier marks away that this one stands for. */
async function markSource(
  {repository, trust, operator, now, signal}: PruneContext,
  {history, decision, generations, objects, done}: SourcePlan,
): Promise<void> {
  if (decision.removed.length + generations.length + objects.length === 0) return;
  const {source} = history;
  const key = await operator();
  await enrolOperator(repository, key.toPublic());
  trust.approveOperators([key.getFingerprint()]);
  const gone = decision.removed.map(({sequence, hash}): SealRun => [sequence, sequence, hash]);
  const parts = inParts(objects);
  for (const [at, part] of parts.entries()) {
    const created = now();
    const mark = {
      repository: repository.id,
      source,
      id: newStatementId(created),
      operator: key.getFingerprint(),
      created: created.toISOString(),
      removed: at === 0 ? mergedRuns([...done.flatMap((mark) => mark.removed), ...gone]) : [],
      generations: at === 0 ? generations : [],
      objects: part,
      replaces: at === 0 ? done.map(({id}) => id) : [],
    };
    await repository.target.put(markObject(source, mark.id), await makeMark(mark, key, created), {signal});
  }
  for (const {id} of done) {
    try {
      await repository.target.remove(markObject(source, id), {signal});
    } catch (error) {
      if (!(error instanceof ObjectLockedError)) throw error; // It says nothing that the new one does not say.
    }
  }
}

/** As many objects as one mark may name, and the rest. There is always one part. */
function inParts(objects: readonly MarkedObjects[]): MarkedObjects[][] {
  const parts: MarkedObjects[][] = [[]];
  let room = MARK_MOST_NAMES;
  for (const {generation, packs, index, snapshots} of objects) {
    for (let from = 0; from === 0 || from < packs.length; from += MARK_MOST_NAMES) {
      const some = {
        generation,
        packs: packs.slice(from, from + MARK_MOST_NAMES),
        index: from === 0 ? index : [],
        snapshots: from === 0 ? snapshots : [],
      };
      const size = some.packs.length + some.index.length + some.snapshots.length;
      if (size > room && (parts.at(-1)?.length ?? 0) > 0) {
        parts.push([]);
        room = MARK_MOST_NAMES;
      }
      parts.at(-1)?.push(some);
      room -= size;
    }
  }
  return parts;
}
