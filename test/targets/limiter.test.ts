import {expect, test} from 'vitest';
import {Limiter} from '../../src/targets/limiter.ts';
import {Rate} from '../../src/targets/rate.ts';
import {FakeClock} from '../support/fake-clock.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

// B2
test('fewer requests at once after a 503, and more again when the store serves them', async () => {
  const limiter = new Limiter(8);
  const slots = await Promise.all(Array.from({length: 8}, () => limiter.take(undefined)));
  for (const slot of slots) {
    slot.throttled(); // All eight were under way: that is one piece of news, not eight.
    slot[Symbol.dispose]();
  }
  expect(limiter.limit).toBe(4);
  for (let i = 0; i < 5; i++) {
    using slot = await limiter.take(undefined);
    slot.throttled();
  }
  expect(limiter.limit).toBe(1);
  for (let i = 0; i < 16 * 7; i++) {
    using slot = await limiter.take(undefined);
    slot.succeeded();
  }
  expect(limiter.limit).toBe(8);
});

test('no more run at once than may, in the order of asking; who gives up waits no longer', async () => {
  const limiter = new Limiter(2);
  const order: number[] = [];
  const [first, second] = [await limiter.take(undefined), await limiter.take(undefined)];
  const controller = new AbortController();
  const waiting = [3, 4, 5].map(async (number) => {
    const slot = await limiter.take(number === 4 ? controller.signal : undefined);
    order.push(number);
    return slot;
  });
  await settled();
  expect(order).toEqual([]);
  controller.abort(new Error('enough'));
  await expect(waiting[1]).rejects.toThrow('enough');
  first[Symbol.dispose]();
  first[Symbol.dispose](); // Twice is once.
  await waiting[0];
  await settled();
  expect(order).toEqual([3]);
  second[Symbol.dispose]();
  await waiting[2];
  expect(order).toEqual([3, 5]);
});

test('a rate holds for all who share it', async () => {
  const clock = new FakeClock();
  const rate = new Rate(1000, clock);
  for (let i = 0; i < 10; i++) await rate.take(500, undefined);
  expect(clock.slept.reduce((sum, ms) => sum + ms)).toBe(4500); // The last half second is the sending itself.
});
