/** Database drills on throwaway servers, good and sabotaged (TESTING.md G13, G14; issue 6, must hold 1 and 4). */
import {execFile, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import BetterSqlite from 'better-sqlite3';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {DrillCheckConfig, SqlAssertion} from '../../src/config/drills.ts';
import {type MysqlConnection, type MysqlSourceConfig, stdinSource} from '../../src/config/sources.ts';
import type {DrillRecord} from '../../src/operations/drill/records.ts';
import {sameKeys} from '../../src/operations/drill/redis-stage.ts';
import {freePort} from '../../src/operations/drill/server.ts';
import {compareSqlite} from '../../src/operations/drill/sqlite-stage.ts';
import {readSqliteWitness} from '../../src/sources/sqlite/witness.ts';
import {Secret} from '../../src/system/secret.ts';
import {everything, PostgresScratch} from '../databases/postgres-scratch.ts';
import {Machine} from '../support/machine.ts';
import {serverFacts} from '../support/servers.ts';
import {DrillRoom, failures} from './room.ts';

const run = promisify(execFile);
const postgres = serverFacts('drills of PostgreSQL', 'postgres');
const mariadb = serverFacts('drills of MariaDB', 'mariadb');
const redis = serverFacts('drills of Redis', 'redis');

let machine: Machine;
let room: DrillRoom;

beforeEach(async () => {
  machine = await Machine.create();
  chmodSync(machine.folder, 0o711); // Throwaway servers run as users of their own.
  room = new DrillRoom(machine);
});
afterEach(async () => {
  expect(room.leftBehind).toEqual([]);
  expect(processesIn(room.work)).toEqual([]);
  await machine[Symbol.asyncDispose]();
});

const sql = (text: string, ...assertions: SqlAssertion[]): DrillCheckConfig => ({
  kind: 'sql',
  name: undefined,
  source: undefined,
  database: undefined,
  sql: text,
  assertions,
});
const command = (shell: string): DrillCheckConfig => ({
  kind: 'command',
  name: undefined,
  source: undefined,
  command: {shell},
});

/** The one drill, which must have passed. */
function passed([drill]: readonly DrillRecord[]): DrillRecord {
  if (drill === undefined) throw new Error('there was no drill');
  expect(failures(drill)).toEqual([]);
  expect(drill.report.result).toBe('passed');
  return drill;
}

/** The same of one that must have failed. @returns what it said, of all checks that failed */
function failed([drill]: readonly DrillRecord[]): string {
  if (drill === undefined) throw new Error('there was no drill');
  expect(drill.report.result).toBe('failed');
  return failures(drill)
    .map(({name, detail, more}) => [`${name}: ${detail}`, ...more].join('\n'))
    .join('\n');
}

/** Programs of a database, one of which tells something else than the server said. */
async function lyingPrograms(names: readonly string[], liar: string, filter: string): Promise<string> {
  const folder = join(machine.folder, 'lying');
  mkdirSync(folder);
  for (const name of names) {
    const path = (await run('sh', ['-c', `command -v ${name}`])).stdout.trim();
    const script =
      name === liar
        ? `#!/bin/sh\ncase "$*" in *--version*) exec ${path} "$@";; esac\n${path} "$@" | ${filter}\n`
        : `#!/bin/sh\nexec ${path} "$@"\n`;
    writeFileSync(join(folder, name), script, {mode: 0o755});
  }
  return folder;
}

describe.runIf(postgres)('PostgreSQL', {timeout: 300_000}, () => {
  let server: PostgresScratch;
  beforeEach(() => {
    server = new PostgresScratch(postgres ?? {});
  });
  afterEach(() => server[Symbol.asyncDispose]());

  test('comes back in a server that the drill starts: witness, pg_amcheck, assertions', async () => {
    const database = await server.database('all', everything(5000));
    await machine.backupDump(server.source(database));
    const drill = passed(
      await room.run('db', {
        checks: [
          sql(
            'select count(*) from "order"',
            {kind: 'sameAsWitness', table: 'order'},
            {kind: 'atLeast', value: 5000},
            {kind: 'atMost', value: 5000},
          ),
          sql('select max(joined) from customer', {kind: 'maxAge', ms: 3_600_000}),
          sql('select mail from customer where id = 1', {kind: 'equals', value: 'user1@example.org'}),
          command(
            `test "$(psql -qAt "$HOLDFAST_DRILL_DB_URL/${database}" -c 'select count(*) from customer')" = 1000`,
          ),
        ],
      }),
    );
    expect(drill.report.checks.map(({name}) => name)).toEqual([
      'same as witness',
      'pg_amcheck',
      'sql 1',
      'sql 2',
      'sql 3',
      'command 4',
    ]);
    expect(Object.fromEntries(drill.report.tools)).toHaveProperty('postgres');
    expect(drill.report.times.load).toBeGreaterThan(0);
  });

  test('fails where one row came back changed, and names the table', async () => {
    const database = await server.database(
      'changed',
      "CREATE TABLE t (a text); INSERT INTO t VALUES ('alpha'), ('beta')",
    );
    const programs = await lyingPrograms(
      ['psql', 'pg_dump', 'pg_dumpall', 'pg_restore'],
      'pg_dump',
      'sed s/^alpha$/alphb/',
    );
    const connection = {...server.connection, programs};
    await machine.backupDump(server.source(database, {connection, format: 'plain'}));
    expect(failed(await room.run('db'))).toContain(
      'The table public.t has other content than the dump, in 2 rows.',
    );
  });

  test('fails where a pack is missing, and where an assertion does not hold', async () => {
    const database = await server.database(
      'two',
      'CREATE TABLE t AS SELECT now() - interval $$2 days$$ AS at FROM generate_series(1, 10)',
    );
    await machine.backupDump(server.source(database));
    const said = failed(
      await room.run('db', {
        checks: [
          sql('select count(*) from t', {kind: 'atLeast', value: 11}),
          sql('select max(at) from t', {kind: 'maxAge', ms: 86_400_000}),
          sql('select nothing from t', {kind: 'equals', value: 1}),
        ],
      }),
    );
    expect(said).toContain('The answer is 10; it must be at least 11.');
    expect(said).toContain('it must be a time that is not so old');
    expect(said).toContain('column "nothing" does not exist');
    await room.losePack('db');
    expect(failed(await room.run('db'))).toMatch(/restore: it failed[\s\S]*it is missing/);
  });

  test('never touches the server that was dumped', async () => {
    const database = await server.database('own', 'CREATE TABLE t (a int)');
    await machine.backupDump(server.source(database));
    const into = {kind: 'postgres', connection: server.connection, database: undefined} as const;
    expect(failed(await room.run('db', {into}))).toContain('is the one that was dumped');
    expect(
      await server.sql('postgres', "SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast_drill%'"),
    ).toBe('0');
  });

  test('says what to install where there is no server', async () => {
    const database = await server.database('none', 'CREATE TABLE t (a int)');
    await machine.backupDump(server.source(database));
    const drills = await room.run('db', {programs: machine.folder});
    expect(failed(drills)).toMatch(
      /There is no PostgreSQL server \d+ or newer on this machine\.[\s\S]*Install the package postgresql-\d+/,
    );
  });
});

describe.runIf(mariadb)('MariaDB', {timeout: 300_000}, () => {
  const name = `d${randomBytes(4).toString('hex')}`;
  const connection: MysqlConnection = {
    host: mariadb?.['MYSQL_HOST'],
    port: Number(mariadb?.['MYSQL_PORT']),
    socket: undefined,
    user: mariadb?.['MYSQL_USER'],
    password: new Secret(mariadb?.['MYSQL_PASSWORD'] ?? ''),
    tls: false,
    programs: undefined,
  };
  const source = (overrides: Partial<MysqlSourceConfig> = {}): MysqlSourceConfig => ({
    ...stdinSource('db', 'unused', Number.POSITIVE_INFINITY),
    kind: 'mysql',
    connection,
    databases: [name],
    excludeTables: [],
    users: false,
    witness: {rows: 'all', timeoutMs: 600_000},
    ...overrides,
  });
  async function query(text: string): Promise<string> {
    const args = [
      '--no-defaults',
      '-h',
      String(connection.host),
      '-P',
      String(connection.port),
      '-u',
      String(connection.user),
      '-BN',
      '-e',
      text,
    ];
    return (
      await run('mariadb', args, {env: {PATH: process.env['PATH'], MYSQL_PWD: mariadb?.['MYSQL_PASSWORD']}})
    ).stdout.trim();
  }
  beforeEach(async () => {
    await query(
      `CREATE DATABASE ${name}; USE ${name}; CREATE TABLE t (id int PRIMARY KEY, a varchar(20), at timestamp DEFAULT now());
       INSERT INTO t (id, a) SELECT seq, CONCAT('value', seq) FROM seq_1_to_500`,
    );
  });
  afterEach(() => query(`DROP DATABASE ${name}`));

  test('comes back in a server that the drill starts: witness, CHECK TABLE, assertions', async () => {
    await machine.backupDump(source());
    const drill = passed(
      await room.run('db', {
        checks: [
          sql('select count(*) from t', {kind: 'sameAsWitness', table: 't'}, {kind: 'equals', value: 500}),
          sql('select max(at) from t', {kind: 'maxAge', ms: 3_600_000}),
        ],
      }),
    );
    expect(drill.report.checks.map(({name: check}) => check)).toEqual([
      'same as witness',
      'CHECK TABLE',
      'sql 1',
      'sql 2',
    ]);
    expect(Object.fromEntries(drill.report.tools)['mariadb']).toContain('MariaDB');
  });

  test('fails where one row came back changed, an assertion does not hold, a pack is missing', async () => {
    const programs = await lyingPrograms(
      ['mariadb', 'mariadb-dump'],
      'mariadb-dump',
      "sed s/value77\\'/value78\\'/",
    );
    await machine.backupDump(source({connection: {...connection, programs}}));
    expect(failed(await room.run('db'))).toContain(
      'The table t has other content than the dump, in 500 rows.',
    );
    await machine.backupDump(source(), {full: true});
    const checks = [
      sql('select count(*) from t', {kind: 'atMost', value: 499}),
      sql('select no from t', {kind: 'equals', value: 1}),
    ];
    const said = failed(await room.run('db', {checks}));
    expect(said).toContain('The answer is 500; it must be at most 499.');
    expect(said).toContain("Unknown column 'no'");
    await room.losePack('db');
    expect(failed(await room.run('db'))).toMatch(/restore: it failed[\s\S]*it is missing/);
    const into = {kind: 'mysql', connection, database: undefined} as const;
    expect(failed(await room.run('db', {into}))).toContain('is the one that was dumped');
  });
});

describe('SQLite', () => {
  let file: string;
  beforeEach(async () => {
    file = join(machine.folder, 'notes.db');
    using database = withClose(new BetterSqlite(file));
    database.inner.exec(
      "CREATE TABLE t (id integer PRIMARY KEY, a text, at integer DEFAULT (unixepoch())); INSERT INTO t (a) VALUES ('x'), ('y')",
    );
    await machine.backupDump({
      ...stdinSource('db', 'unused', Number.POSITIVE_INFINITY),
      kind: 'sqlite',
      file,
      copyIn: undefined,
      witness: {rows: 'all', timeoutMs: 60_000},
    });
  });

  test('comes back: integrity_check, witness, assertions', async () => {
    const drill = passed(
      await room.run('db', {
        checks: [
          sql('select count(*) from t', {kind: 'sameAsWitness', table: 't'}),
          sql('select max(at) from t', {kind: 'maxAge', ms: 3_600_000}),
          command('test -s "$HOLDFAST_DRILL_FOLDER/notes.db"'),
        ],
      }),
    );
    expect(drill.report.checks.map(({name}) => name)).toEqual([
      'files as recorded',
      'PRAGMA integrity_check',
      'same as witness',
      'sql 1',
      'sql 2',
      'command 3',
    ]);
  });

  test('fails where an assertion does not hold, and where a pack is missing', async () => {
    const said = failed(
      await room.run('db', {
        checks: [
          sql('select a from t where id = 1', {kind: 'equals', value: 'z'}),
          sql('selec', {kind: 'atLeast', value: 1}),
        ],
      }),
    );
    expect(said).toContain('The answer is "x"; it must be "z".');
    expect(said).toContain('The query failed');
    await room.losePack('db');
    expect(failed(await room.run('db'))).toContain('it is missing');
  });

  test('a changed row, a missing one and another definition differ from the witness', () => {
    const read = () => {
      using database = withClose(new BetterSqlite(file));
      return readSqliteWitness(database.inner, {rows: 'all', timeoutMs: 60_000}, Date.now);
    };
    const before = read();
    const change = (text: string): void => {
      using database = withClose(new BetterSqlite(file));
      database.inner.exec(text);
    };
    expect(compareSqlite(before, read())).toEqual([]);
    change("UPDATE t SET a = 'Y' WHERE id = 2");
    expect(compareSqlite(before, read())).toEqual([
      'The table t has other content than the dump, in 2 rows.',
    ]);
    change('DELETE FROM t WHERE id = 2; CREATE TABLE more (a)');
    expect(compareSqlite(before, read())).toEqual([
      'The table t has 1 rows; the dump has 2.',
      'The definitions are not those of the dump.',
    ]);
    change('DROP TABLE t');
    expect(compareSqlite(before, read())[0]).toBe('The table t is missing.');
  });
});

describe.runIf(redis)('Redis', {timeout: 120_000}, () => {
  test('comes back in a server that the drill starts, and fails where a key or a pack is missing', async () => {
    const data = join(machine.folder, 'redis');
    mkdirSync(data);
    const port = await freePort();
    const server = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', data, '--save', ''],
      {stdio: 'ignore'},
    );
    try {
      const cli = async (...args: string[]): Promise<string> =>
        (await run('redis-cli', ['-p', String(port), ...args])).stdout.trim();
      await expect.poll(() => cli('PING').catch(() => ''), {timeout: 30_000}).toBe('PONG');
      await cli('EVAL', "for i=1,300 do redis.call('set','k'..i,i) end", '0');
      await cli('-n', '3', 'SET', 'other', 'ünï');
      await machine.backupDump({
        ...stdinSource('sessions', 'unused', Number.POSITIVE_INFINITY),
        kind: 'redis',
        url: `redis://127.0.0.1:${port}`,
        password: undefined,
      });
    } finally {
      server.kill('SIGKILL');
    }
    const ask = (words: string): string =>
      `redis-cli -u "$HOLDFAST_DRILL_SESSIONS_URL" --no-auth-warning ${words}`;
    const drill = passed(
      await room.run('sessions', {
        checks: [command(`test "$(${ask('GET k7')})" = 7 && test "$(${ask('-n 3 GET other')})" = ünï`)],
      }),
    );
    expect(drill.report.checks.map(({name, detail}) => `${name}: ${detail}`)).toEqual([
      expect.stringContaining('files as recorded'),
      'redis-check-rdb: 301 keys read',
      'keys as at the dump: 301 keys in 2 databases',
      'command 1: exit code 0',
    ]);
    expect(
      failed(await room.run('sessions', {checks: [command(`test "$(${ask('GET k999')})" = 999`)]})),
    ).toContain('command 1: exit code 1');
    await room.losePack('sessions');
    expect(failed(await room.run('sessions'))).toContain('it is missing');
  });

  test('keys that are gone are told, those that came and went are not', () => {
    const witness = {
      version: '7',
      keysBefore: [
        [0, 100],
        [1, 2],
      ] as const,
    };
    expect(
      sameKeys(
        witness,
        new Map([
          [0, 95],
          [1, 1],
        ]),
      ),
    ).toMatchObject({ok: true});
    expect(
      sameKeys(
        witness,
        new Map([
          [0, 80],
          [1, 2],
        ]),
      ),
    ).toMatchObject({
      ok: false,
      more: ['Database 0 has 80 keys; at the dump it had about 100.'],
    });
    expect(sameKeys(witness, new Map([[0, 100]]))).toMatchObject({ok: false});
  });
});

function withClose(
  inner: InstanceType<typeof BetterSqlite>,
): Disposable & {inner: InstanceType<typeof BetterSqlite>} {
  return {inner, [Symbol.dispose]: () => void inner.close()};
}

function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // It has ended.
      }
    })
    .filter((words) => words.includes(folder));
}
