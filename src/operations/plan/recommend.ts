/** Which rhythm, schedule and retention fit what was found. Pure: the same findings give the same advice. */
import {bytesAfter, type Growth, type Keep} from './project.ts';

export interface Finding {
  readonly name: string;
  readonly growth: Growth;
  /** How old its newest snapshot may be; undefined where nobody says. */
  readonly rpoMs: number | undefined;
  /** How long a backup of it takes, in ms. */
  readonly runMs: number;
}

export interface SourceAdvice {
  readonly fullDays: number;
  /** Only where it has to be backed up more often than the others. */
  readonly schedule: string | undefined;
}

export interface Advice {
  readonly fullDays: number;
  readonly schedule: string;
  readonly retention: Keep;
  /** By name; only those that differ from the rest. */
  readonly sources: ReadonlyMap<string, SourceAdvice>;
  /** Why, as sentences. */
  readonly reasons: readonly string[];
}

export interface AdviceOptions {
  /** How much is changed in each hour of the day. */
  readonly hours: readonly number[];
  readonly limitBytes: number | undefined;
  /** So that not all machines come in the same minute; from 0 to 1. */
  readonly chance: number;
}

const FULL_DAYS = [30, 14, 7, 60, 90] as const;
/** Richest first. */
const RETENTIONS: readonly Keep[] = [
  {last: 3, daily: 14, weekly: 8, monthly: 12, yearly: 3, fulls: 2},
  {last: 3, daily: 7, weekly: 4, monthly: 12, yearly: 1, fulls: 2},
  {last: 3, daily: 7, weekly: 4, monthly: 6, yearly: 0, fulls: 2},
  {last: 3, daily: 7, weekly: 4, monthly: 3, yearly: 0, fulls: 2},
  {last: 3, daily: 7, weekly: 4, monthly: 0, yearly: 0, fulls: 2},
  {last: 3, daily: 7, weekly: 0, monthly: 0, yearly: 0, fulls: 1},
];
/** A quarter of a limit is left for what nobody foresees. */
const FILL_SHARE = 0.75;
/** How large the repository may become in terms of a full backup, where no limit says. */
const FULLS_MOST = 10;
const YEAR_DAYS = 365;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function advise(findings: readonly Finding[], {hours, limitBytes, chance}: AdviceOptions): Advice {
  const reasons: string[] = [];
  const total = findings.reduce(
    (sum, {growth}) => ({
      fullBytes: sum.fullBytes + growth.fullBytes,
      dailyBytes: sum.dailyBytes + growth.dailyBytes,
      growthBytes: sum.growthBytes + growth.growthBytes,
    }),
    {fullBytes: 0, dailyBytes: 0, growthBytes: 0},
  );
  const {fullDays, keep} = chooseRhythm(total, limitBytes, reasons);
  const hour = quietHour(hours);
  const minute = Math.floor(chance * 60);
  const schedule = `${minute} ${hour} * * *`;
  reasons.push(
    hours.some((bytes) => bytes > 0)
      ? `At ${two(hour)}:${two(minute)} the least is changed; the minute is this machine's own, so that not all come at once.`
      : `Nothing shows when it is quiet: ${two(hour)}:${two(minute)} is a guess; the minute is this machine's own, so that not all come at once.`,
  );
  const sources = new Map<string, SourceAdvice>();
  for (const {name, rpoMs, runMs} of findings) {
    const often = rpoMs === undefined ? undefined : schedulesFor(rpoMs, runMs, minute);
    if (often === undefined) continue;
    sources.set(name, {fullDays, schedule: often});
    reasons.push(`${name} may not be older than ${hoursText(rpoMs ?? 0)}: it is backed up more often.`);
  }
  return {fullDays, schedule, retention: keep, sources, reasons};
}

/** The richest retention that fits, and the days between full backups with which it takes the least. */
function chooseRhythm(
  total: Growth,
  limitBytes: number | undefined,
  reasons: string[],
): {fullDays: number; keep: Keep} {
  const most = limitBytes === undefined ? total.fullBytes * FULLS_MOST : limitBytes * FILL_SHARE;
  for (const keep of RETENTIONS) {
    const sized = FULL_DAYS.map((fullDays) => ({
      fullDays,
      bytes: bytesAfter(YEAR_DAYS, total, {fullDays, keep}),
    }));
    const [first] = sized.filter(({bytes}) => bytes <= most);
    if (first === undefined) continue;
    const least = sized.reduce((a, b) => (b.bytes < a.bytes ? b : a));
    // Thirty days, unless others save a fifth: longer generations put more eggs into one basket.
    const chosen = least.bytes < first.bytes * 0.8 ? least : first;
    reasons.push(fullReason(chosen, sized[0], most));
    if (keep !== RETENTIONS[0])
      reasons.push(
        limitBytes === undefined
          ? 'Keeping more would take more than ten times a full backup.'
          : 'Keeping more would take more than three quarters of limits.repository within a year.',
      );
    return {fullDays: chosen.fullDays, keep};
  }
  const keep = RETENTIONS.at(-1) as Keep;
  const [best] = FULL_DAYS.map((fullDays) => ({
    fullDays,
    bytes: bytesAfter(YEAR_DAYS, total, {fullDays, keep}),
  })).sort((a, b) => a.bytes - b.bytes);
  reasons.push(
    'Even the least that is sensible does not fit below three quarters of limits.repository: raise the limit, or leave something out.',
  );
  return {fullDays: best?.fullDays ?? 30, keep};
}

interface Sized {
  readonly fullDays: number;
  /** After a year. */
  readonly bytes: number;
}

function fullReason({fullDays, bytes}: Sized, usual: Sized | undefined, most: number): string {
  if (usual === undefined || fullDays === usual.fullDays)
    return `A full backup every ${fullDays} days: other rhythms would save little.`;
  if (usual.bytes > most)
    return `A full backup every ${fullDays} days: with one every ${usual.fullDays}, this retention would take too much.`;
  const saved = Math.round((1 - bytes / usual.bytes) * 100);
  return `A full backup every ${fullDays} days: in a year that takes ${saved} % less than one every ${usual.fullDays}.`;
}

/** The hour whose surroundings change the least; of equals the one nearest to 3 o'clock. */
function quietHour(hours: readonly number[]): number {
  const around = (hour: number): number =>
    [-1, 0, 1].reduce((sum, step) => sum + (hours[(hour + step + 24) % 24] ?? 0) * (step === 0 ? 2 : 1), 0);
  const fromThree = (hour: number): number => Math.min(Math.abs(hour - 3), 24 - Math.abs(hour - 3));
  return [...Array(24).keys()].sort((a, b) => around(a) - around(b) || fromThree(a) - fromThree(b))[0] ?? 3;
}

/** Undefined if once a day is enough. */
function schedulesFor(rpoMs: number, runMs: number, minute: number): string | undefined {
  // A snapshot is as old as its beginning, and the next one must be done.
  const everyMs = rpoMs - runMs;
  if (everyMs >= DAY_MS) return undefined;
  const hours = [12, 8, 6, 4, 3, 2, 1].find((each) => each * HOUR_MS <= everyMs);
  if (hours === 1) return `${minute} * * * *`;
  if (hours !== undefined) return `${minute} */${hours} * * *`;
  const minutes = [30, 20, 15, 10, 5].find((each) => each * 60_000 <= everyMs) ?? 5;
  return `*/${minutes} * * * *`;
}

function hoursText(ms: number): string {
  return ms < 2 * HOUR_MS ? `${Math.round(ms / 60_000)} minutes` : `${Math.round(ms / HOUR_MS)} hours`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
