/** Which snapshots of a source a policy keeps. Nothing here reads or deletes anything. */
import type {Retention} from '../../config/retention.ts';

/** A snapshot as a policy sees it. */
export interface Candidate {
  readonly sequence: number;
  /** When it was made, in ms since the epoch; later ones of the same source have no earlier time. */
  readonly timeMs: number;
  readonly isFull: boolean;
}

export type RetentionRule =
  | 'last'
  | 'hourly'
  | 'daily'
  | 'weekly'
  | 'monthly'
  | 'yearly'
  | 'within'
  | 'fulls';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** In UTC, so that every machine comes to the same answer. Weeks begin on Monday: the first day of 1970 was a Thursday. */
const PERIODS = {
  hourly: (ms: number) => Math.floor(ms / HOUR_MS),
  daily: (ms: number) => Math.floor(ms / DAY_MS),
  weekly: (ms: number) => Math.floor((ms / DAY_MS + 3) / 7),
  monthly: (ms: number) => new Date(ms).getUTCFullYear() * 12 + new Date(ms).getUTCMonth(),
  yearly: (ms: number) => new Date(ms).getUTCFullYear(),
} as const;

/**
 * What a policy keeps, and by which rules. Of each period the newest is kept, and periods without a snapshot do not count.
 * `within` counts back from the newest snapshot: where backups have stopped, nothing grows old.
 * @returns by sequence number; a snapshot that is not in it is kept by no rule
 */
export function keptBy(
  retention: Retention,
  candidates: readonly Candidate[],
): ReadonlyMap<number, readonly RetentionRule[]> {
  const newestFirst = [...candidates].sort((a, b) => b.sequence - a.sequence);
  const kept = new Map<number, RetentionRule[]>();
  const keep = (rule: RetentionRule, chosen: readonly Candidate[]): void => {
    for (const {sequence} of chosen) kept.set(sequence, [...(kept.get(sequence) ?? []), rule]);
  };
  keep('last', newestFirst.slice(0, retention.last ?? 0));
  for (const [rule, periodOf] of Object.entries(PERIODS) as [keyof typeof PERIODS, (ms: number) => number][])
    keep(rule, newestOfEach(newestFirst, periodOf, retention[rule] ?? 0));
  const {withinMs} = retention;
  const newestMs = newestFirst[0]?.timeMs ?? 0;
  if (withinMs !== undefined)
    keep(
      'within',
      newestFirst.filter(({timeMs}) => newestMs - timeMs <= withinMs),
    );
  keep('fulls', newestFirst.filter(({isFull}) => isFull).slice(0, retention.fulls ?? 0));
  return kept;
}

function newestOfEach(
  newestFirst: readonly Candidate[],
  periodOf: (ms: number) => number,
  count: number,
): Candidate[] {
  const chosen = new Map<number, Candidate>();
  for (const candidate of newestFirst) {
    if (chosen.size === count) break;
    const period = periodOf(candidate.timeMs);
    if (!chosen.has(period)) chosen.set(period, candidate);
  }
  return [...chosen.values()];
}

/** What is known of when a snapshot was made. */
export interface SnapshotTimes {
  /** What the machine that made it says. */
  readonly claimedMs: number;
  /** When the storage says that its seal was written. */
  readonly storedMs: number;
}

/** A seal is stored so soon after its machine's clock was read. */
const TOLERANCE_MS = 10 * 60_000;

/**
 * The times by which ages are counted, oldest snapshot first: not what a writer says, but what its place in the chain and the storage's
 * clock bear out. There are two answers where the two differ: `byStorage` is right when the writer's clock is wrong, or lies;
 * `byChain` when the storage's times are, as in a copy that was made in one go. Whoever keeps what either asks for loses nothing.
 */
export function soundTimes(times: readonly SnapshotTimes[]): {byStorage: number[]; byChain: number[]} {
  let [stored, chained] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const byStorage: number[] = [];
  const byChain: number[] = [];
  for (const {claimedMs, storedMs} of times) {
    stored = Math.max(stored, Math.abs(storedMs - claimedMs) <= TOLERANCE_MS ? claimedMs : storedMs);
    byStorage.push(stored);
    // No later than it was stored, and no earlier than what came before it.
    chained = Math.max(chained, Math.min(claimedMs, Math.max(storedMs, chained)));
    byChain.push(chained);
  }
  return {byStorage, byChain};
}
