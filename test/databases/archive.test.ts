/** The check of pg_dump's archives (TESTING.md G4). The fixture was made by pg_dump 15 of a table, a sequence and two large objects. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {ArchiveError, ArchiveReader} from '../../src/sources/postgres/archive.ts';

const whole = readFileSync(join(import.meta.dirname, '../fixtures/postgres/small.dump'));

function read(archive: Buffer, piece: number): ReturnType<ArchiveReader['end']> {
  const reader = new ArchiveReader();
  for (let at = 0; at < archive.length; at += piece) reader.push(archive.subarray(at, at + piece));
  return reader.end();
}

test('an archive is whole, in pieces of any size', () => {
  for (const piece of [1, 7, 4096, whole.length]) {
    const {database, entries} = read(whole, piece);
    expect(database).toBe('small');
    expect(
      entries.filter(({hasData}) => hasData).map(({kind, schema, name}) => [kind, schema, name]),
    ).toEqual([
      ['TABLE DATA', 'public', 'a'],
      ['BLOBS', null, 'BLOBS'],
    ]);
  }
});

test('an archive that is cut anywhere, or goes on, is not whole', () => {
  for (let length = 0; length < whole.length; length++)
    expect(() => read(whole.subarray(0, length), 4096), `${length} bytes`).toThrow(ArchiveError);
  expect(() => read(Buffer.concat([whole, Buffer.from('x')]), 4096)).toThrow(ArchiveError);
});

test('something else is no archive', () => {
  for (const text of ['', '-- PostgreSQL database dump', 'PGDMP\x01\x63\x00\x04\x08\x01'])
    expect(() => read(Buffer.from(text, 'latin1'), 4096)).toThrow(ArchiveError);
});
