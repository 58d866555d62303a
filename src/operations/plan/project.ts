/** How the repository will grow under a rhythm and a retention: the days of a calendar are gone through, nothing is guessed twice. */

/** As in the config, without `hourly` and `within`: what is kept for longer than days decides. */
export interface Keep {
  readonly last: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  readonly fulls: number;
}

/** What is known of a source, in bytes as they are stored. */
export interface Growth {
  /** Of a full backup now. */
  readonly fullBytes: number;
  /** Of the incrementals of a day. */
  readonly dailyBytes: number;
  /** By which a full backup grows in a day. */
  readonly growthBytes: number;
}

export interface Rhythm {
  /** Days between full backups. */
  readonly fullDays: number;
  /** Undefined: nothing is ever removed. */
  readonly keep: Keep | undefined;
}

/**
 * Bytes in the repository of one source after so many days. A generation stays as long as one of its snapshots does, up to the newest of
 * those: what was stored later in it goes.
 */
export function bytesAfter(days: number, growth: Growth, {fullDays, keep}: Rhythm): number {
  const kept = keep === undefined ? undefined : keptDays(days, keep);
  const generations = Math.floor(days / fullDays);
  let bytes = 0;
  for (let n = 0; n <= generations; n++) {
    const start = n * fullDays;
    const end = Math.min(days, start + fullDays - 1);
    const newest = kept === undefined ? end : lastAtMost(kept, end);
    const isFullKept = keep !== undefined && generations - n < keep.fulls;
    if (newest < start && !isFullKept) continue;
    bytes += Math.max(0, growth.fullBytes + growth.growthBytes * start);
    bytes += growth.dailyBytes * Math.max(0, newest - start);
  }
  return bytes;
}

/** The days, in order, of which a snapshot is kept on the last of them; one is made each day. */
function keptDays(today: number, {last, daily, weekly, monthly, yearly}: Keep): number[] {
  const kept = new Set<number>();
  const newestOf = (count: number, daysEach: number): void => {
    // The newest of each period: a day ends with its last snapshot, as a week and a month do.
    for (let n = 0; n < count; n++) {
      const end = n === 0 ? today : Math.floor(today / daysEach) * daysEach - 1 - (n - 1) * daysEach;
      if (end >= 0) kept.add(Math.floor(end));
    }
  };
  newestOf(Math.max(last, daily), 1);
  newestOf(weekly, 7);
  newestOf(monthly, 30.44);
  newestOf(yearly, 365.25);
  return [...kept].sort((a, b) => a - b);
}

function lastAtMost(sorted: readonly number[], most: number): number {
  return sorted.findLast((day) => day <= most) ?? -1;
}
