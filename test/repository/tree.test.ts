/** Trees: any entry comes back, any bytes end in entries or a TreeError (TESTING.md D21, F9, F14). */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import type {BlobId} from '../../src/repository/layout.ts';
import {
  cutTree,
  decodeEntry,
  decodeTree,
  encodeEntry,
  type TreeEntry,
  TreeError,
} from '../../src/repository/tree.ts';

const bytes = (minLength = 1, maxLength = 30) =>
  fc.uint8Array({minLength, maxLength}).map((array) => Buffer.from(array));
const id = fc
  .uint8Array({minLength: 32, maxLength: 32})
  .map((array) => Buffer.from(array).toString('hex') as BlobId);
const ids = fc.array(id, {maxLength: 3});
const count = fc.nat(Number.MAX_SAFE_INTEGER);
const optional = <T>(member: string, value: fc.Arbitrary<T>) =>
  fc.option(value, {nil: undefined}).map((found) => (found === undefined ? {} : {[member]: found}));
const merged = (...parts: fc.Arbitrary<object>[]) =>
  fc.tuple(...parts).map((members) => Object.assign({}, ...members) as TreeEntry);

const common = fc.record({
  name: bytes(),
  mode: fc.nat(0o7777),
  uid: count,
  gid: count,
  mtimeNs: fc.bigInt({min: -(10n ** 19n) + 1n, max: 10n ** 19n - 1n}),
});
const xattrs = optional(
  'xattrs',
  fc.dictionary(
    fc.string({minLength: 1}).filter((name) => !name.includes('\0')),
    bytes(0),
    {maxKeys: 3},
  ),
);
const hardlink = optional('hardlink', fc.string());
/** Ascending, not touching. */
const extents = fc
  .array(fc.tuple(fc.integer({min: 1, max: 1e9}), fc.integer({min: 1, max: 1e9})), {maxLength: 4})
  .map((gaps) => {
    let at = 0;
    return gaps.map(([gap, length]) => {
      const extent = [at + gap, length] as const;
      at += gap + length;
      return extent;
    });
  });
const file = fc
  .tuple(
    merged(common, xattrs, hardlink, optional('changed', fc.constant(true))),
    ids,
    fc.boolean(),
    fc.option(extents, {nil: undefined}),
    fc.nat(1e6),
  )
  .map(([entry, list, isLong, holes, more]): TreeEntry => {
    const last = holes?.at(-1);
    return {
      ...entry,
      type: 'file',
      size: (last === undefined ? 0 : last[0] + last[1]) + more,
      ...(isLong ? {contentIn: list} : {content: list}),
      ...(holes && {extents: holes}),
    };
  });
const entry: fc.Arbitrary<TreeEntry> = fc.oneof(
  file,
  merged(common, xattrs, fc.record({type: fc.constant('directory'), tree: ids})),
  merged(common, xattrs, hardlink, fc.record({type: fc.constant('symlink'), target: bytes()})),
  merged(common, xattrs, hardlink, fc.record({type: fc.constant('fifo')})),
  merged(
    common,
    xattrs,
    hardlink,
    fc.record({type: fc.constantFrom('chardevice', 'blockdevice'), device: fc.tuple(count, count)}),
  ),
);
const plain = (value: TreeEntry): unknown => ({
  ...value,
  ...(value.xattrs && {
    xattrs: Object.entries(value.xattrs)
      .map(([name, data]) => [name, Buffer.from(data).toString('hex')])
      .sort(),
  }),
});

test('any entry comes back from its line', () => {
  fc.assert(
    fc.property(entry, (value) => {
      const text = encodeEntry(value);
      expect(text).not.toContain('\n');
      expect(plain(decodeEntry(text))).toEqual(plain(value));
      // What was read is always written the same.
      const again = encodeEntry(decodeEntry(text));
      expect(encodeEntry(decodeEntry(again))).toBe(again);
    }),
    {numRuns: 500},
  );
});

test('any listing comes back from its blob', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(entry, {maxLength: 20, selector: ({name}) => name.toString('hex')}),
      (values) => {
        const sorted = [...values].sort((a, b) => Buffer.compare(a.name, b.name));
        const blob = Buffer.from(sorted.map((value) => `${encodeEntry(value)}\n`).join(''));
        expect(decodeTree(blob).map(plain)).toEqual(sorted.map(plain));
        if (sorted.length > 1) {
          const backwards = Buffer.from(
            sorted
              .toReversed()
              .map((value) => `${encodeEntry(value)}\n`)
              .join(''),
          );
          expect(() => decodeTree(backwards)).toThrow(TreeError);
        }
      },
    ),
    {numRuns: 100},
  );
});

describe('fuzz', () => {
  const onlyTreeError = (parse: () => unknown): void => {
    try {
      parse();
    } catch (error) {
      expect(error).toBeInstanceOf(TreeError);
    }
  };
  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({maxLength: 200}), (blob) => onlyTreeError(() => decodeTree(blob))),
      {numRuns: 1000},
    );
  });
  test('any JSON', () => {
    fc.assert(
      fc.property(fc.json({maxDepth: 4}), (text) => onlyTreeError(() => decodeEntry(text))),
      {numRuns: 1000},
    );
  });
  test('an entry with one member made something else, or taken away', () => {
    fc.assert(
      fc.property(
        entry,
        fc.nat(),
        fc.jsonValue({maxDepth: 2}),
        fc.boolean(),
        (value, which, other, isRemoved) => {
          const raw = JSON.parse(encodeEntry(value)) as Record<string, unknown>;
          const member = Object.keys(raw)[which % Object.keys(raw).length] as string;
          if (isRemoved) delete raw[member];
          else raw[member] = other;
          onlyTreeError(() => decodeEntry(JSON.stringify(raw)));
        },
      ),
      {numRuns: 2000},
    );
  });
  test('a line with some of its text changed', () => {
    fc.assert(
      fc.property(entry, fc.nat(), fc.string({maxLength: 3}), fc.nat(5), (value, where, put, cut) => {
        const text = encodeEntry(value);
        const at = where % text.length;
        onlyTreeError(() => decodeEntry(text.slice(0, at) + put + text.slice(at + cut)));
      }),
      {numRuns: 2000},
    );
  });

  // D4, D21: nothing from an object's prototype stands in for a member.
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'a member %s changes nothing',
    (member) => {
      const text = '{"name":"a","type":"fifo","mode":"644","uid":0,"gid":0,"mtime":"0"}';
      const more = text.replace(/}$/, `,"${member}":{"type":"file","size":1,"content":[],"polluted":true}}`);
      expect(decodeEntry(more)).toEqual(decodeEntry(text));
      expect(() => decodeEntry(`{"${member}":${text}}`)).toThrow(TreeError);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  test.each(['\n', '{}\n', '[]\n', 'null\n', '1\n', '"x"\n', '{"name":"a"', '\n\n', '{}', '\ufeff\n'])(
    '%j is no tree',
    (text) => {
      expect(() => decodeTree(Buffer.from(text))).toThrow(TreeError);
    },
  );
  test('depth 10^6 is no tree', () => {
    expect(() => decodeTree(Buffer.from(`${'['.repeat(1_000_000)}\n`))).toThrow(TreeError);
  });
});

describe('cutting large directories', () => {
  const names = (from: number, to: number): string[] =>
    Array.from({length: to - from}, (_, at) => `name-${String(from + at).padStart(8, '0')}`);
  const lines = (list: readonly string[]): string[] => list.map((name) => `{"name":"${name}"}`);

  test('all lines, in order, in parts that are neither too large nor too small', () => {
    fc.assert(
      fc.property(fc.nat(50_000), fc.nat(200), (entries, width) => {
        const list = names(0, entries);
        const text = list.map((name) => `${name}${'x'.repeat(width)}`);
        const ends = cutTree(list, text);
        expect(ends.at(-1) ?? 0).toBe(entries);
        let start = 0;
        for (const end of ends) {
          expect(end).toBeGreaterThan(start);
          expect(end - start).toBeLessThanOrEqual(16_384);
          const size = text.slice(start, end).reduce((sum, part) => sum + part.length + 1, 0);
          expect(size).toBeLessThan(2 ** 21 + width + 20);
          start = end;
        }
      }),
      {numRuns: 20},
    );
  });

  test('small directories are one part', () => {
    for (const entries of [1, 2, 1000, 1023])
      expect(cutTree(names(0, entries), lines(names(0, entries)))).toEqual([entries]);
    expect(cutTree([], [])).toEqual([]);
  });

  test('one entry more or less changes few parts', () => {
    const list = names(0, 100_000);
    const parts = (of: readonly string[]): Set<string> => {
      const ends = cutTree(of, lines(of));
      return new Set(ends.map((end, at) => of.slice(at === 0 ? 0 : ends[at - 1], end).join()));
    };
    const before = parts(list);
    expect(before.size).toBeGreaterThan(10);
    for (const at of [0, 777, 50_000, 99_999]) {
      const without = parts(list.filter((_, index) => index !== at));
      const changed = [...without].filter((part) => !before.has(part)).length;
      expect(changed, `without ${at}`).toBeLessThanOrEqual(5);
    }
  });

  test('a line of any length is taken', () => {
    expect(cutTree(['a', 'b'], ['x'.repeat(3 * 2 ** 20), 'y'])).toEqual([1, 2]);
  });
});
