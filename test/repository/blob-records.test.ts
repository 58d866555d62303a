import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, expect, onTestFinished, test, vi} from 'vitest';
import {BlobRecords} from '../../src/repository/blob-records.ts';
import type {BlobId} from '../../src/repository/layout.ts';

const COUNT = 800_000; // More than memory takes.

const id = (number: number): BlobId =>
  Math.imul(number, 0x9e3779b1).toString(16).replace('-', 'f').padStart(64, '7') as BlobId;

function filled(): BlobRecords {
  const records = new BlobRecords();
  for (let number = 0; number < COUNT; number++) records.add(Buffer.from(id(number), 'hex'), number);
  expect(records.count).toBe(COUNT);
  return records;
}

function check(records: BlobRecords): void {
  for (const number of [0, 1, 65_535, 65_536, 524_287, 524_288, 600_000, 655_359, 655_360, COUNT - 1]) {
    expect(records.idOf(number)).toBe(id(number));
    expect(records.lengthOf(number)).toBe(number);
    expect(records.hasId(number, Buffer.from(id(number), 'hex'))).toBe(true);
    expect(records.hasId(number, Buffer.from(id(number + 1), 'hex'))).toBe(false);
  }
  // From memory into the file, within it, and from it into what is being filled.
  for (const first of [458_000, 524_200, 650_000, 786_000]) {
    const {ids, lengths} = records.columns(first, 8000);
    expect([...lengths]).toEqual(Array.from({length: 8000}, (_, at) => first + at));
    expect(Buffer.from(ids).toString('hex')).toBe(
      Array.from({length: 8000}, (_, at) => id(first + at)).join(''),
    );
  }
  let number = 0;
  for (const hash of records.hashes())
    if (number++ % 99_991 === 0) expect(hash).toBe(Buffer.from(id(number - 1), 'hex').readUInt32LE(0));
  expect(number).toBe(COUNT);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

test('many records lie in a file that has no name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-records-'));
  onTestFinished(() => rmSync(folder, {recursive: true}));
  vi.stubEnv('TMPDIR', folder);
  using records = filled();
  const open = readdirSync('/proc/self/fd').length;
  check(records);
  expect(readdirSync(folder)).toEqual([]);
  records[Symbol.dispose]();
  expect(readdirSync('/proc/self/fd')).toHaveLength(open - 1);
});

test('where no temporary file can be made, they stay in memory', () => {
  vi.stubEnv('TMPDIR', '/nowhere');
  using records = filled();
  check(records);
});
