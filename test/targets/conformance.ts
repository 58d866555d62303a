import {createHash} from 'node:crypto';
import {describe, expect, test} from 'vitest';
import {readObject} from '../../src/targets/read.ts';
import {ObjectExistsError, ObjectMissingError, type Target, TargetError} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';

const MAX_BYTES = 256 * 2 ** 20;

/** Bytes that differ at every place, and are cheap to make. */
export function someBytes(sizeBytes: number, label = 'some'): Uint8Array {
  const unit = createHash('shake256', {outputLength: Math.min(sizeBytes, 65_521)})
    .update(label)
    .digest();
  return sizeBytes === 0 ? new Uint8Array(0) : Buffer.alloc(sizeBytes, unit);
}

const names = async (target: Target, prefix: string) =>
  (await collect(target.list(prefix))).map(({name}) => name).sort();
const read = async (target: Target, name: string) =>
  Buffer.from(await readObject(target, name, {maxBytes: MAX_BYTES}));

export interface ConformanceOptions {
  /** Putting the very bytes that a name holds already is no error: the wrapper that tries again takes them for its own. */
  readonly samePutIsAllowed?: boolean;
  /**
   * The store looks whether a name is taken before it writes, so that several at once may all win: names must be unique, then. And
   * a reader may find nothing for a moment while an object is replaced.
   */
  readonly racesMayBeLost?: boolean;
  /** How many names are listed; more than a page holds. Fewer for a slow server. */
  readonly manyNames?: number;
}

/**
 * What every target promises (src/targets/target.ts).
 *
 * @param open opens a target on a new, created, empty place
 */
export function describeTarget(
  name: string,
  open: () => Promise<Target>,
  {samePutIsAllowed = false, racesMayBeLost = false, manyNames = 2500}: ConformanceOptions = {},
): void {
  describe(`${name} keeps the promises of a target`, () => {
    test('gives back what was put, by name, with its size', async () => {
      await using target = await open();
      const before = Date.now();
      await target.put('app/one.pgp', someBytes(1000));
      expect(await read(target, 'app/one.pgp')).toEqual(Buffer.from(someBytes(1000)));
      const info = await target.stat('app/one.pgp');
      expect(info).toMatchObject({name: 'app/one.pgp', sizeBytes: 1000});
      expect(Math.abs((info?.modifiedMs ?? 0) - before)).toBeLessThan(600_000);
      expect(await collect(target.list(''))).toEqual([info]);
    });

    test('put does not overwrite', async () => {
      await using target = await open();
      await target.put('app/one.pgp', someBytes(1000));
      await expect(target.put('app/one.pgp', someBytes(10))).rejects.toThrow(ObjectExistsError);
      const again = target.put('app/one.pgp', someBytes(1000));
      if (samePutIsAllowed) await again;
      else await expect(again).rejects.toThrow(ObjectExistsError);
      expect(await read(target, 'app/one.pgp')).toEqual(Buffer.from(someBytes(1000)));
    });

    test('replace writes and overwrites', async () => {
      await using target = await open();
      for (const size of [500, 20, 0, 70_000]) {
        await target.replace('leases/app.json', someBytes(size));
        expect(await read(target, 'leases/app.json')).toEqual(Buffer.from(someBytes(size)));
      }
      expect(await names(target, '')).toEqual(['leases/app.json']);
    });

    test('of concurrent puts of one name, exactly one wins, whole', async () => {
      await using target = await open();
      for (let round = 0; round < 5; round++) {
        const object = `race/${round}`;
        const outcomes = await Promise.allSettled(
          Array.from({length: 12}, (_, i) => target.put(object, someBytes(200_000, `racer ${i}`))),
        );
        const winners = outcomes.flatMap(({status}, i) => (status === 'fulfilled' ? [i] : []));
        if (racesMayBeLost) expect(winners.length).toBeGreaterThan(0);
        else expect(winners).toHaveLength(1);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ObjectExistsError);
        }
        const stored = await read(target, object);
        const isWinner = (i: number) => stored.equals(Buffer.from(someBytes(200_000, `racer ${i}`)));
        expect(winners.some(isWinner)).toBe(true);
      }
      expect(await collect(target.list(''))).toHaveLength(5);
    });

    test('readers see an object whole or not at all', async () => {
      await using target = await open();
      const sizeBytes = 12 * 2 ** 20;
      let isDone = false;
      const seen = new Set<number>();
      const watch = async (object: string) => {
        while (!isDone) {
          const info = await target.stat(object);
          if (info !== undefined) {
            seen.add(info.sizeBytes);
            expect((await read(target, object)).length).toBe(sizeBytes);
          }
          for (const {sizeBytes: listed} of await collect(target.list(''))) seen.add(listed);
        }
      };
      const watchers = Array.from({length: 3}, (_, i) => watch(`whole/${i}`));
      for (let i = 0; i < 3; i++) await target.put(`whole/${i}`, someBytes(sizeBytes));
      isDone = true;
      await Promise.all(watchers);
      expect([...seen]).toEqual([sizeBytes]);
    });

    test('a replaced object is the old or the new one for readers', async () => {
      await using target = await open();
      await target.replace('leases/app.json', someBytes(100_000, '0'));
      let isDone = false;
      const reader = (async () => {
        while (!isDone) {
          const bytes = await read(target, 'leases/app.json').catch((error: unknown) => {
            if (racesMayBeLost && error instanceof ObjectMissingError) return undefined;
            throw error;
          });
          if (bytes === undefined) continue;
          const [unit] = [bytes.subarray(0, 32).toString('hex')];
          expect(bytes.subarray(65_521, 65_521 + 32).toString('hex')).toBe(unit);
          expect(bytes.length).toBe(100_000);
        }
      })();
      for (let i = 1; i < 20; i++) await target.replace('leases/app.json', someBytes(100_000, String(i)));
      isDone = true;
      await reader;
    });

    test('yields ranges, and refuses those beyond the end', async () => {
      await using target = await open();
      const body = Buffer.from(someBytes(100_000));
      await target.put('range', body);
      for (const [offset, length] of [
        [0, 1],
        [0, 100_000],
        [99_999, 1],
        [65_536, 20],
        [5, 70_000],
      ] as const) {
        const range = {offset, length};
        const bytes = await readObject(target, 'range', {maxBytes: MAX_BYTES, range});
        expect(Buffer.from(bytes).equals(body.subarray(offset, offset + length)), JSON.stringify(range)).toBe(
          true,
        );
      }
      for (const [offset, length] of [
        [0, 100_001],
        [99_999, 2],
        [100_000, 1],
        [2 ** 40, 1],
      ] as const) {
        const pieces: Uint8Array[] = [];
        const reading = async () => {
          for await (const piece of target.get('range', {offset, length})) pieces.push(piece);
        };
        await expect(reading(), `${length} bytes at ${offset}`).rejects.toThrow(TargetError);
      }
    });

    test('says that there is nothing under an unknown name', async () => {
      await using target = await open();
      await target.put('a/b/c', someBytes(1));
      for (const unknown of ['nothing', 'a', 'a/b', 'a/b/d', 'a/b/c/d', 'x/y/z']) {
        await expect(collect(target.get(unknown)), unknown).rejects.toThrow(ObjectMissingError);
        expect(await target.stat(unknown), unknown).toBeUndefined();
        await target.remove(unknown);
      }
      expect(await names(target, '')).toEqual(['a/b/c']);
    });

    test('removes an object, and takes its name again', async () => {
      await using target = await open();
      await target.put('a/b/c', someBytes(1));
      await target.put('a/d', someBytes(2));
      await target.remove('a/b/c');
      expect(await target.stat('a/b/c')).toBeUndefined();
      expect(await names(target, '')).toEqual(['a/d']);
      expect(await collect(target.listFolders('a/'))).toEqual([]);
      await target.remove('a/b/c');
      await target.put('a/b/c', someBytes(3));
      expect(await names(target, '')).toEqual(['a/b/c', 'a/d']);
    });

    test(`lists ${manyNames} names once each, by prefix`, async () => {
      await using target = await open();
      const all = Array.from({length: manyNames}, (_, i) => {
        const hex = createHash('sha256').update(String(i)).digest('hex');
        return `app/20261120T023000Z-k3v9/packs/${hex.slice(0, 2)}/${hex}.pgp`;
      });
      const others = ['app/20261120T023000Z-k3v9/generation.pgp', 'app2/x/generation.pgp', 'holdfast.json'];
      const queue = [...all, ...others].values();
      await Promise.all(
        Array.from({length: 8}, async () => {
          for (const object of queue) await target.put(object, someBytes(object.length));
        }),
      );
      const infos = await collect(target.list(''));
      expect(infos.every((info) => info.sizeBytes === info.name.length)).toBe(true);
      expect(infos.map((info) => info.name).sort()).toEqual([...all, ...others].sort());
      expect(await names(target, 'app/')).toHaveLength(manyNames + 1);
      expect(await names(target, 'app/20261120T023000Z-k3v9/packs/')).toEqual([...all].sort());
      expect(await names(target, 'ap/')).toEqual([]);
      expect((await collect(target.listFolders(''))).sort()).toEqual(['app', 'app2']);
      expect(await collect(target.listFolders('app/20261120T023000Z-k3v9/'))).toEqual(['packs']);
      expect(await collect(target.listFolders('app/20261120T023000Z-k3v9/packs/'))).toHaveLength(
        new Set(all.map((object) => object.split('/')[3])).size,
      );
      expect(await collect(target.listFolders('nothing/'))).toEqual([]);
      expect(await collect(target.listFolders('holdfast.json/'))).toEqual([]);
    }, 120_000);

    test('keeps names with Unicode, blanks and % as they are', async () => {
      await using target = await open();
      const odd = [
        'größe/日本語',
        '100%/a%2Fb',
        'blank in it/+plus&amp;',
        'quote\'"/<tag>',
        'e\u0301/\u00e9',
        '#?/;=,@:',
      ];
      for (const object of odd) await target.put(object, Buffer.from(object));
      expect(await names(target, '')).toEqual([...odd].sort());
      for (const object of odd) {
        expect((await read(target, object)).toString()).toBe(object);
        const [folder = ''] = object.split('/');
        expect(await names(target, `${folder}/`)).toEqual([object]);
      }
      expect((await collect(target.listFolders(''))).sort()).toEqual(
        odd.map((object) => object.split('/')[0]).sort(),
      );
    });

    test('refuses names that no object can have', async () => {
      await using target = await open();
      const wrong = [
        '',
        '/a',
        'a/',
        'a//b',
        '..',
        'a/../b',
        './a',
        'a/.',
        'a\0b',
        'a\nb',
        'a.part',
        '\ud800',
        'x'.repeat(1025),
      ];
      for (const object of wrong) {
        await expect(target.put(object, someBytes(1)), JSON.stringify(object)).rejects.toThrow(RangeError);
        await expect(collect(target.get(object)), JSON.stringify(object)).rejects.toThrow(RangeError);
        await expect(target.remove(object), JSON.stringify(object)).rejects.toThrow(RangeError);
      }
      await expect(collect(target.list('a'))).rejects.toThrow(RangeError);
      await expect(collect(target.list('../'))).rejects.toThrow(RangeError);
    });

    test.each([0, 1, 8 * 2 ** 20, 128 * 2 ** 20])(
      'keeps an object of %i bytes',
      async (sizeBytes) => {
        await using target = await open();
        const body = someBytes(sizeBytes);
        await target.put('sized', body);
        expect((await read(target, 'sized')).equals(body)).toBe(true);
        expect(await target.stat('sized')).toMatchObject({sizeBytes});
      },
      120_000,
    );

    test('takes bodies that lie in shared memory', async () => {
      await using target = await open();
      const body = new Uint8Array(new SharedArrayBuffer(100_000), 10, 50_000);
      body.set(someBytes(50_000));
      await target.put('shared', body);
      expect((await read(target, 'shared')).equals(body)).toBe(true);
    });

    test('a put that is aborted leaves nothing, and says so with the reason', async () => {
      await using target = await open();
      const reason = new Error('stopped by the test');
      await expect(target.put('aborted', someBytes(10), {signal: AbortSignal.abort(reason)})).rejects.toBe(
        reason,
      );
      let aborted = 0;
      for (const afterMs of [0, 1, 2, 5, 10]) {
        const controller = new AbortController();
        const put = target.put(`aborted/${afterMs}`, someBytes(64 * 2 ** 20), {signal: controller.signal});
        setTimeout(() => controller.abort(reason), afterMs);
        const outcome = await put.then(
          () => 'stored' as const,
          (error: unknown) => error,
        );
        if (outcome === 'stored') continue;
        expect(outcome).toBe(reason);
        expect(await target.stat(`aborted/${afterMs}`)).toBeUndefined();
        aborted += 1;
      }
      expect(aborted).toBeGreaterThan(0);
      expect(await names(target, 'aborted/')).toHaveLength(5 - aborted);
    });

    test('each call heeds a signal that was aborted before', async () => {
      await using target = await open();
      await target.put('a/b', someBytes(10));
      const options = {signal: AbortSignal.abort(new Error('stop'))};
      await expect(target.replace('a/b', someBytes(1), options)).rejects.toThrow('stop');
      await expect(target.stat('a/b', options)).rejects.toThrow('stop');
      await expect(target.remove('a/b', options)).rejects.toThrow('stop');
      await expect(collect(target.get('a/b', undefined, options))).rejects.toThrow('stop');
      await expect(collect(target.list('', options))).rejects.toThrow('stop');
      await expect(collect(target.listFolders('', options))).rejects.toThrow('stop');
      expect(await read(target, 'a/b')).toHaveLength(10);
    });
  });
}
