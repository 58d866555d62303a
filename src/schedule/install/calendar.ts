/** Times of cron in the words of systemd.time(7). */
import {type CronTimes, localTimeZone, parseCron} from '../../config/cron.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
/** No time zone has put its clock forward later in the day. */
const LAST_HOUR_LEFT_OUT = 3;

/** Each for `OnCalendar=`. Where cron takes either of two days, there are two. */
export function calendarOf(cron: string, timeZone: string | undefined): string[] {
  return linesOf(parseCron(cron), timeZone);
}

/**
 * On the day on which the clock is put forward, systemd leaves out a time that does not exist: the same an hour later, which finds
 * nothing due on all other days. Empty where that cannot happen.
 */
export function afterGap(cron: string, timeZone: string | undefined): string[] {
  const times = parseCron(cron);
  const hours = [...times.hours].filter((hour) => hour <= LAST_HOUR_LEFT_OUT && !times.hours.has(hour + 1));
  if (hours.length === 0 || !changesClock(timeZone ?? localTimeZone())) return [];
  return linesOf({...times, hours: new Set(hours.map((hour) => hour + 1))}, timeZone);
}

function linesOf(times: CronTimes, timeZone: string | undefined): string[] {
  const {minutes, hours, days, months, weekdays, isEitherDay} = times;
  const clock = `${list(hours, 24, 2)}:${list(minutes, 60, 2)}:00`;
  const zone = timeZone === undefined ? '' : ` ${timeZone}`;
  const line = (inMonth: string, inWeek: string): string =>
    `${inWeek}*-${list(months, 12, 2)}-${inMonth} ${clock}${zone}`;
  const inMonth = list(days, 31, 2);
  const inWeek =
    weekdays.size === 7
      ? ''
      : `${[...weekdays]
          .sort()
          .map((day) => DAYS[day])
          .join(',')} `;
  return isEitherDay ? [line(inMonth, ''), line('*', inWeek)] : [line(inMonth, inWeek)];
}

function list(values: ReadonlySet<number>, all: number, digits: number): string {
  if (values.size === all) return '*';
  return [...values]
    .sort((a, b) => a - b)
    .map((value) => String(value).padStart(digits, '0'))
    .join(',');
}

function changesClock(timeZone: string): boolean {
  const offset = (month: number): string | undefined =>
    new Intl.DateTimeFormat('en-US', {timeZone, timeZoneName: 'longOffset'})
      .formatToParts(new Date(Date.UTC(2026, month, 1)))
      .find(({type}) => type === 'timeZoneName')?.value;
  return offset(0) !== offset(6);
}
