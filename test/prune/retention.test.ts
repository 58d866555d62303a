import fc from 'fast-check';
import {expect, test} from 'vitest';
import {type Candidate, keptBy, soundTimes} from '../../src/operations/prune/retention.ts';

const at = (time: string): number => Date.parse(`${time}Z`);
const candidates = (...times: string[]): Candidate[] =>
  times.map((time, index) => ({sequence: index + 1, timeMs: at(time), isFull: index % 3 === 0}));
const kept = (...args: Parameters<typeof keptBy>) => [...keptBy(...args).keys()].sort((a, b) => a - b);

// I2
test('each rule keeps the newest of the newest periods that have one', () => {
  const some = candidates(
    '2024-12-31T23:00', // 1: a Tuesday, in the same ISO week as 2
    '2025-01-01T00:30',
    '2026-11-15T23:59', // 3: a Sunday
    '2026-11-16T00:00', // 4: a Monday
    '2026-11-20T02:30',
    '2026-11-20T14:10', // 6
    '2026-11-20T14:50',
    '2026-11-21T02:30', // 8
  );
  expect(kept({last: 2}, some)).toEqual([7, 8]);
  expect(kept({hourly: 2}, some)).toEqual([7, 8]);
  expect(kept({hourly: 3}, some)).toEqual([5, 7, 8]);
  expect(kept({daily: 3}, some)).toEqual([4, 7, 8]);
  expect(kept({weekly: 3}, some)).toEqual([2, 3, 8]);
  expect(kept({monthly: 4}, some)).toEqual([1, 2, 8]);
  expect(kept({yearly: 1}, some)).toEqual([8]);
  expect(kept({withinMs: 24 * 3_600_000}, some)).toEqual([5, 6, 7, 8]);
  expect(kept({fulls: 2}, some)).toEqual([4, 7]);
  expect(keptBy({last: 1, daily: 1, fulls: 9}, some).get(8)).toEqual(['last', 'daily']);
  expect(kept({last: 100_000}, some)).toHaveLength(8);
  expect(kept({last: 1}, [])).toEqual([]);
});

// D25
test('whatever is added later, and whatever time it claims, real snapshots of other days stay', () => {
  const real = Array.from({length: 30}, (_, day) => ({
    claimedMs: at('2026-10-01T02:30') + day * 86_400_000,
    storedMs: at('2026-10-01T02:31') + day * 86_400_000,
  }));
  const sequences = (times: readonly number[]): Candidate[] =>
    times.map((timeMs, index) => ({sequence: index + 1, timeMs, isFull: false}));
  const policy = {daily: 7, monthly: 3, last: 3};
  const now = at('2026-10-31T12:00');
  fc.assert(
    fc.property(
      fc.array(fc.integer({min: at('1990-01-01T00:00'), max: at('2099-01-01T00:00')}), {maxLength: 40}),
      (claims) => {
        const fakes = claims.map((claimedMs, index) => ({claimedMs, storedMs: now + index * 1000}));
        for (const times of Object.values(soundTimes([...real, ...fakes]))) {
          expect([...times].sort((a, b) => a - b)).toEqual(times); // Never backwards.
          expect(Math.max(...times)).toBeLessThan(now + 100_000); // Never in the future.
          // A year of claims fills two periods of the calendar at most: the day of the last real one, and today.
          const days = kept({daily: 7}, sequences(times)).filter((sequence) => sequence < 30);
          expect(days.length).toBeGreaterThanOrEqual(4);
          expect(kept(policy, sequences(times)).some((sequence) => sequence <= 30)).toBe(true);
        }
      },
    ),
    {numRuns: 200},
  );
});

test('a clock that is wrong, and a copy that was made in one go, each have an answer that is right', () => {
  const day = 86_400_000;
  const start = at('2026-10-01T02:30');
  const days = Array.from({length: 10}, (_, index) => start + index * day);
  const behind = soundTimes(days.map((ms) => ({claimedMs: ms - 365 * day, storedMs: ms})));
  expect(behind.byStorage).toEqual(days);
  const copied = soundTimes(days.map((ms) => ({claimedMs: ms, storedMs: start + 20 * day})));
  expect(copied.byChain).toEqual(days);
  const usual = soundTimes(days.map((ms) => ({claimedMs: ms, storedMs: ms + 2000})));
  expect(usual.byStorage).toEqual(days);
  expect(usual.byChain).toEqual(days);
});
