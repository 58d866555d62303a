import {readFileSync} from 'node:fs';
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {
  type ChunkerParameters,
  createChunker,
  DEFAULT_CHUNKING,
  TABLE_BYTES,
} from '../../src/chunker/chunker.ts';
import {generatedBytes, referenceChunks} from './reference.ts';

const seed = generatedBytes('seed of the chunker tests', 32);
const small: ChunkerParameters = {seed, min: 128, maskBits: 7, max: 1024};

interface GoldenVector {
  readonly data: string;
  readonly size: number;
  readonly seed: string;
  readonly min: number;
  readonly maskBits: number;
  readonly max: number;
  readonly lengths: readonly number[];
}

/** Cuts a content that becomes known by `step` bytes at a time, which lies at an odd place of the memory. */
function chunkLengths(content: Uint8Array, parameters: ChunkerParameters, step: () => number): number[] {
  const at = TABLE_BYTES + 64 + 3;
  const pages = Math.ceil((at + content.length) / 65_536);
  const memory = new WebAssembly.Memory({initial: pages, maximum: 65_536, shared: true});
  const chunker = createChunker(memory, 64, parameters);
  new Uint8Array(memory.buffer).set(content, at);
  const lengths: number[] = [];
  for (let start = 0; start < content.length; ) {
    chunker.begin();
    let cut = 0;
    let length = 0;
    while (cut === 0 && start + length < content.length) {
      length = Math.min(length + step(), content.length - start);
      cut = chunker.scan(at + start, length);
    }
    lengths.push(cut === 0 ? length : cut);
    start += cut === 0 ? length : cut;
  }
  return lengths;
}

function boundaries(lengths: readonly number[]): number[] {
  let end = 0;
  return lengths.map((length) => (end += length));
}

const text = (sizeBytes: number) =>
  Buffer.from(
    Array.from(
      {length: Math.ceil(sizeBytes / 30)},
      (_, row) => `${row}\tcustomer ${(row * 7919) % 9973}\t${row % 97}.00\n`,
    ).join(''),
  ).subarray(0, sizeBytes);

describe('cuts where the specification says', () => {
  const parameters = fc
    .record({
      seed: fc.uint8Array({minLength: 32, maxLength: 32}),
      min: fc.integer({min: 64, max: 600}),
      more: fc.integer({min: 0, max: 1500}),
      maskBits: fc.integer({min: 1, max: 12}),
    })
    .map(({more, ...rest}) => ({...rest, max: rest.min + more}));
  const content = fc.oneof(
    fc.uint8Array({maxLength: 8000, size: 'max'}),
    fc
      .tuple(fc.string(), fc.integer({min: 0, max: 8000}))
      .map(([label, size]) => generatedBytes(label, size)),
    fc.integer({min: 0, max: 8000}).map((size) => new Uint8Array(size)),
    fc.integer({min: 0, max: 8000}).map(text),
    fc
      .tuple(fc.uint8Array({minLength: 1, maxLength: 300}), fc.integer({min: 0, max: 40}))
      .map(([unit, times]) => Buffer.concat(Array.from({length: times}, () => unit))),
  );

  test('for any content, parameters and steps of scanning', () => {
    const steps = fc.infiniteStream(fc.oneof(fc.integer({min: 1, max: 9}), fc.integer({min: 1, max: 3000})));
    fc.assert(
      fc.property(content, parameters, steps, (bytes, chosen, stream) => {
        const cuts = chunkLengths(bytes, chosen, () => stream.next().value ?? 1);
        expect(cuts).toEqual(referenceChunks(bytes, chosen));
      }),
      {numRuns: 300},
    );
  });

  test.each(['min', 'max'] as const)('for contents around %s', (bound) => {
    for (const more of [-65, -64, -63, -2, -1, 0, 1, 2, 63, 64, 65]) {
      const size = small[bound] + more;
      for (const bytes of [generatedBytes('around', size), new Uint8Array(size), text(size)]) {
        expect(
          chunkLengths(bytes, small, () => size),
          `${size} bytes`,
        ).toEqual(referenceChunks(bytes, small));
      }
    }
  });

  test('with the parameters that backups use', () => {
    const bytes = Buffer.concat([
      generatedBytes('large', 3_000_000),
      new Uint8Array(5_000_000),
      text(1_000_000),
    ]);
    const chosen = {seed, ...DEFAULT_CHUNKING};
    expect(chunkLengths(bytes, chosen, () => 262_144)).toEqual(referenceChunks(bytes, chosen));
  });

  const golden = JSON.parse(
    readFileSync(new URL('golden.json', import.meta.url), 'utf8'),
  ) as readonly GoldenVector[];
  test.each(golden)('as in the frozen vector "$data"', ({data, size, lengths, ...rest}) => {
    const bytes = generatedBytes(data, size);
    const chosen = {...rest, seed: Buffer.from(rest.seed, 'hex')};
    expect(chunkLengths(bytes, chosen, () => 65_536)).toEqual(lengths);
    expect(chunkLengths(bytes, chosen, () => size)).toEqual(lengths);
  });
});

test('every chunk but the last is at least min and at most max bytes long', () => {
  const lengths = chunkLengths(generatedBytes('bounds', 500_000), small, () => 4096);
  expect(Math.min(...lengths.slice(0, -1))).toBeGreaterThanOrEqual(small.min);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(small.max);
  expect(lengths.length).toBeGreaterThan(1000);
});

test('the length is max when more than max bytes are there at once, also where zeros give no cut', () => {
  expect(chunkLengths(new Uint8Array(5000), {...small, maskBits: 40}, () => 5000)).toEqual([
    1024, 1024, 1024, 1024, 904,
  ]);
});

test('an insertion moves only boundaries near it', () => {
  const before = generatedBytes('insertion', 400_000);
  fc.assert(
    fc.property(
      fc.integer({min: 0, max: 300_000}),
      fc.uint8Array({minLength: 1, maxLength: 2000}),
      (at, added) => {
        const after = Buffer.concat([before.subarray(0, at), added, before.subarray(at)]);
        const old = boundaries(chunkLengths(before, small, () => 4096));
        const now = boundaries(chunkLengths(after, small, () => 4096));
        expect(now.filter((end) => end <= at)).toEqual(old.filter((end) => end <= at));
        const far = at + 20 * small.max;
        const moved = now.map((end) => end - added.length).filter((end) => end > far);
        expect(moved).toEqual(old.filter((end) => end > far));
      },
    ),
    {numRuns: 60},
  );
});

test('different seeds cut differently', () => {
  const bytes = generatedBytes('seeds', 200_000);
  const one = new Set(boundaries(chunkLengths(bytes, small, () => 4096)));
  const other = boundaries(chunkLengths(bytes, {...small, seed: generatedBytes('another', 32)}, () => 4096));
  const shared = other.filter((end) => one.has(end)).length;
  expect(shared / other.length).toBeLessThan(0.05);
});

test('a chunk may move in the memory between two scans, and a chunker be used again', () => {
  const memory = new WebAssembly.Memory({initial: 2, maximum: 65_536, shared: true});
  const chunker = createChunker(memory, 0, small);
  const [expected = 0] = referenceChunks(generatedBytes('moved', 2000), small);
  const bytes = new Uint8Array(memory.buffer);
  for (let round = 0; round < 3; round++) {
    chunker.begin();
    bytes.set(generatedBytes('moved', 2000), 4096);
    expect(chunker.scan(4096, expected - 1)).toBe(0);
    bytes.copyWithin(70_001, 4096, 4096 + 2000).fill(0, 4096, 8192);
    expect(chunker.scan(70_001, 2000)).toBe(expected);
  }
});

test('memory that grew later can be scanned', () => {
  const memory = new WebAssembly.Memory({initial: 1, maximum: 65_536, shared: true});
  const chunker = createChunker(memory, 0, small);
  memory.grow(1);
  new Uint8Array(memory.buffer).set(generatedBytes('grown', 3000), 65_000);
  chunker.begin();
  expect(chunker.scan(65_000, 3000)).toBe(referenceChunks(generatedBytes('grown', 3000), small)[0]);
});

test('parameters that no chunker can have are refused', () => {
  const memory = new WebAssembly.Memory({initial: 1, maximum: 65_536, shared: true});
  for (const wrong of [{min: 63}, {min: 2000}, {max: 2 ** 31}, {maskBits: 0}, {maskBits: 64}, {min: 100.5}]) {
    expect(() => createChunker(memory, 0, {...small, ...wrong}), JSON.stringify(wrong)).toThrow(RangeError);
  }
  expect(() => createChunker(memory, 0, {...small, seed: new Uint8Array(31)})).toThrow(RangeError);
  expect(() => createChunker(memory, 4, small)).toThrow(RangeError);
  expect(() => createChunker(memory, 65_536 - 2040, small)).toThrow(RangeError);
});
