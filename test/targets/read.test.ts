import {expect, test} from 'vitest';
import {DamageError} from '../../src/errors.ts';
import {readObject} from '../../src/targets/read.ts';
import {type Target, TargetError} from '../../src/targets/target.ts';

/** A target whose every object is `pieces`, and that counts how many were taken. */
function yielding(pieces: Iterable<Uint8Array>): {target: Target; taken: () => number} {
  let taken = 0;
  const target = {
    label: 'test://',
    async *get() {
      for (const piece of pieces) {
        taken += 1;
        yield piece;
      }
    },
  };
  return {target: target as unknown as Target, taken: () => taken};
}

function* endless(sizeBytes: number): Iterable<Uint8Array> {
  while (true) yield new Uint8Array(sizeBytes);
}

test('puts pieces together', async () => {
  const bytes = Buffer.from('what comes in pieces is put together');
  for (const size of [1, 7, 36, 100]) {
    const pieces = [];
    for (let at = 0; at < bytes.length; at += size)
      pieces.push(bytes.subarray(at, at + size), new Uint8Array(0));
    const read = await readObject(yielding(pieces).target, 'x', {maxBytes: 36});
    expect(Buffer.from(read).toString()).toBe(bytes.toString());
  }
  expect(await readObject(yielding([]).target, 'x', {maxBytes: 0})).toHaveLength(0);
});

// D23
test('an endless object is refused at the limit, and read no further', async () => {
  for (const size of [1, 1000, 65_536]) {
    const {target, taken} = yielding(endless(size));
    const error = await readObject(target, 'x', {maxBytes: 100_000}).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DamageError);
    expect(taken()).toBe(Math.floor(100_000 / size) + 1);
  }
});

// B10
test('a range that comes longer or shorter is refused', async () => {
  const range = {offset: 10, length: 100};
  for (const size of [99, 101]) {
    const reading = readObject(yielding([new Uint8Array(size)]).target, 'x', {maxBytes: 1000, range});
    await expect(reading).rejects.toThrow(TargetError);
  }
  expect(await readObject(yielding([new Uint8Array(100)]).target, 'x', {maxBytes: 100, range})).toHaveLength(
    100,
  );
});

test('a range larger than the limit is not even asked for', async () => {
  const {target, taken} = yielding(endless(10));
  await expect(readObject(target, 'x', {maxBytes: 99, range: {offset: 0, length: 100}})).rejects.toThrow(
    DamageError,
  );
  expect(taken()).toBe(0);
});
