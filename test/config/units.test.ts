import fc from 'fast-check';
import {expect, test} from 'vitest';
import {nearest} from '../../src/config/nearest.ts';
import {parseDuration, parseSize} from '../../src/config/units.ts';
import {ConfigError} from '../../src/errors.ts';

test.each([
  ['90m', 5_400_000],
  ['30d', 2_592_000_000],
  ['1d12h', 129_600_000],
  ['2y', 63_072_000_000],
  ['1w', 604_800_000],
  ['0s', 0],
])('the duration %s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each([
  '',
  '30',
  'd',
  '-1d',
  '1.5h',
  '1h 30m',
  '30m1h',
  '1h1h',
  ' 1h',
  '1h\n',
  '1D',
  '1mo',
  '٣d',
  '999999999999s',
])('%j is not a duration', (text) => expect(() => parseDuration(text)).toThrow(ConfigError));

test.each([
  ['16MiB', 16 * 2 ** 20],
  ['500GB', 500e9],
  ['1.5 GiB', 1.5 * 2 ** 30],
  ['512B', 512],
  ['100kB', 100_000],
  ['100KB', 100_000],
  ['0B', 0],
])('the size %s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

test.each([
  '',
  '16',
  'MiB',
  '-1MB',
  '1.5B',
  '500G',
  '16mib',
  '1e3MB',
  '9999999999PiB',
  '1toString',
  '1 MiB ',
])('%j is not a size', (text) => expect(() => parseSize(text)).toThrow(ConfigError));

test('a refusal names the text and shows how to write it', () => {
  expect(() => parseDuration('30x')).toThrow('`30x` is not a duration');
  expect(() => parseSize('30x')).toThrow(
    expect.objectContaining({message: '`30x` is not a size', hint: expect.stringContaining('16MiB')}),
  );
});

test('every duration and size that can be written is a whole number, anything else a ConfigError', () => {
  const digits = fc.nat({max: 99_999});
  fc.assert(
    fc.property(digits, digits, fc.constantFrom('y', 'w', 'd', 'h', 'm', 's'), (amount, _other, unit) => {
      expect(Number.isSafeInteger(parseDuration(`${amount}${unit}`))).toBe(true);
    }),
  );
  const parsers = [parseDuration, parseSize];
  const text = fc.oneof(fc.string(), fc.string({unit: fc.constantFrom(...'0123456789.smhdwykKMGTPiB -')}));
  fc.assert(
    fc.property(text, fc.constantFrom(...parsers), (text, parse) => {
      try {
        expect(Number.isSafeInteger(parse(text))).toBe(true);
        expect(parse(text)).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
    {numRuns: 2000},
  );
});

test('the nearest name forgives a slip, case and dashes, and no more', () => {
  const keys = ['exclude', 'excludeCaches', 'oneFileSystem', 'before', 'after', 'full'];
  expect(nearest('exlude', keys)).toBe('exclude');
  expect(nearest('one-file-system', keys)).toBe('oneFileSystem');
  expect(nearest('EXCLUDE', keys)).toBe('exclude');
  expect(nearest('fulll', keys)).toBe('full');
  expect(nearest('befroe', keys)).toBe('before');
  expect(nearest('zzz', keys)).toBeUndefined();
  expect(nearest('x', ['y'])).toBeUndefined();
  expect(nearest('x'.repeat(1e6), keys)).toBeUndefined();
});
