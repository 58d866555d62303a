/** Times of cron by the clocks of time zones. */
import {describe, expect, test} from 'vitest';
import {nextTime, parseTimeZone, previousTime} from '../../src/config/cron.ts';

const iso = (time: Date | undefined) => time?.toISOString().slice(0, 16);
const at = (text: string) => new Date(`${text}:00Z`);

/** All times within two moments. */
function timesBetween(cron: string, zone: string, from: string, to: string): string[] {
  const found: string[] = [];
  let time = nextTime(cron, at(from), zone);
  while (time !== undefined && time <= at(to)) {
    found.push(time.toISOString().slice(0, 16));
    time = nextTime(cron, time, zone);
  }
  return found;
}

test('a time is one by the clock of its time zone', () => {
  expect(iso(previousTime('30 2 * * *', at('2026-07-10T12:00'), 'Europe/Athens'))).toBe('2026-07-09T23:30');
  expect(iso(nextTime('30 2 * * *', at('2026-07-10T12:00'), 'Europe/Athens'))).toBe('2026-07-10T23:30');
  expect(iso(nextTime('30 2 * * *', at('2026-01-10T12:00'), 'Asia/Kathmandu'))).toBe('2026-01-10T20:45');
  expect(iso(nextTime('0 12 1 * *', at('2026-01-10T12:00'), 'UTC'))).toBe('2026-02-01T12:00');
});

test('a time itself is the last one, and not the next one', () => {
  expect(iso(previousTime('30 2 * * *', at('2026-07-10T02:30'), 'UTC'))).toBe('2026-07-10T02:30');
  expect(iso(nextTime('30 2 * * *', at('2026-07-10T02:30'), 'UTC'))).toBe('2026-07-11T02:30');
});

// H6
describe('when the clock changes', () => {
  test('a time that comes twice counts once', () => {
    // Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
    expect(timesBetween('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00', '2026-10-26T12:00')).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    expect(iso(previousTime('30 2 * * *', at('2026-10-25T01:45'), 'Europe/Berlin'))).toBe('2026-10-25T00:30');
  });

  test('a time that is left out comes that much later, once', () => {
    // Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
    expect(timesBetween('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00', '2026-03-30T12:00')).toEqual([
      '2026-03-29T01:30',
      '2026-03-30T00:30',
    ]);
    expect(timesBetween('30 2,3 * * *', 'Europe/Berlin', '2026-03-28T12:00', '2026-03-29T12:00')).toEqual([
      '2026-03-29T01:30',
    ]);
  });

  test('what runs each hour runs each hour', () => {
    const autumn = timesBetween('15 * * * *', 'Europe/Berlin', '2026-10-24T22:00', '2026-10-25T03:00');
    expect(autumn).toEqual(
      [0, 1, 2, 3, 4]
        .map((hour) => at('2026-10-24T22:15').getTime() + hour * 3_600_000)
        .map((ms) => new Date(ms).toISOString().slice(0, 16)),
    );
    const spring = timesBetween('15 * * * *', 'Europe/Berlin', '2026-03-28T23:00', '2026-03-29T03:00');
    expect(spring).toEqual(['2026-03-28T23:15', '2026-03-29T00:15', '2026-03-29T01:15', '2026-03-29T02:15']);
  });

  test('at midnight, and by half an hour', () => {
    // Beirut puts its clock forward at midnight, 29 March 2026: 00:00 becomes 01:00.
    expect(timesBetween('0 0 * * *', 'Asia/Beirut', '2026-03-28T12:00', '2026-03-30T12:00')).toEqual([
      '2026-03-28T22:00',
      '2026-03-29T21:00',
    ]);
    // Lord Howe goes back by half an hour at 02:00, on 5 April 2026.
    expect(timesBetween('45 1 * * *', 'Australia/Lord_Howe', '2026-04-03T16:00', '2026-04-05T16:00')).toEqual(
      ['2026-04-04T14:45', '2026-04-05T15:15'],
    );
  });

  test('each day of four years has one run at 02:30, in any time zone', () => {
    for (const zone of ['Europe/Athens', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo', 'UTC']) {
      const times = timesBetween('30 2 * * *', zone, '2024-01-01T12:00', '2028-01-01T12:00');
      expect(times.length, zone).toBe(4 * 365 + 1);
      const gaps = times
        .slice(1)
        .map((time, index) => (Date.parse(time) - Date.parse(times[index] ?? '')) / 3_600_000);
      expect(Math.min(...gaps), zone).toBeGreaterThanOrEqual(22);
      expect(Math.max(...gaps), zone).toBeLessThanOrEqual(26);
    }
  });
});

test('where both days are given, either will do; 29 February comes', () => {
  expect(timesBetween('0 0 13 * 5', 'UTC', '2026-03-01T00:00', '2026-03-15T00:00')).toEqual([
    '2026-03-06T00:00',
    '2026-03-13T00:00',
  ]);
  expect(iso(nextTime('0 0 29 2 *', at('2026-03-01T00:00'), 'UTC'))).toBe('2028-02-29T00:00');
  expect(nextTime('0 0 31 2 *', at('2026-03-01T00:00'), 'UTC')).toBeUndefined();
});

test('a time zone must be one', () => {
  expect(parseTimeZone('Europe/Athens')).toBe('Europe/Athens');
  expect(() => parseTimeZone('Europe/Atlantis')).toThrow('is no time zone');
});
