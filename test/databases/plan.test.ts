/** `plan` asks database servers how large a dump will be: real ones, as a user asks (issue 7). */
import {execFile} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {promisify} from 'node:util';
import Database from 'better-sqlite3';
import {afterAll, expect, test} from 'vitest';
import {Scratch} from '../cli/scratch.ts';
import {serverFacts} from '../support/servers.ts';
import {PostgresScratch} from './postgres-scratch.ts';

interface Planned {
  readonly sources: readonly {
    readonly source: string;
    readonly bytes: number | null;
    readonly notes: readonly string[];
  }[];
}

const run = promisify(execFile);
const postgres = serverFacts('What plan asks PostgreSQL', 'postgres');
const mariadb = serverFacts('What plan asks MariaDB', 'mariadb');
const redis = serverFacts('What plan asks Redis', 'redis');
const user = new Scratch();
afterAll(() => user[Symbol.dispose]());

/** @returns the size of each source, and what is said of it */
async function planned(
  sources: Readonly<Record<string, object>>,
  env: Record<string, string> = {},
): Promise<Record<string, {bytes: number | null; notes: readonly string[]}>> {
  user.write('holdfast.yaml', JSON.stringify({sources}));
  const {code, json, stdout, stderr} = await user.json<Planned>(
    ['plan', '--config', user.path('holdfast.yaml')],
    {env},
  );
  expect(code, stderr).toBe(0);
  for (const secret of Object.values(env)) expect(stdout + stderr).not.toContain(secret);
  return Object.fromEntries(json.sources.map(({source, bytes, notes}) => [source, {bytes, notes}]));
}

const within = (least: number, most: number) =>
  expect.toSatisfy((bytes: number) => bytes >= least && bytes <= most, `between ${least} and ${most}`);

test.runIf(postgres)('PostgreSQL: one database, all of them, and one that refuses', async () => {
  await using server = new PostgresScratch(postgres ?? {});
  const name = await server.database(
    'plan',
    `CREATE TABLE "odd ""name" (t text);
     INSERT INTO "odd ""name" SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 64000) i GROUP BY i % 1000;
     CREATE INDEX ON "odd ""name" (md5(t)); CREATE MATERIALIZED VIEW seen AS SELECT * FROM "odd ""name"; CREATE TABLE empty ()`,
  );
  const {host, port, user: role} = server.connection;
  const at = {host, port, user: role, password: '${env:PG_SECRET}'};
  const sizes = await planned(
    {
      one: {postgres: {...at, database: name}},
      all: {postgres: {...at, databases: 'all'}},
      gone: {postgres: {...at, database: `${name}_no_more`}},
    },
    {PG_SECRET: postgres?.['PGPASSWORD'] ?? ''},
  );
  // Twice 2 MB of text, in pages; the index is not in a dump.
  expect(sizes['one']).toEqual({bytes: within(4_000_000, 7_000_000), notes: []});
  expect(sizes['all']?.bytes).toBeGreaterThanOrEqual(sizes['one']?.bytes ?? Number.NaN);
  expect(sizes['gone']).toEqual({
    bytes: null,
    notes: [expect.stringMatching(/^its size is unknown: .*no_more/)],
  });
});

test.runIf(mariadb)('MariaDB: one database, all of them, and a wrong password', async () => {
  const {
    MYSQL_HOST: host = '',
    MYSQL_PORT: port = '',
    MYSQL_USER: admin = '',
    MYSQL_PASSWORD: password = '',
  } = mariadb ?? {};
  const name = `t${randomBytes(4).toString('hex')}`;
  const sql = (text: string) =>
    run('mariadb', ['--no-defaults', '-h', host, '-P', port, '-u', admin, '-e', text], {
      env: {PATH: process.env['PATH'], MYSQL_PWD: password},
    });
  await sql(
    `CREATE DATABASE ${name}; USE ${name}; CREATE TABLE ${name}.\`odd \`\`name\` (id int PRIMARY KEY, t text);
     INSERT INTO ${name}.\`odd \`\`name\` SELECT seq, REPEAT(MD5(seq), 100) FROM seq_1_to_1000; ANALYZE TABLE ${name}.\`odd \`\`name\``,
  );
  try {
    const at = {host, port: Number(port), user: admin, password: '${env:MY_SECRET}'};
    const sizes = await planned(
      {
        one: {mysql: {...at, database: name}},
        all: {mysql: {...at, databases: 'all'}},
        refused: {mysql: {...at, database: name, password: '${env:MY_WRONG}'}},
      },
      {MY_SECRET: password, MY_WRONG: 'not-the-password-of-anybody'},
    );
    expect(sizes['one']).toEqual({bytes: within(3_200_000, 8_000_000), notes: []});
    expect(sizes['all']?.bytes).toBeGreaterThanOrEqual(sizes['one']?.bytes ?? Number.NaN);
    expect(sizes['refused']).toEqual({
      bytes: null,
      notes: [expect.stringMatching(/^its size is unknown: .*denied/)],
    });
  } finally {
    await sql(`DROP DATABASE ${name}`);
  }
});

test.runIf(redis)('Redis: what its data take', async () => {
  const {REDIS_PORT: port = '', REDIS_PASSWORD: password = ''} = redis ?? {};
  const sizes = await planned(
    {sessions: {redis: {url: `redis://127.0.0.1:${port}`, password: '${env:REDIS_SECRET}'}}},
    {REDIS_SECRET: password},
  );
  expect(sizes['sessions']).toEqual({bytes: expect.any(Number), notes: []});
});

test('SQLite: the file, and what of it waits in its log; a file that is not there', async () => {
  const path = user.path('notes.db');
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.exec('CREATE TABLE note (data BLOB)');
  const add = database.prepare('INSERT INTO note VALUES (?)');
  for (let i = 0; i < 20; i++) add.run(randomBytes(100_000));
  const sizes = await planned({notes: {sqlite: path}, gone: {sqlite: user.path('gone.db')}});
  database.close();
  expect(sizes['notes']).toEqual({bytes: within(2_000_000, 10_000_000), notes: []});
  expect(sizes['gone']).toEqual({bytes: null, notes: [expect.stringMatching(/^its size is unknown: /)]});
});
