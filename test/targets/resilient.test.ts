import {describe, expect, test} from 'vitest';
import {FileTarget} from '../../src/targets/file.ts';
import {readObject} from '../../src/targets/read.ts';
import {ResilientTarget, type TargetLimits} from '../../src/targets/resilient.ts';
import {
  type ListPage,
  ObjectExistsError,
  type PageRequest,
  type Target,
  TargetError,
} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {FakeClock} from '../support/fake-clock.ts';
import {type Fault, faulty, recording} from '../support/faulty-target.ts';
import {describeTarget, someBytes} from './conformance.ts';
import {created, failure, newFolder} from './scratch.ts';

describeTarget('the resilient target', async () => new ResilientTarget((await created()).target), {
  samePutIsAllowed: true,
});

/** A resilient target on a faulty one on a folder. */
async function resilient(plan: readonly Fault[], limits?: TargetLimits) {
  const {target: plain} = await created();
  const clock = new FakeClock();
  const {target: watched, calls} = recording(plain);
  return {plain, clock, calls, target: new ResilientTarget(faulty(watched, plan), limits, clock)};
}

const transient = (details = {}) => new TargetError('It stumbled.', {transient: true, ...details});

// B1
describe('what fails for the time being', () => {
  test('is tried again with growing random waits, and counted', async () => {
    const failing = Array.from({length: 3}, (): Fault => ({operation: 'put', call: 1}));
    const {target, clock, plain} = await resilient(failing);
    await target.put('a', someBytes(10));
    expect(await readObject(plain, 'a', {maxBytes: 10})).toEqual(Buffer.from(someBytes(10)));
    expect(clock.slept).toEqual([125, 250, 500]);
    expect(target.retries).toBe(3);
  });

  test.each(['put', 'replace', 'get', 'stat', 'list', 'listFolders', 'remove', 'create'] as const)(
    '%s: for ever ends after a bounded time, and names what it was',
    async (operation) => {
      const {target, clock, plain} = await resilient([
        {operation, call: 1, how: 'forever', matching: /^(?!warm)/},
      ]);
      await plain.put('warm', someBytes(1));
      await target.stat('warm'); // It answered once, so more patience is due.
      const calls: Record<typeof operation, () => Promise<unknown>> = {
        put: () => target.put('a/b', someBytes(1)),
        replace: () => target.replace('a/b', someBytes(1)),
        get: () => collect(target.get('a/b')),
        stat: () => target.stat('a/b'),
        list: () => collect(target.list('a/')),
        listFolders: () => collect(target.listFolders('a/')),
        remove: () => target.remove('a/b'),
        create: () => target.create(),
      };
      const error = await failure(calls[operation]());
      expect(error).toBeInstanceOf(TargetError);
      expect(error).toMatchObject({exitCode: 13, code: 'TARGET'});
      expect((error as Error).message).toMatch(/^Planned fault: .* It was tried \d+ times in \d+ s\.$/);
      const total = clock.slept.reduce((sum, ms) => sum + ms);
      expect(total).toBeGreaterThan(280_000);
      expect(total).toBeLessThanOrEqual(300_000);
    },
  );

  test('a target that never answered is given up sooner', async () => {
    const {target, clock} = await resilient([{operation: 'stat', call: 1, how: 'forever'}]);
    await expect(target.stat('a')).rejects.toThrow('It was tried');
    expect(clock.slept.reduce((sum, ms) => sum + ms)).toBeLessThanOrEqual(20_000);
  });

  test('what will not change is not tried again', async () => {
    const error = () => new TargetError('Access is denied.', {transient: false});
    const {target, clock} = await resilient([{operation: 'put', call: 1, how: 'forever', error}]);
    await expect(target.put('a', someBytes(1))).rejects.toThrow(/^Access is denied\.$/);
    await expect(target.stat('../a')).rejects.toThrow(RangeError);
    expect(clock.slept).toEqual([]);
    expect(target.retries).toBe(0);
  });

  test('the wait can be interrupted', async () => {
    const {target: plain} = await created();
    const target = new ResilientTarget(faulty(plain, [{operation: 'put', call: 1, how: 'forever'}]));
    const controller = new AbortController();
    const put = target.put('a', someBytes(1), {signal: controller.signal});
    controller.abort(new Error('stopped'));
    await expect(put).rejects.toThrow('stopped');
  });
});

// B2
test('waits as long as the store asks, and not at all where that is too long', async () => {
  const error = () => transient({throttled: true, retryAfterMs: 7000});
  const {target, clock} = await resilient([{operation: 'stat', call: 1, error}]);
  await target.stat('a');
  expect(clock.slept).toEqual([7000]);
  const day = () => transient({throttled: true, retryAfterMs: 86_400_000});
  const other = await resilient([{operation: 'stat', call: 1, error: day}]);
  await expect(other.target.stat('a')).rejects.toThrow('It was tried once.');
  expect(other.clock.slept).toEqual([]);
});

describe('a put whose answer was lost', () => {
  // B5, B6
  test('is recognised, and not sent again', async () => {
    const {target, calls} = await resilient([{operation: 'put', call: 1, how: 'afterDoing'}]);
    await target.put('a/b', someBytes(1000));
    expect(calls.filter(({operation}) => operation === 'put')).toHaveLength(1);
  });

  // B7
  test('is no success if somebody else took the name', async () => {
    const {target, plain} = await resilient([{operation: 'put', call: 1}]);
    await plain.put('a/b', someBytes(1000, 'other'));
    await expect(target.put('a/b', someBytes(1000))).rejects.toThrow(ObjectExistsError);
    await expect(target.put('a/b', someBytes(999))).rejects.toThrow(ObjectExistsError);
    // B7
    expect(await failure(target.put('a/b', someBytes(999)))).toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('with other content'),
    });
    await target.put('a/b', someBytes(1000, 'other'));
  });
});

describe('a read that breaks off', () => {
  /** Fails in the midst of the first reads, after so many bytes each. */
  function breaking(target: Target, after: number[]): Target {
    return new Proxy(target, {
      get(object, key) {
        if (key !== 'get') {
          const value: unknown = Reflect.get(object, key);
          return typeof value === 'function' ? value.bind(object) : value;
        }
        return async function* (...args: Parameters<Target['get']>) {
          let left = after.shift();
          for await (const piece of target.get(...args)) {
            for (let at = 0; at < piece.length; at += 1000) {
              const part = piece.subarray(at, at + 1000);
              if (left !== undefined && left < part.length) {
                yield part.subarray(0, left);
                throw transient();
              }
              if (left !== undefined) left -= part.length;
              yield part;
            }
          }
        };
      },
    });
  }

  // B4, B8
  test.each([
    ['an object', undefined],
    ['a range', {offset: 100, length: 9000}],
  ])('goes on where it was: %s', async (_, range) => {
    const {target: plain} = await created();
    const body = Buffer.from(someBytes(10_000));
    await plain.put('a', body);
    const target = new ResilientTarget(breaking(plain, [0, 1, 2500, 5000]), {}, new FakeClock());
    const bytes = await readObject(target, 'a', {maxBytes: 10_000, range});
    expect(Buffer.from(bytes)).toEqual(range === undefined ? body : body.subarray(100, 9100));
    expect(target.retries).toBe(4);
  });
});

describe('a listing in pages', () => {
  const name = (i: number) => `a/${String(i).padStart(5, '0')}`;

  class Paged extends FileTarget {
    calls = 0;
    readonly pages: (request: PageRequest, call: number) => ListPage;

    constructor(pages: Paged['pages']) {
      super(newFolder());
      this.pages = pages;
    }

    async listPage(_prefix: string, request: PageRequest): Promise<ListPage> {
      return this.pages(request, ++this.calls);
    }
  }

  const list = (pages: Paged['pages']) => {
    const plain = new Paged(pages);
    const target = new ResilientTarget(plain, {}, new FakeClock());
    return {plain, names: async () => (await collect(target.list('a/'))).map((object) => object.name)};
  };

  const objects = (from: number, to: number) =>
    Array.from({length: to - from}, (_, i) => ({name: name(from + i), sizeBytes: 1, modifiedMs: 0}));

  // B13
  test('asks again for the page that was lost, not for all', async () => {
    const {plain, names} = list(({after}, call) => {
      if (call % 2 === 1) throw transient();
      const from = Number(after ?? 0);
      return {
        objects: objects(from, from + 100),
        folders: [],
        next: from < 900 ? String(from + 100) : undefined,
      };
    });
    expect(await names()).toEqual(Array.from({length: 1000}, (_, i) => name(i)));
    expect(plain.calls).toBe(20);
  });

  // B13
  test.each([
    ['the same token', () => ({objects: objects(0, 10), folders: [], next: 'x'})],
    [
      'other tokens',
      (_: PageRequest, call: number) => ({objects: objects(0, 10), folders: [], next: `${call}`}),
    ],
    ['nothing and the same token', () => ({objects: [], folders: [], next: 'x'})],
  ])('that goes in circles is refused: %s', async (_, page) => {
    await expect(list(page).names()).rejects.toThrow('does not come to an end');
  });

  // D23
  test('names of others, and names that no object can have, are passed over', async () => {
    const odd = ['b/1', 'a/../x', 'a//x', 'a/x\0', `a/${'x'.repeat(2000)}`, 'a/ok'];
    const {names} = list(() => ({
      objects: odd.map((odd) => ({name: odd, sizeBytes: 1, modifiedMs: 0})),
      folders: [],
      next: undefined,
    }));
    expect(await names()).toEqual(['a/ok']);
  });
});

test('uploads and downloads keep to their rates', async () => {
  const {target, clock} = await resilient([], {uploadBytesPerSecond: 1000, downloadBytesPerSecond: 10_000});
  for (const object of ['a', 'b', 'c']) await target.put(object, someBytes(5000));
  expect(clock.slept).toEqual([5000, 5000]);
  for (const object of ['a', 'b', 'c']) await readObject(target, object, {maxBytes: 5000});
  expect(clock.slept.slice(2)).toEqual([500, 500]);
});
