/** Backups that succeed suspiciously: kept, marked, and never the last good one (TESTING.md G5). */
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {CommandSourceConfig, SqliteSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {openSealedGeneration, readSealedSnapshot} from '../../src/repository/open-snapshot.ts';
import {Machine} from '../support/machine.ts';
import {noise} from '../support/trees.ts';

let machine: Machine;

beforeEach(async () => {
  machine = await Machine.create();
});
afterEach(() => machine[Symbol.asyncDispose]());

const MIB = 2 ** 20;

function command(
  content: string | Buffer,
  overrides: Partial<CommandSourceConfig> = {},
): CommandSourceConfig {
  const path = join(machine.folder, 'content');
  writeFileSync(path, content);
  return {
    ...stdinSource('out', 'out.sql', Number.POSITIVE_INFINITY),
    kind: 'command',
    command: {shell: `cat ${path}`},
    end: undefined,
    ...overrides,
  };
}

/** Text that compresses well, and holds nothing twice. */
function text(bytes: number, seed: string): string {
  let lines = '';
  for (let row = 0; lines.length < bytes; row++)
    lines += `${seed},${row},${(row * 2654435761) % 4294967296},paid,2026-11-20,some words that each row has\n`;
  return lines;
}

function fill(files: number, content: (file: number) => string | Buffer): void {
  for (let file = 0; file < files; file++) writeFileSync(join(machine.source, `file-${file}`), content(file));
}

test('a dump that is halved is kept and marked until it is accepted; what it is compared with stays the good one', async () => {
  const whole = text(3 * MIB, 'a');
  const first = await machine.backupDump(command(whole));
  expect(first.suspect).toEqual([]);
  const half = whole.slice(0, MIB);
  for (const attempt of [1, 2]) {
    const {suspect} = await machine.backupDump(command(half));
    expect(suspect, `attempt ${attempt}`).toEqual([
      {reason: 'halved', detail: `out.sql has ${MIB} bytes; the last good one had ${whole.length}`},
    ]);
  }
  expect((await machine.backupDump(command(half), {dryRun: true})).suspect).toHaveLength(1);
  expect((await machine.backupDump(command(half), {allowEmpty: true})).suspect).toEqual([]);
  expect((await machine.backupDump(command(half))).suspect).toEqual([]);
  const [source] = (await machine.history()).sources;
  expect(source?.seals.map(({suspect}) => suspect)).toEqual([
    undefined,
    ['halved'],
    ['halved'],
    undefined,
    undefined,
  ]);
});

test('the snapshot says why, to whoever has the key; it restores and verifies like any other', async () => {
  await machine.backupDump(command(text(3 * MIB, 'a')));
  const half = text(MIB, 'a');
  const {id} = await machine.backupDump(command(half));
  const {history, agents, repository} = await machine.elsewhere();
  const [source] = history.sources;
  const seal = source?.seals.at(-1);
  if (source === undefined || seal === undefined) throw new Error('no history');
  expect(seal.suspect).toEqual(['halved']);
  expect(seal.payload).not.toContain('out.sql');
  const {reader} = await openSealedGeneration(repository, agents, source, seal, machine.privateKey);
  expect((await readSealedSnapshot(repository, agents, seal, reader)).suspect).toMatchObject([
    {reason: 'halved', detail: expect.stringContaining('out.sql has')},
  ]);
  const to = join(machine.folder, 'restored');
  await machine.restore(String(id), to);
  expect(readFileSync(join(to, 'out.sql'), 'utf8')).toBe(half);
  expect(await machine.verify()).toMatchObject({ok: true, problems: []});
});

test('without the catalog, the sizes in the seals are enough', async () => {
  await machine.backupDump(command(text(3 * MIB, 'a')));
  machine.catalog[Symbol.dispose]();
  rmSync(machine.catalogPath);
  machine.openState();
  expect(await machine.backupDump(command(text(MIB, 'a')))).toMatchObject({suspect: [{reason: 'halved'}]});
});

test('small dumps, and sources that may be empty, come and go', async () => {
  await machine.backupDump(command(text(MIB / 2, 'a')));
  expect(await machine.backupDump(command('little\n'))).toMatchObject({suspect: []});
  await machine.backupDump(command(text(3 * MIB, 'a')));
  expect(await machine.backupDump(command('little\n', {allowEmpty: true}))).toMatchObject({suspect: []});
});

test('a table that had rows is missed; an empty one, and one that is rotated, are not', async () => {
  const path = join(machine.folder, 'notes.db');
  const source: SqliteSourceConfig = {
    ...stdinSource('notes', 'unused', Number.POSITIVE_INFINITY),
    kind: 'sqlite',
    file: path,
    copyIn: undefined,
    witness: {rows: 'all', timeoutMs: 60_000},
  };
  const database = new Database(path);
  database.exec(`CREATE TABLE customer (id); INSERT INTO customer VALUES (1);
    CREATE TABLE log_2026_01 (id); INSERT INTO log_2026_01 VALUES (1); CREATE TABLE unused (id)`);
  await machine.backupDump(source);
  database.exec('DROP TABLE unused; DROP TABLE log_2026_01; CREATE TABLE log_2026_02 (id)');
  expect(await machine.backupDump(source)).toMatchObject({suspect: []});
  database.exec('DROP TABLE customer');
  expect(await machine.backupDump(source)).toMatchObject({
    suspect: [{reason: 'vanished', detail: 'tables that had rows are gone: customer'}],
  });
  database.close();
});

test('a folder that loses most of its files is kept and marked; a few, or a small one, are not', async () => {
  fill(1200, (file) => `content ${file}`);
  await machine.backup();
  for (let file = 0; file < 400; file++) rmSync(join(machine.source, `file-${file}`));
  expect(await machine.backup()).toMatchObject({suspect: []});
  for (let file = 400; file < 1000; file++) rmSync(join(machine.source, `file-${file}`));
  expect(await machine.backup()).toMatchObject({
    entries: {total: 200},
    suspect: [{reason: 'collapsed', detail: expect.stringContaining('200 entries are left of 800')}],
  });
});

test('files rewritten with what looks random are noticed; random files that are added are not', async () => {
  fill(40, (file) => text(MIB / 2, `row ${file}`));
  await machine.backup();
  for (let file = 0; file < 24; file++)
    writeFileSync(join(machine.source, `picture-${file}`), noise(MIB / 2, `picture ${file}`));
  expect(await machine.backup()).toMatchObject({suspect: []});
  for (const name of readdirSync(machine.source)) {
    rmSync(join(machine.source, name));
    writeFileSync(join(machine.source, `${name}.locked`), noise(MIB / 2, `locked ${name}`));
  }
  expect(await machine.backup()).toMatchObject({suspect: [{reason: 'incompressible'}]});
  // A new generation reads everything, and compares with the good ones all the same.
  expect(await machine.backup({full: true})).toMatchObject({
    kind: 'full',
    suspect: [{reason: 'incompressible'}],
  });
});

test('a folder that has held pictures all along may be rewritten', async () => {
  fill(24, (file) => noise(MIB / 2, `picture ${file}`));
  await machine.backup();
  fill(24, (file) => noise(MIB / 2, `other picture ${file}`));
  expect(await machine.backup()).toMatchObject({suspect: []});
  mkdirSync(join(machine.source, 'folder'));
  expect(await machine.backup()).toMatchObject({suspect: []});
});
