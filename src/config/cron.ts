/** Times in the five fields of crontab(5): minute, hour, day of the month, month, day of the week. */
import {ConfigError} from '../errors.ts';

const FIELDS = [
  {name: 'minute', least: 0, most: 59},
  {name: 'hour', least: 0, most: 23},
  {name: 'day of the month', least: 1, most: 31},
  {name: 'month', least: 1, most: 12},
  {name: 'day of the week', least: 0, most: 7},
] as const;
const MINUTE_MS = 60_000;
/** A time such as 29 February comes back within eight years. */
const DAYS_MOST = 8 * 366;

type Times = readonly ReadonlySet<number>[];

/** @throws {@link ConfigError} unless it is such an expression */
export function parseCron(text: string): Times {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length)
    throw new ConfigError(`\`${text}\` is no time of cron`, {
      hint: 'Write five fields: minute, hour, day of the month, month, day of the week, such as "0 5 * * 0".',
    });
  return FIELDS.map(({name, least, most}, index) => {
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
  });
}

/** The last time at or before `now`, by the clock of this machine's time zone; undefined if there is none in eight years. */
export function previousTime(text: string, now: Date): Date | undefined {
  const [minutes, hours, days, months, weekdays] = parseCron(text) as [
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
  ];
  const [, , dayField, , weekdayField] = text.trim().split(/\s+/);
  // As crontab(5) has it: where both days are given, either will do.
  const isEither = dayField !== '*' && weekdayField !== '*';
  const isDay = (day: Date): boolean => {
    const [inMonth, inWeek] = [days.has(day.getDate()), weekdays.has(day.getDay())];
    return months.has(day.getMonth() + 1) && (isEither ? inMonth || inWeek : inMonth && inWeek);
  };
  for (let back = 0; back < DAYS_MOST; back++) {
    const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate() - back);
    if (!isDay(midnight)) continue;
    const end = new Date(now.getFullYear(), now.getMonth(), now.getDate() - back + 1).getTime();
    for (let at = end - MINUTE_MS; at >= midnight.getTime(); at -= MINUTE_MS) {
      const time = new Date(at);
      if (at <= now.getTime() && minutes.has(time.getMinutes()) && hours.has(time.getHours())) return time;
    }
  }
  return undefined;
}
