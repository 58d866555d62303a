import {PassThrough} from 'node:stream';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {formatBytes, formatDuration, renderTable} from '../../src/cli/output.ts';
import {createRedactor, redact} from '../../src/cli/redact.ts';
import {confirm, displayMessage, displayName, jsonName, shorten, textWidth} from '../../src/cli/terminal.ts';
import {UsageError} from '../../src/errors.ts';

test.each([
  ['plain name.txt', 'plain name.txt'],
  ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
  ['\u001b[31mred\u0007', '\\x1b[31mred\\x07'],
  ['evil\u202egpj.exe', 'evil\\u202egpj.exe'],
  ['a\u2028b\u200b\u0085\u{e0041}', 'a\\u2028b\\u200b\\u0085\\u{e0041}'],
  ['back\\slash', 'back\\\\slash'],
  ['größe 日本 🎉', 'größe 日本 🎉'],
  ['\ud800', '\\ud800'],
])('the name %j is shown as %s', (name, shown) => {
  expect(displayName(name)).toBe(shown);
  if (!name.includes('\ud800')) expect(displayName(Buffer.from(name))).toBe(shown);
});

test('bytes that are no UTF-8 are escaped one by one, those around them are not', () => {
  const name = Buffer.from([0x61, 0xff, 0xc3, 0xa4, 0xc3, 0x0a, 0xed, 0xa0, 0x80, 0xef, 0xbf, 0xbd]);
  expect(displayName(name)).toBe('a\\xffä\\xc3\\n\\xed\\xa0\\x80\ufffd');
  expect(jsonName(name)).toBe('a\udcffä\udcc3\n\udced\udca0\udc80\ufffd');
  expect(JSON.stringify(jsonName(name))).toContain('\\udcff');
});

test('different names look different, and none reaches the terminal raw', () => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 8}), fc.uint8Array({maxLength: 8}), (a, b) => {
      expect(displayName(a)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      const same = Buffer.compare(a, b) === 0;
      expect(displayName(a) === displayName(b)).toBe(same);
      expect(jsonName(a) === jsonName(b)).toBe(same);
    }),
    {numRuns: 2000},
  );
});

test('a line break in a message cannot pose as a message of ours', () => {
  expect(displayMessage('a\nError: b\u001b[2J')).toBe('a\n  Error: b\\x1b[2J');
});

test('widths count columns, and shortening keeps the end', () => {
  expect(textWidth('日本🎉e\u0301')).toBe(7);
  expect(textWidth('\u001b[31mred\u001b[0m')).toBe(3);
  expect(shorten('/srv/app/very/long/path/file.txt', 16)).toBe('/srv/…h/file.txt');
  fc.assert(
    fc.property(fc.string({unit: 'grapheme'}), fc.nat({max: 30}), (text, width) => {
      expect(textWidth(shorten(text, width))).toBeLessThanOrEqual(width);
    }),
  );
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [2 ** 20 - 1, '1 MiB'],
  [16 * 2 ** 20, '16 MiB'],
  [99.96 * 2 ** 30, '100 GiB'],
  [5.25 * 2 ** 40, '5.3 TiB'],
])('%d bytes are %s', (bytes, shown) => expect(formatBytes(bytes)).toBe(shown));

test.each([
  [0, '0 s'],
  [420, '0.4 s'],
  [9960, '10 s'],
  [59_600, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [3_599_900, '1 h'],
  [97 * 3_600_000, '4 d 1 h'],
])('%d ms are %s', (ms, shown) => expect(formatDuration(ms)).toBe(shown));

test('a table is aligned, and shortens flexible columns only where there is too little room', () => {
  const columns = [{title: 'ID'}, {title: 'Path', flexible: true}, {title: 'Size', align: 'right'}] as const;
  const rows = [
    ['a1', '/srv/日本/very/long/path', '1 B'],
    ['b22', '/x', '100 KiB'],
  ];
  expect(renderTable(columns, rows)).toBe(
    'ID   Path                         Size\na1   /srv/日本/very/long/path      1 B\nb22  /x                        100 KiB',
  );
  const narrow = renderTable(columns, rows, 28).split('\n');
  for (const line of narrow) expect(textWidth(line)).toBeLessThanOrEqual(28);
  expect(narrow[1]).toContain('…');
  expect(renderTable(columns, [])).toBe('ID  Path  Size');
});

test('secrets are taken out of messages', () => {
  for (const text of [
    'GET https://me:canary@host:8080/x failed',
    'open s3://AKID:can/ary@bucket/x',
    'https://canary@host/',
    'https://b.example/x?X-Amz-Signature=canary&a=1',
    'https://b.example/x?a=1&X-Amz-Security-Token=canary',
    '{"Authorization": "AWS4-HMAC-SHA256 Credential=canary"}',
    'X-Auth-Token: canary',
    '-----BEGIN PGP PRIVATE KEY BLOCK-----\ncanary\n-----END PGP PRIVATE KEY BLOCK-----',
  ]) {
    expect(redact(text)).not.toMatch(/canary|can\/ary/);
    expect(redact(text)).toContain('[redacted]');
  }
  for (const text of [
    'https://host:8080/x@y',
    'file:///srv/b',
    'me@example.org',
    'see holdfast --help',
    '/a?b',
  ]) {
    expect(redact(text)).toBe(text);
  }
  const redactor = createRedactor({
    HOLDFAST_PASSPHRASE: 'canary one',
    AWS_SECRET_ACCESS_KEY: 'canary-2',
    ST_KEY: 'canary3',
    PGPASSWORD: 'canary4',
    HOLDFAST_KEY: '/keys/ops.private.asc',
    HOLDFAST_PASSPHRASE_FILE: '/keys/pass',
    API_TOKEN: '',
  });
  expect(redactor('canary one canary-2 canary3 canary4')).not.toContain('canary');
  expect(redactor('/keys/ops.private.asc /keys/pass')).toBe('/keys/ops.private.asc /keys/pass');
});

test('off a terminal a confirmation needs --yes', async () => {
  const input = new PassThrough() as unknown as NodeJS.ReadStream;
  const output = new PassThrough() as unknown as NodeJS.WriteStream;
  await expect(confirm('Delete?', {yes: false, input, output})).rejects.toThrow(UsageError);
  expect(await confirm('Delete?', {yes: true, input, output})).toBe(true);
});

test('only a plain yes confirms', async () => {
  for (const [answer, expected] of [
    ['y\n', true],
    ['YES\n', true],
    ['\n', false],
    ['yesterday\n', false],
    ['', false],
  ] as const) {
    const input = Object.assign(new PassThrough(), {isTTY: true}) as unknown as NodeJS.ReadStream;
    const output = Object.assign(new PassThrough(), {isTTY: true}) as unknown as NodeJS.WriteStream;
    const asked = confirm('Delete?', {yes: false, input, output});
    (input as unknown as PassThrough).end(answer);
    expect(await asked, JSON.stringify(answer)).toBe(expected);
  }
});
