/** Database drills on throwaway servers, good and sabotaged (TESTING.md G13, G14; issue 6, must hold 1 and 4). */
import {execFile} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {join} from 'node:path';
import {promisify} from 'node:util';
import BetterSqlite from 'better-sqlite3';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import type {MysqlConnection, MysqlSourceConfig, PostgresConnection} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {withMysql} from '../../src/operations/drill/given-server.ts';
import {compareSqlite} from '../../src/operations/drill/sqlite-stage.ts';
import {startMysql} from '../../src/operations/drill/throwaway-mysql.ts';
import {startPostgres} from '../../src/operations/drill/throwaway-postgres.ts';
import {PostgresAccess} from '../../src/sources/postgres/connection.ts';
import {PostgresSession} from '../../src/sources/postgres/session.ts';
import {readSqliteWitness} from '../../src/sources/sqlite/witness.ts';
import {Secret} from '../../src/system/secret.ts';
import {everything, PostgresScratch} from '../databases/postgres-scratch.ts';
import {serverFacts} from '../support/servers.ts';
import {command, failed, lyingPrograms, passed, sql} from './checks.ts';
import {useDrillRoom} from './room.ts';

const run = promisify(execFile);
const postgres = serverFacts('drills of PostgreSQL', 'postgres');
const mariadb = serverFacts('drills of MariaDB', 'mariadb');

/** Where throwaway servers' programs are. */
const machinePrograms = {folder: undefined, searchPath: process.env['PATH'] ?? ''};

const place = useDrillRoom();
afterEach(() => vi.unstubAllEnvs());

describe.runIf(postgres)('PostgreSQL', {timeout: 300_000}, () => {
  let server: PostgresScratch;
  beforeEach(() => {
    server = new PostgresScratch(postgres ?? {});
  });
  afterEach(() => server[Symbol.asyncDispose]());

  test('comes back in a server that the drill starts: witness, pg_amcheck, assertions', async () => {
    const database = await server.database('all', everything(5000));
    const directory = {jobs: 2, scratch: '/dev/shm'};
    await place.machine.backupDump(server.source(database, {format: 'directory', directory}));
    const drill = passed(
      await place.room.run('db', {
        checks: [
          sql(
            'select count(*) from "order"',
            {kind: 'sameAsWitness', table: 'order'},
            {kind: 'atLeast', value: 5000},
            {kind: 'atMost', value: 5000},
          ),
          sql('select max(joined) from customer; ', {kind: 'maxAge', ms: 3_600_000}),
          sql('select mail from customer where id = 1 -- the first', {
            kind: 'equals',
            value: 'user1@example.org',
          }),
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
      place.machine.folder,
      ['psql', 'pg_dump', 'pg_dumpall', 'pg_restore'],
      'pg_dump',
      'sed s/^alpha$/alphb/',
    );
    const connection = {...server.connection, programs};
    await place.machine.backupDump(server.source(database, {connection, format: 'plain'}));
    expect(failed(await place.room.run('db'))).toContain(
      'The table public.t has other content than the dump, in 2 rows.',
    );
  });

  test('fails where a pack is missing, and where an assertion does not hold', async () => {
    const database = await server.database(
      'two',
      'CREATE TABLE t AS SELECT now() - interval $$2 days$$ AS at FROM generate_series(1, 10)',
    );
    await place.machine.backupDump(server.source(database));
    const said = failed(
      await place.room.run('db', {
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
    await place.room.losePack('db');
    expect(failed(await place.room.run('db'))).toMatch(/restore: it failed[\s\S]*it is missing/);
  });

  test('restores into a server that is given, and drops what it made there, whatever it found', async () => {
    const database = await server.database('given', everything(500));
    await place.machine.backupDump(server.source(database));
    await using home = await place.room.givenPlace();
    vi.stubEnv('PGHOSTADDR', '127.0.0.2').stubEnv('PGSERVICE', 'production'); // Must not lead elsewhere.
    const {connection} = await startPostgres(home, 'given', {versionNumber: 0}, machinePrograms, undefined);
    const into = {kind: 'postgres', connection, database: undefined} as const;
    const count = sql('select count(*) from "order"', {kind: 'sameAsWitness', table: 'order'});
    const drill = passed(await place.room.run('db', {into, checks: [count]}));
    expect(drill.report.checks.map(({name}) => name)).toEqual(['same as witness', 'pg_amcheck', 'sql 1']);
    const databases = async (): Promise<unknown> => {
      using access = new PostgresAccess(connection);
      await using session = await PostgresSession.open(access, 'postgres', undefined);
      return await session.one(
        "SELECT coalesce(json_agg(datname), '[]') FROM pg_database WHERE datname LIKE 'holdfast%'",
      );
    };
    expect(await databases()).toEqual([]);
    await place.room.losePack('db');
    expect(failed(await place.room.run('db', {into}))).toContain('it is missing');
    expect(await databases()).toEqual([]);
  });

  test('never touches the server that was dumped', async () => {
    const database = await server.database('own', 'CREATE TABLE t (a int)');
    await place.machine.backupDump(server.source(database));
    const into = {kind: 'postgres', connection: server.connection, database: undefined} as const;
    expect(failed(await place.room.run('db', {into}))).toContain('is the one that was dumped');
    expect(
      await server.sql('postgres', "SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast_drill%'"),
    ).toBe('0');
  });

  test('says what to install where there is no server', async () => {
    const database = await server.database('none', 'CREATE TABLE t (a int)');
    await place.machine.backupDump(server.source(database));
    const drills = await place.room.run('db', {programs: place.machine.folder});
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
    await place.machine.backupDump(source());
    const drill = passed(
      await place.room.run('db', {
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

  test('restores into a server that is given, and drops what it made there, whatever it found', async () => {
    await place.machine.backupDump(source());
    await using home = await place.room.givenPlace();
    vi.stubEnv('MYSQL_HOST', '127.0.0.2'); // Must not lead elsewhere.
    const given = await startMysql(home, 'given', {version: 'MariaDB'}, machinePrograms, undefined);
    const into = {kind: 'mysql', connection: given.connection, database: undefined} as const;
    const count = sql('select count(*) from t', {kind: 'sameAsWitness', table: 't'});
    const drill = passed(await place.room.run('db', {into, checks: [count]}));
    expect(drill.report.checks.map(({name: check}) => check)).toEqual([
      'same as witness',
      'CHECK TABLE',
      'sql 1',
    ]);
    const databases = (): Promise<unknown> =>
      withMysql(given.connection, undefined, (session) =>
        session.one(
          "SELECT COALESCE(JSON_ARRAYAGG(schema_name), JSON_ARRAY()) FROM information_schema.schemata WHERE schema_name LIKE 'holdfast%'",
        ),
      );
    expect(await databases()).toEqual([]);
    const wrong = {kind: 'postgres', connection: {} as PostgresConnection, database: undefined} as const;
    expect(failed(await place.room.run('db', {into: wrong}))).toContain('of another kind of database');
    await place.room.losePack('db');
    expect(failed(await place.room.run('db', {into}))).toContain('it is missing');
    expect(await databases()).toEqual([]);
  });

  test('fails where one row came back changed, an assertion does not hold, a pack is missing', async () => {
    const programs = await lyingPrograms(
      place.machine.folder,
      ['mariadb', 'mariadb-dump'],
      'mariadb-dump',
      "sed s/value77\\'/value78\\'/",
    );
    await place.machine.backupDump(source({connection: {...connection, programs}}));
    expect(failed(await place.room.run('db'))).toContain(
      'The table t has other content than the dump, in 500 rows.',
    );
    await place.machine.backupDump(source(), {full: true});
    const checks = [
      sql('select count(*) from t', {kind: 'atMost', value: 499}),
      sql('select no from t', {kind: 'equals', value: 1}),
    ];
    const said = failed(await place.room.run('db', {checks}));
    expect(said).toContain('The answer is 500; it must be at most 499.');
    expect(said).toContain("Unknown column 'no'");
    await place.room.losePack('db');
    expect(failed(await place.room.run('db'))).toMatch(/restore: it failed[\s\S]*it is missing/);
    const into = {kind: 'mysql', connection, database: undefined} as const;
    expect(failed(await place.room.run('db', {into}))).toContain('is the one that was dumped');
  });
});

describe('SQLite', () => {
  let file: string;
  beforeEach(async () => {
    file = join(place.machine.folder, 'notes.db');
    using database = withClose(new BetterSqlite(file));
    database.inner.exec(
      "CREATE TABLE t (id integer PRIMARY KEY, a text, at integer DEFAULT (unixepoch())); INSERT INTO t (a) VALUES ('x'), ('y')",
    );
    await place.machine.backupDump({
      ...stdinSource('db', 'unused', Number.POSITIVE_INFINITY),
      kind: 'sqlite',
      file,
      copyIn: undefined,
      witness: {rows: 'all', timeoutMs: 60_000},
    });
  });

  test('comes back: integrity_check, witness, assertions', async () => {
    const drill = passed(
      await place.room.run('db', {
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
      await place.room.run('db', {
        checks: [
          sql('select a from t where id = 1', {kind: 'equals', value: 'z'}),
          sql('selec', {kind: 'atLeast', value: 1}),
        ],
      }),
    );
    expect(said).toContain('The answer is "x"; it must be "z".');
    expect(said).toContain('The query failed');
    await place.room.losePack('db');
    expect(failed(await place.room.run('db'))).toContain('it is missing');
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

function withClose(
  inner: InstanceType<typeof BetterSqlite>,
): Disposable & {inner: InstanceType<typeof BetterSqlite>} {
  return {inner, [Symbol.dispose]: () => void inner.close()};
}
