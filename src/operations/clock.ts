/** What times say: a clock that was set back, and a source that has gone silent. Reported, never a reason to stop (docs/threat-model.md). */
import type {SourceHistory} from '../repository/history.ts';

/** Clocks that differ by less are taken for equal. */
export const TOLERANCE_MS = 10 * 60_000;
/** A source that is backed up more often than this may still rest for a night. */
const SILENCE_LEAST_MS = 36 * 3_600_000;
/** So many times its usual interval a source may be late. */
const SILENCE_INTERVALS = 3;
/** Fewer snapshots show no rhythm. */
const RHYTHM_SNAPSHOTS = 3;

/** How far the newest snapshot lies in the future, in ms; undefined if that is no more than clocks may differ. */
export function aheadMs({seals}: SourceHistory, now: Date): number | undefined {
  const newest = Math.max(...seals.map(({finished}) => Date.parse(finished)));
  const ahead = newest - now.getTime();
  return ahead > TOLERANCE_MS ? ahead : undefined;
}

/** The same in words, for the machine that makes backups. */
export function clockProblem(history: SourceHistory, now: Date): string | undefined {
  if (aheadMs(history, now) === undefined) return undefined;
  const newest = history.seals.reduce((a, b) => (a.finished > b.finished ? a : b));
  return `the clock of this machine says ${now.toISOString()}, but snapshot ${newest.snapshot.id} was made at ${newest.finished}: one of the two is wrong`;
}

export interface Silence {
  /** Of the newest snapshot. */
  readonly ageMs: number;
  /** Median time between two snapshots. */
  readonly usualMs: number;
}

/** Median time between two snapshots; undefined while there are too few to tell. */
export function usualMs({seals}: SourceHistory): number | undefined {
  return medianGapMs(seals.map(({finished}) => Date.parse(finished)));
}

/** Median time between two of these times; undefined while there are too few to tell. */
export function medianGapMs(timesMs: readonly number[]): number | undefined {
  if (timesMs.length < RHYTHM_SNAPSHOTS) return undefined;
  const times = [...timesMs].sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, at) => time - (times[at] as number));
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
}

/** Whether the newest snapshot is older than the rhythm of its source would suggest. */
export function isSilent({ageMs, usualMs}: Silence): boolean {
  return ageMs > Math.max(SILENCE_LEAST_MS, SILENCE_INTERVALS * usualMs);
}

/** Set if the newest snapshot is older than the rhythm of its source would suggest: newer ones may have been removed. */
export function silenceOf(history: SourceHistory, now: Date): Silence | undefined {
  const usual = usualMs(history);
  if (usual === undefined) return undefined;
  const ageMs = now.getTime() - Math.max(...history.seals.map(({finished}) => Date.parse(finished)));
  const silence = {ageMs, usualMs: usual};
  return isSilent(silence) ? silence : undefined;
}
