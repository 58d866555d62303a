/** The witness of an RDB file: the same keys give the same sums, however a server stores them; any change gives others. */
import {expect, test} from 'vitest';
import {compareRedis, RdbWitness, type RedisContents} from '../../src/sources/redis/witness.ts';

const all = {rows: 'all', timeoutMs: 60_000} as const;

const str = (text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text);
  if (bytes.length < 64) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  return Buffer.concat([Buffer.from([0x40 | (bytes.length >> 8), bytes.length & 0xff]), bytes]);
};
const key = (type: number, name: string, ...value: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([type]), str(name), ...value]);
const file = (...keys: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from('REDIS0010'),
    Buffer.from([250]),
    str('redis-ver'),
    str('7.0.15'),
    Buffer.from([254, 0, 251, 3, 0]),
    ...keys,
    Buffer.from([255]),
    Buffer.alloc(8),
  ]);
const count = (length: number): Buffer => Buffer.from([length]);

/** Entries of a ziplist or a listpack, given as encoding and content. */
const ziplist = (...entries: number[][]): Buffer =>
  str(
    Buffer.concat([
      Buffer.alloc(10),
      ...entries.map((entry) => Buffer.from([0, ...entry])),
      Buffer.from([0xff]),
    ]),
  );
const listpack = (...entries: number[][]): Buffer =>
  str(
    Buffer.concat([
      Buffer.alloc(6),
      ...entries.map((entry) => Buffer.from([...entry, entry.length])),
      Buffer.from([0xff]),
    ]),
  );
const intset = (size: 2 | 4, ...values: number[]): Buffer => {
  const bytes = Buffer.alloc(8 + size * values.length);
  bytes.writeUInt32LE(size, 0);
  bytes.writeUInt32LE(values.length, 4);
  for (const [index, value] of values.entries()) bytes.writeIntLE(value, 8 + index * size, size);
  return str(bytes);
};
const chars = (text: string): number[] => [...Buffer.from(text)];
const score = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};

function read(bytes: Buffer, pieceBytes = bytes.length): RedisContents {
  const witness = new RdbWitness(all);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = Buffer.from(bytes.subarray(at, at + pieceBytes));
    witness.push(piece);
    piece.fill(0); // It is the caller's again.
  }
  const contents = witness.end();
  if (typeof contents === 'string') throw new Error(contents);
  return contents;
}

test.each<[string, Buffer[]]>([
  [
    'a list',
    [
      key(1, 'k', count(3), str('ab'), str('-5'), str('70000')),
      key(10, 'k', ziplist([2, ...chars('ab')], [0xfe, 0xfb], [0xd0, 0x70, 0x11, 0x01, 0x00])),
      key(
        14,
        'k',
        count(2),
        ziplist([0x40, 2, ...chars('ab')]),
        ziplist([0xc0, 0xfb, 0xff], [0xf0, 0x70, 0x11, 1]),
      ),
      key(18, 'k', count(2), count(1), str('ab'), count(2), listpack([0xdf, 0xfb], [0xf2, 0x70, 0x11, 0x01])),
      key(
        18,
        'k',
        count(1),
        count(2),
        listpack([0x82, ...chars('ab')], [0xf1, 0xfb, 0xff], [0xf3, 0x70, 0x11, 0x01, 0x00]),
      ),
    ],
  ],
  [
    'a set',
    [
      key(2, 'k', count(3), str('1'), str('-2'), str('12')),
      key(2, 'k', count(3), str('12'), str('1'), str('-2')),
      key(2, 'k', count(3), Buffer.from([0xc0, 12]), Buffer.from([0xc1, 0xfe, 0xff]), str('1')),
      key(11, 'k', intset(2, -2, 1, 12)),
      key(11, 'k', intset(4, -2, 1, 12)),
      key(20, 'k', listpack([1], [0xdf, 0xfe], [0x82, ...chars('12')])),
    ],
  ],
  [
    'a hash',
    [
      key(4, 'k', count(2), str('f'), str('v'), str('g'), str('9')),
      key(4, 'k', count(2), str('g'), str('9'), str('f'), str('v')),
      key(13, 'k', ziplist([1, 0x66], [1, 0x76], [1, 0x67], [0xfa])),
      key(16, 'k', listpack([0x81, 0x67], [9], [0x81, 0x66], [0xe0, 1, 0x76])),
    ],
  ],
  [
    'a sorted set',
    [
      key(5, 'k', count(2), str('m'), score(1.5), str('n'), score(Number.NEGATIVE_INFINITY)),
      key(12, 'k', ziplist([1, 0x6d], [3, ...chars('1.5')], [1, 0x6e], [4, ...chars('-inf')])),
      key(17, 'k', listpack([0x81, 0x6e], [0x84, ...chars('-inf')], [0x81, 0x6d], [0x83, ...chars('1.5')])),
    ],
  ],
  [
    'a text that is compressed',
    [
      key(0, 'k', str('a'.repeat(300))),
      // LZF: "a" as it is, then copies from one byte before.
      key(0, 'k', Buffer.from([0xc3, 8, 0x41, 0x2c, 0, ...chars('a'), 0xe0, 255, 0, 0xe0, 26, 0])),
    ],
  ],
])('%s has one sum in all encodings, in pieces of any size', (_, keys) => {
  const expected = read(file(keys[0] as Buffer));
  for (const one of keys)
    for (const pieceBytes of [1, 3, 1000])
      expect(compareRedis(expected, read(file(one), pieceBytes))).toEqual([]);
});

test('what changed is told: a value, a name, an expiry time, an order, a type, a database', () => {
  const text = key(0, 'k', str('value'));
  const list = key(1, 'l', count(2), str('a'), str('b'));
  const before = read(file(text, list));
  const compare = (...keys: Buffer[]) => compareRedis(before, read(file(...keys)));
  expect(compare(list, text)).toEqual([]);
  const other = ['In database 0, type string: other values, names or expiry times than the dump, in 1 keys.'];
  expect(compare(key(0, 'k', str('valuf')), list)).toEqual(other);
  expect(compare(key(0, 'kk', str('value')), list)).toEqual(other);
  expect(compare(Buffer.concat([Buffer.from([252, 1, 0, 0, 0, 0, 0, 0, 0]), text]), list)).toEqual(other);
  expect(compare(text, key(1, 'l', count(2), str('b'), str('a')))).toEqual([
    'In database 0, type list: other values, names or expiry times than the dump, in 1 keys.',
  ]);
  expect(compare(text, key(2, 'l', count(2), str('a'), str('b')))).toEqual([
    'In database 0, type list: 0 keys; the dump has 1.',
    'In database 0, type set: 1 keys; the dump has none.',
  ]);
  expect(compare(text, Buffer.from([254, 5]), list)[0]).toBe(
    'In database 0, type list: 0 keys; the dump has 1.',
  );
  expect(compare(Buffer.concat([Buffer.from([245]), str('#!lua name=l')]), text, list)).toEqual([
    'The libraries of functions are not those of the dump.',
  ]);
});

test('what this version cannot read is told, and is no error', () => {
  const end = (...keys: Buffer[]) => {
    const witness = new RdbWitness(all);
    witness.push(file(...keys));
    return witness.end();
  };
  expect(end(key(7, 'k'))).toBe('it holds data of a module');
  expect(end(Buffer.from([247]))).toBe('it holds data of a module');
  expect(end(key(24, 'k'))).toBe('it holds keys of a type that this version of Holdfast does not know (24)');
  expect(end(key(16, 'k', str('short')))).toBe('it holds a packed value that is not whole');
  expect(end(key(0, 'k', Buffer.from([0xc3, 1, 9, 0])))).toBe('it has a compressed string that is not whole');
});
