/** Which snapshots a drill restores. */
import {NotFoundError, UsageError} from '../../errors.ts';
import type {History, SourceHistory} from '../../repository/history.ts';
import type {CheckedSeal} from '../../repository/seal.ts';
import {selectSnapshot} from '../../repository/snapshots.ts';

export interface Picked {
  readonly history: SourceHistory;
  readonly seal: CheckedSeal;
}

/** Words that stand for a snapshot, beside ids and `SOURCE@TIME`. */
export const PICK_WORDS = ['latest', 'oldest', 'random', 'full', 'incremental', 'both'] as const;

export interface PickOptions {
  /** One of {@link PICK_WORDS}, an id or its beginning, `latest:SOURCE` or `SOURCE@TIME`. */
  readonly snapshot: string;
  /** Sources that are restored together; the first decides the time. Empty: what `snapshot` names. */
  readonly sources: readonly string[];
  /** How far back `random` looks. */
  readonly withinMs?: number | undefined;
  readonly now: Date;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/**
 * The drills to run, each with the snapshots that it restores together: the first source's as asked, and of every other one the nearest
 * in time.
 * @throws {@link NotFoundError} if there is none
 */
export function pickSnapshots(history: History, options: PickOptions): Picked[][] {
  const [first, ...others] = options.sources;
  const leading =
    first === undefined
      ? pickAnywhere(history, options.snapshot)
      : pickOf(historyOf(history, first), options);
  return leading.map((picked) => [
    picked,
    ...others.map((source) => nearestTo(historyOf(history, source), picked.seal)),
  ]);
}

/** The newest snapshot of every source. */
export function pickLastRun(history: History): Picked[][] {
  const picked = history.sources.flatMap((source) => {
    const seal = source.seals.at(-1);
    return seal === undefined ? [] : [[{history: source, seal}]];
  });
  if (picked.length === 0)
    throw new NotFoundError('The repository has no snapshots.', {hint: 'Make one with "holdfast backup".'});
  return picked;
}

function pickAnywhere(history: History, reference: string): Picked[] {
  if (PICK_WORDS.some((word) => word === reference) && reference !== 'latest') {
    throw new UsageError(`Of which source is "${reference}" meant?`, {hint: 'Name it with --source.'});
  }
  const seal = selectSnapshot(history, reference);
  return [{history: historyOf(history, seal.source), seal}];
}

function pickOf(
  history: SourceHistory,
  {snapshot, withinMs = Number.POSITIVE_INFINITY, now, random}: PickOptions,
): Picked[] {
  const {seals, source} = history;
  const found = (seal: CheckedSeal | undefined, what: string): Picked => {
    if (seal === undefined)
      throw new NotFoundError(`There is no ${what} of ${source}.`, {
        hint: 'Run "holdfast snapshots" to see all.',
      });
    return {history, seal};
  };
  const newestOf = (kind: string): CheckedSeal | undefined => seals.findLast((seal) => seal.kind === kind);
  switch (snapshot) {
    case 'latest':
      return [found(seals.at(-1), 'snapshot')];
    case 'oldest':
      return [found(seals[0], 'snapshot')];
    case 'full':
      return [found(newestOf('full'), 'full snapshot')];
    case 'incremental':
      return [found(newestOf('incremental'), 'incremental snapshot')];
    case 'both': {
      const incremental = found(newestOf('incremental'), 'incremental snapshot');
      const {generation} = incremental.seal;
      const full = seals.find((seal) => seal.generation === generation && seal.kind === 'full');
      return [found(full ?? newestOf('full'), 'full snapshot'), incremental];
    }
    case 'random': {
      const near = seals.filter(({started}) => now.getTime() - Date.parse(started) <= withinMs);
      return [found(near[Math.floor(random() * near.length)], 'snapshot within that time')];
    }
    default:
      return [found(selectSnapshot({sources: [history], problems: []}, snapshot), 'such snapshot')];
  }
}

function nearestTo(history: SourceHistory, {started}: CheckedSeal): Picked {
  const time = Date.parse(started);
  const distance = (seal: CheckedSeal): number => Math.abs(Date.parse(seal.started) - time);
  const [first, ...rest] = history.seals;
  if (first === undefined) throw new NotFoundError(`There is no snapshot of ${history.source}.`);
  return {
    history,
    seal: rest.reduce((best, seal) => (distance(seal) <= distance(best) ? seal : best), first),
  };
}

function historyOf(history: History, name: string): SourceHistory {
  const found = history.sources.find(({source}) => source === name);
  if (found !== undefined && found.seals.length > 0) return found;
  throw new NotFoundError(`There is no snapshot of a source "${name}".`, {
    hint: `The repository has ${history.sources.map(({source}) => source).join(', ') || 'none'}.`,
  });
}
