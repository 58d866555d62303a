/** zstd and HMAC, called directly in the libraries that Node is linked with: they must do what Node's own modules do. */
import {createHmac, randomBytes} from 'node:crypto';
import {zstdCompressSync, zstdDecompressSync} from 'node:zlib';
import {describe, expect, test} from 'vitest';
import {loadZstd, NODE_ZSTD, newMac, nodeMac, ZSTD_MARGIN_BYTES} from '../../src/system/linked.ts';

const CONTENTS: readonly [name: string, content: Buffer][] = [
  ['a byte', Buffer.from('x')],
  ['text', Buffer.from('to be kept, and brought back\n'.repeat(40_000))],
  ['noise', randomBytes(1_500_000)],
  ['zeros', Buffer.alloc(5 * 2 ** 20)],
];

test('both are had from the libraries of the Node that we ship', () => {
  expect(loadZstd()).not.toBe(NODE_ZSTD);
  expect(newMac(Buffer.alloc(32)).toString()).not.toBe(nodeMac(Buffer.alloc(32)).toString());
});

describe.each([
  ['linked', loadZstd()],
  ['of Node', NODE_ZSTD],
])('zstd, %s', (_, zstd) => {
  test.each(CONTENTS)(
    '%s: what it compresses Node decompresses, and the other way round',
    (_name, content) => {
      const out = Buffer.alloc(content.length + ZSTD_MARGIN_BYTES);
      const length = zstd.compress(out, content);
      expect(zstdDecompressSync(out.subarray(0, length)).equals(content)).toBe(true);
      const back = Buffer.alloc(content.length);
      expect(zstd.decompress(back, zstdCompressSync(content))).toBe(content.length);
      expect(back.equals(content)).toBe(true);
    },
  );

  test('what resembles a base is small, and comes back with it as dictionary', () => {
    for (const base of [randomBytes(100_000), randomBytes(3_000_000)]) {
      const content = Buffer.concat([base.subarray(500, -700), Buffer.from('new'), base.subarray(0, 300)]);
      const out = Buffer.alloc(content.length + ZSTD_MARGIN_BYTES);
      const length = zstd.compressDelta(out, content, base);
      expect(length).toBeLessThan(1000);
      expect(zstdDecompressSync(out.subarray(0, length), {dictionary: base}).equals(content)).toBe(true);
    }
    const [, text] = CONTENTS[1] as (typeof CONTENTS)[number];
    const out = Buffer.alloc(text.length + ZSTD_MARGIN_BYTES);
    expect(zstdDecompressSync(out.subarray(0, zstd.compress(out, text))).equals(text)).toBe(true);
  });

  test('it reads from shared memory', () => {
    const shared = Buffer.from(new SharedArrayBuffer(100_000)).fill('shared');
    const out = Buffer.alloc(200_000);
    const length = zstd.compress(out, shared);
    expect(zstdDecompressSync(out.subarray(0, length)).equals(shared)).toBe(true);
  });

  test('one frame leaves no trace in the next', () => {
    const out = Buffer.alloc(3_000_000);
    const [, text] = CONTENTS[1] as (typeof CONTENTS)[number];
    const first = Buffer.from(out.subarray(0, zstd.compress(out, text)));
    zstd.compress(out, randomBytes(1_000_000));
    expect(Buffer.from(out.subarray(0, zstd.compress(out, text))).equals(first)).toBe(true);
  });

  test('what does not fit is refused, and nothing is written behind it', () => {
    const noise = randomBytes(100_000);
    const room = Buffer.alloc(60_000);
    expect(() => zstd.compress(room.subarray(0, 50_000), noise)).toThrow(RangeError);
    expect(() => zstd.decompress(room.subarray(0, 50_000), zstdCompressSync(noise))).toThrow(RangeError);
    expect(room.subarray(50_000).every((byte) => byte === 0)).toBe(true);
  });

  test('damage is refused, and the next frame is right again', () => {
    const frame = zstdCompressSync(Buffer.from('holdfast '.repeat(1000)));
    const back = Buffer.alloc(9000);
    for (const bad of [Buffer.alloc(0), Buffer.from('no frame'), frame.subarray(0, -3), Buffer.alloc(50)]) {
      const result = (() => {
        try {
          return zstd.decompress(back, bad);
        } catch (error) {
          return error;
        }
      })();
      if (typeof result === 'number')
        expect(result).toBe(0); // Nothing in, nothing out.
      else expect(result).toBeInstanceOf(RangeError);
    }
    expect(zstd.decompress(back, frame)).toBe(9000);
  });
});

test('an HMAC is that of Node, for every length around its blocks, and for two keys at once', () => {
  const [one, two] = [randomBytes(32), randomBytes(32)];
  const [macOne, macTwo] = [newMac(one), newMac(two)];
  for (const length of [0, 1, 55, 56, 63, 64, 65, 1000, 1_000_000]) {
    const content = randomBytes(length);
    expect(macOne(content)).toEqual(createHmac('sha256', one).update(content).digest());
    expect(macTwo(content)).toEqual(createHmac('sha256', two).update(content).digest());
    expect(nodeMac(one)(content)).toEqual(macOne(content));
  }
  const kept = macOne(Buffer.from('kept'));
  macOne(Buffer.from('another'));
  expect(kept).toEqual(createHmac('sha256', one).update('kept').digest());
});
