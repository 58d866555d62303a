/** What the snapshots so far tell of a source: better than any sample, where there are some. */
import type {SourceHistory} from '../../repository/history.ts';
import type {CheckedSeal} from '../../repository/seal.ts';
import {nextFullBytes} from '../volume.ts';

export interface HistoryFacts {
  readonly snapshots: number;
  /** Of the newest. */
  readonly bytes: number;
  readonly entries: number;
  /** What a new full would store. */
  readonly fullBytes: number;
  /** What a day's incrementals store; undefined while there are too few. */
  readonly dailyStoredBytes: number | undefined;
  /** How the size of the source changes in a day. */
  readonly dailyGrowthBytes: number;
  /** Bytes stored per second, in the fastest of the larger runs; undefined where all were small. */
  readonly bytesPerSecond: number | undefined;
  /** Bytes that were new, by the hour of the day at which a snapshot was made; only where they are made through the day. */
  readonly hours: readonly number[] | undefined;
}

const DAY_MS = 86_400_000;
/** Older ones tell less of what will come. */
const LOOK_BACK_MS = 60 * DAY_MS;
const SPAN_LEAST_MS = 20 * 3_600_000;
/** A run that stored less was over before it was fast. */
const FAST_FROM_BYTES = 32 * 2 ** 20;

export function historyFacts(history: SourceHistory, now: Date): HistoryFacts | undefined {
  const good = history.seals.filter(({suspect}) => suspect === undefined);
  const newest = good.at(-1);
  if (newest === undefined) return undefined;
  const recent = good.filter(({finished}) => now.getTime() - Date.parse(finished) < LOOK_BACK_MS);
  const [first = newest] = recent;
  const spanMs = Date.parse(newest.finished) - Date.parse(first.finished);
  const later = recent.filter((seal) => seal !== first && seal.kind === 'incremental');
  const stored = later.reduce((sum, {bytes, objectBytes}) => sum + bytes.stored + objectBytes, 0);
  const isLong = spanMs >= SPAN_LEAST_MS && later.length > 0;
  return {
    snapshots: good.length,
    bytes: newest.bytes.source,
    entries: newest.entries.total,
    fullBytes: nextFullBytes(history) ?? newest.bytes.source,
    dailyStoredBytes: isLong ? (stored / spanMs) * DAY_MS : undefined,
    dailyGrowthBytes: isLong ? ((newest.bytes.source - first.bytes.source) / spanMs) * DAY_MS : 0,
    bytesPerSecond: speedOf(good),
    hours: hoursOf(later),
  };
}

function speedOf(seals: readonly CheckedSeal[]): number | undefined {
  const speeds = seals
    .filter(({bytes}) => bytes.stored >= FAST_FROM_BYTES)
    .map(({bytes, started, finished}) => (bytes.stored * 1000) / (Date.parse(finished) - Date.parse(started)))
    .filter((speed) => Number.isFinite(speed));
  return speeds.length === 0 ? undefined : Math.max(...speeds);
}

function hoursOf(seals: readonly CheckedSeal[]): number[] | undefined {
  const hours = Array.from({length: 24}, () => 0);
  const seen = new Set<number>();
  for (const {finished, bytes} of seals) {
    const hour = new Date(finished).getHours();
    seen.add(hour);
    hours[hour] = (hours[hour] ?? 0) + bytes.new;
  }
  // A daily backup says nothing of the hours between.
  return seen.size >= 12 ? hours : undefined;
}
