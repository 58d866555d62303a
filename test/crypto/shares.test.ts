import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {fromBase32, toBase32} from '../../src/crypto/base32.ts';
import {
  combineShares,
  newSharedPassphrase,
  readShare,
  type Share,
  splitPassphrase,
} from '../../src/crypto/shares.ts';
import {failure} from '../support/keys.ts';

const KEY = 'ab'.repeat(32);
const passphrase = newSharedPassphrase();

async function shares(key = KEY, total = 5, threshold = 3): Promise<string[]> {
  return splitPassphrase(passphrase, {key, total, threshold});
}
const read = (texts: readonly string[]): Share[] =>
  texts.map((text, at) => readShare(text, `file ${at + 1}`));

describe('E11: shares of a key', () => {
  test('any three of five give the passphrase, two never do', async () => {
    const all = read(await shares());
    for (let a = 0; a < 5; a++)
      for (let b = a + 1; b < 5; b++) {
        const two = [all[a], all[b]] as Share[];
        expect(await failure(combineShares(two, KEY))).toMatchObject({
          message: 'It takes 3 different shares to open this key; there are 2.',
          hint: 'Give 1 more with --share FILE.',
        });
        for (let c = b + 1; c < 5; c++)
          expect((await combineShares([...two, all[c] as Share], KEY)).reveal()).toBe(passphrase.reveal());
      }
    expect((await combineShares(all, KEY)).reveal()).toBe(passphrase.reveal());
  });

  test('each says whose it is, which, and how many it takes; on lines of at most 80 characters', async () => {
    const texts = await shares();
    expect(read(texts).map(({index, total, threshold, key}) => [index, total, threshold, key])).toEqual(
      [1, 2, 3, 4, 5].map((index) => [index, 5, 3, KEY]),
    );
    for (const line of texts.join('').split('\n')) expect(line.length).toBeLessThanOrEqual(88);
    expect(new Set(texts.map((text) => /secret .*/.exec(text)?.[0])).size).toBe(5);
  });

  test('typed in from paper: case, blanks, hyphens, and letters that look like digits do not matter', async () => {
    const [text = ''] = await shares();
    const typed = text
      .toLowerCase()
      .replaceAll('\n', '\r\n')
      .replace(/secret .*/, (line) => line.replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l'));
    expect(readShare(typed, 'typed')).toEqual(readShare(text, 'typed'));
  });

  test('every changed character is noticed', async () => {
    const [text = ''] = await shares();
    const lines = text.split('\n').slice(2, 7);
    for (const line of lines) {
      const at = text.indexOf(line);
      for (let i = at + 11; i < at + line.length; i++) {
        const was = text[i] as string;
        if (!/[0-9A-Za-z]/.test(was)) continue;
        const bad = text.slice(0, i) + (was === '7' ? '8' : '7') + text.slice(i + 1);
        expect(() => readShare(bad, 'paper'), line).toThrow(
          'The share paper is damaged or mistyped: its checksum does not match.',
        );
      }
    }
  });

  test('a share of another key, twice the same, of another splitting: each has its own words', async () => {
    const all = read(await shares());
    const [first, second, third] = all as [Share, Share, Share];
    const [foreign] = read(await shares('cd'.repeat(32))) as [Share];
    expect((await failure(combineShares([first, second, foreign], KEY))).message).toBe(
      `The share file 1 belongs to another key, ${'cd'.repeat(32)}, not to ${KEY}.`,
    );
    expect((await failure(combineShares([first, second, first], KEY))).message).toBe(
      'It takes 3 different shares to open this key; there are 2.',
    );
    const twice = {...first, label: 'copy'};
    expect((await failure(combineShares([first, second, twice], KEY))).message).toContain(
      'share 1 was given twice',
    );
    const [other] = read(await shares(KEY, 5, 2)) as [Share];
    expect((await failure(combineShares([third, second, other], KEY))).message).toContain('split twice');
  });

  test('what is no share is refused in words', () => {
    expect(() => readShare('-----BEGIN PGP PRIVATE KEY BLOCK-----', 'x')).toThrow('x is not a share');
    expect(() => readShare('Holdfast key share, version 12\n', 'x')).toThrow('x is not a share');
    expect(() => readShare('Holdfast key share, version 1\n', 'x')).toThrow('damaged or mistyped');
  });
});

test('base32 keeps every byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 50}), (bytes) => {
      expect(fromBase32(toBase32(bytes))).toEqual(bytes);
    }),
  );
  expect(fromBase32('U')).toBeUndefined();
  expect(fromBase32('01')).toBeUndefined(); // Bits that no encoder sets.
});
