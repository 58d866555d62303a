/** Times in the five fields of crontab(5), by the clock of a time zone: minute, hour, day of the month, month, day of the week. */
import {ConfigError} from '../errors.ts';

const FIELDS = [
  {name: 'minute', least: 0, most: 59},
  {name: 'hour', least: 0, most: 23},
  {name: 'day of the month', least: 1, most: 31},
  {name: 'month', least: 1, most: 12},
  {name: 'day of the week', least: 0, most: 7},
] as const;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const HOURS = 24;
/** A time such as 29 February comes back within eight years. */
const DAYS_MOST = 8 * 366;

/** What the fields allow. */
export interface CronTimes {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** Sunday is 0. */
  readonly weekdays: ReadonlySet<number>;
  /** As crontab(5) has it: where both days are given, either will do. */
  readonly isEitherDay: boolean;
}

/** @throws {@link ConfigError} unless it is such an expression */
export function parseCron(text: string): CronTimes {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length)
    throw new ConfigError(`\`${text}\` is no time of cron`, {
      hint: 'Write five fields: minute, hour, day of the month, month, day of the week, such as "0 5 * * 0".',
    });
  const [minutes, hours, days, months, weekdays] = FIELDS.map(({name, least, most}, index) => {
    const values = new Set<number>();
    for (const item of (parts[index] ?? '').split(',')) {
      const [, from, to, step] = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(item) ?? [];
      const isValid = /^[\d*]/.test(item) && /^(?:\*|\d{1,2}(?:-\d{1,2})?)(?:\/\d{1,2})?$/.test(item);
      const first = from === undefined ? least : Number(from);
      const last = to !== undefined ? Number(to) : from === undefined || step !== undefined ? most : first;
      if (!isValid || first < least || last > most || first > last || step === '0')
        throw new ConfigError(`\`${item}\` is no ${name} of cron`, {
          hint: `Write ${least} to ${most}, or *.`,
        });
      for (let value = first; value <= last; value += Number(step ?? 1))
        values.add(index === 4 ? value % 7 : value);
    }
    return values;
  }) as [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>];
  const isEitherDay = parts[2] !== '*' && parts[4] !== '*';
  return {minutes, hours, days, months, weekdays, isEitherDay};
}

/** @throws {@link ConfigError} unless it names a time zone, such as `Europe/Athens` */
export function parseTimeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', {timeZone: text}).resolvedOptions().timeZone;
  } catch (cause) {
    throw new ConfigError(`\`${text}\` is no time zone`, {
      cause,
      hint: 'Write its name, such as Europe/Athens or UTC.',
    });
  }
}

/** The time zone of this machine. */
export function localTimeZone(): string {
  return new Intl.DateTimeFormat('en-US').resolvedOptions().timeZone;
}

/** The last time at or before `now`; undefined if there is none in eight years. @param timeZone that of this machine by default */
export function previousTime(text: string, now: Date, timeZone = localTimeZone()): Date | undefined {
  const zone = new Zone(timeZone);
  const times = parseCron(text);
  // A day more: where the clock is put back over midnight, the times of tomorrow may already have been.
  for (let day = zone.dayOf(now.getTime()) + DAY_MS, count = 0; count < DAYS_MOST; day -= DAY_MS, count++) {
    const last = timesOfDay(times, day, zone).findLast((at) => at <= now.getTime());
    if (last !== undefined) return new Date(last);
  }
  return undefined;
}

/** The first time after `now`; undefined if there is none in eight years. @param timeZone that of this machine by default */
export function nextTime(text: string, now: Date, timeZone = localTimeZone()): Date | undefined {
  const zone = new Zone(timeZone);
  const times = parseCron(text);
  for (let day = zone.dayOf(now.getTime()) - DAY_MS, count = 0; count < DAYS_MOST; day += DAY_MS, count++) {
    const first = timesOfDay(times, day, zone).find((at) => at > now.getTime());
    if (first !== undefined) return new Date(first);
  }
  return undefined;
}

/**
 * The times of a day in order, in ms since 1970. A time that the clock passes twice counts once, the first time; one that it
 * leaves out comes that much later. Where every hour counts, so does the one that is repeated.
 * @param day its midnight, as if its time zone were UTC
 */
function timesOfDay(times: CronTimes, day: number, zone: Zone): number[] {
  const date = new Date(day);
  const [inMonth, inWeek] = [times.days.has(date.getUTCDate()), times.weekdays.has(date.getUTCDay())];
  const isDay = times.isEitherDay ? inMonth || inWeek : inMonth && inWeek;
  if (!isDay || !times.months.has(date.getUTCMonth() + 1)) return [];
  const local = [...times.hours].flatMap((hour) =>
    [...times.minutes].map((minute) => day + (hour * 60 + minute) * MINUTE_MS),
  );
  const before = zone.offsetAt(day - DAY_MS);
  const after = zone.offsetAt(day + 2 * DAY_MS);
  if (before === after) return local.map((at) => at - before).sort((a, b) => a - b);
  const found = new Set(local.map((at) => zone.instantOf(at, before, after)));
  if (times.hours.size === HOURS) for (const at of local) found.add(zone.lastInstantOf(at, before, after));
  return [...found].sort((a, b) => a - b);
}

/** The clock of a time zone. Local times are given in ms as if it were UTC. */
class Zone {
  readonly #format: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** How far its clock is ahead of UTC at an instant, in ms. */
  offsetAt(instant: number): number {
    const whole = Math.floor(instant / 1000) * 1000;
    const part: Record<string, number> = {};
    for (const {type, value} of this.#format.formatToParts(whole)) part[type] = Number(value);
    const {year = 0, month = 1, day, hour, minute, second} = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
  }

  /** Midnight of the day that it is there. */
  dayOf(instant: number): number {
    return Math.floor((instant + this.offsetAt(instant)) / DAY_MS) * DAY_MS;
  }

  /** When its clock first shows a time, given its offsets before and after the change of that day. */
  instantOf(local: number, before: number, after: number): number {
    const [first] = this.#instantsOf(local, before, after);
    return first ?? local - before;
  }

  /** When it shows it for the last time. */
  lastInstantOf(local: number, before: number, after: number): number {
    return this.#instantsOf(local, before, after).at(-1) ?? local - before;
  }

  #instantsOf(local: number, ...offsets: readonly number[]): number[] {
    return offsets
      .map((offset) => local - offset)
      .filter((instant) => this.offsetAt(instant) === local - instant)
      .sort((a, b) => a - b);
  }
}
