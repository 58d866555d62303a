/** SQLite, with a writer of another process at work (TESTING.md G11). */
import {spawn} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {SqliteSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {SourceError} from '../../src/errors.ts';
import {openSealedGeneration, readSealedSnapshot} from '../../src/repository/open-snapshot.ts';
import {selectSnapshot} from '../../src/repository/snapshots.ts';
import {readSqliteWitness, type SqliteWitness} from '../../src/sources/sqlite/witness.ts';
import {Machine} from '../support/machine.ts';

let machine: Machine;
let restores = 0;

beforeEach(async () => {
  machine = await Machine.create();
});
afterEach(() => machine[Symbol.asyncDispose]());

const file = (): string => join(machine.folder, 'notes.db');

function source(overrides: Partial<SqliteSourceConfig> = {}): SqliteSourceConfig {
  return {
    ...stdinSource('notes', 'unused', Number.POSITIVE_INFINITY),
    kind: 'sqlite',
    file: file(),
    copyIn: undefined,
    witness: {rows: 'all', timeoutMs: 60_000},
    ...overrides,
  };
}

function fill(rows: number): void {
  const database = new Database(file());
  database.pragma('journal_mode = WAL');
  database.exec(`CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT, data BLOB, number REAL);
    CREATE TABLE total (sum INTEGER); INSERT INTO total VALUES (0); CREATE INDEX by_text ON note (text);`);
  const add = database.prepare('INSERT INTO note (text, data, number) VALUES (?, ?, ?)');
  database.transaction(() => {
    for (let i = 0; i < rows; i++)
      add.run(`note ${i} ${'ä'.repeat(i % 50)}`, Buffer.alloc(i % 100, i), i / 7);
  })();
  database.close();
}

async function restored(id: string | null): Promise<string> {
  const to = join(machine.folder, `restored-${++restores}`);
  expect(await machine.restore(String(id), to)).toMatchObject({warnings: [], damaged: []});
  return join(to, 'notes.db');
}

async function witness(id: string | null): Promise<SqliteWitness> {
  const {history, agents, repository} = await machine.elsewhere();
  const seal = selectSnapshot(history, String(id));
  const [found] = history.sources;
  if (found === undefined) throw new Error('no history');
  const {reader} = await openSealedGeneration(repository, agents, found, seal, machine.privateKey);
  return (await readSealedSnapshot(repository, agents, seal, reader)).witness as unknown as SqliteWitness;
}

test.each(['in memory', 'in a folder'])(
  'a WAL database comes back as one state, copied %s, with a writer at work',
  async (where) => {
    fill(20_000);
    const copies = join(machine.folder, 'copies');
    mkdirSync(copies);
    // In every state the sum is the number of the notes that the writer added.
    const script = `const database = new (require('better-sqlite3'))(process.argv[1], {timeout: 60000});
    const round = database.transaction(() => { database.exec("INSERT INTO note (text) VALUES ('new'); UPDATE total SET sum = sum + 1"); });
    for (;;) { round(); console.log('x'); }`;
    const writer = spawn(process.execPath, ['-e', script, file()], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: import.meta.dirname,
    });
    let rounds = 0;
    writer.stdout.on('data', () => rounds++);
    try {
      await expect.poll(() => rounds, {timeout: 30_000}).toBeGreaterThan(3);
      const done = await machine.backupDump(source(where === 'in memory' ? {} : {copyIn: copies}));
      expect(readdirSync(copies)).toEqual([]);
      using copy = new Disposable(await restored(done.id));
      const [sum, added] = copy.database
        .prepare("SELECT (SELECT sum FROM total), (SELECT count(*) FROM note WHERE text = 'new')")
        .raw()
        .get() as [number, number];
      expect(sum).toBe(added);
      expect(sum).toBeGreaterThan(0);
      expect(copy.database.pragma('integrity_check', {simple: true})).toBe('ok');
      const known = await witness(done.id);
      expect(known.tables).toEqual([
        ['note', 20_000 + added, expect.any(String)],
        ['total', 1, expect.any(String)],
      ]);
      const {kind: _kind, file: _file, ...facts} = known as SqliteWitness & {kind: string; file: string};
      expect(readSqliteWitness(copy.database, {rows: 'all', timeoutMs: 60_000}, () => 0)).toEqual(facts);
      copy.database.exec('DELETE FROM note WHERE id = 7');
      expect(readSqliteWitness(copy.database, {rows: 'all', timeoutMs: 60_000}, () => 0)).not.toEqual(facts);
    } finally {
      writer.kill('SIGKILL');
    }
  },
);

class Disposable {
  readonly database: Database.Database;

  constructor(path: string) {
    this.database = new Database(path);
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}

test('of a database in which some pages changed, little is stored again', async () => {
  fill(30_000);
  const first = await machine.backupDump(source());
  expect(first.bytes.source).toBeGreaterThan(4_000_000);
  const database = new Database(file());
  database.exec('UPDATE note SET number = -1 WHERE id IN (1, 10000, 20000)');
  database.close();
  const second = await machine.backupDump(source());
  expect(second).toMatchObject({kind: 'incremental', entries: {changed: 1}});
  expect(second.bytes.new).toBeLessThan(100_000);
});

test('what is missing, no database, or damaged makes no snapshot', async () => {
  const failure = async (): Promise<string> => {
    const error = await machine.backupDump(source()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SourceError);
    expect((await machine.history()).sources.flatMap(({seals}) => seals)).toEqual([]);
    return (error as Error).message;
  };
  expect(await failure()).toContain('is not there');
  writeFileSync(file(), 'This is some text, and not a database at all.'.repeat(100));
  expect(await failure()).toMatch(/cannot be copied|not a database/);
  writeFileSync(file(), '');
  fill(5000);
  truncateSync(file(), readFileSync(file()).length - 8192);
  expect(await failure()).toMatch(/damaged|malformed|cannot be copied/);
});
