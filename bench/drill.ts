/**
 * What a drill costs beside the restore in it (issue 6, must hold 4): the comparison of a million rows with their witness, and restores
 * alone beside those of drills, in turns.
 *   test/servers/postgres.sh start /dev/shm/pg; test/servers/mariadb.sh start /dev/shm/ma
 *   node bench/drill.ts /dev/shm/pg/facts /dev/shm/ma/facts [--rows 1000000] [--rounds 3] [--folder DIR]
 * `--folder DIR` says where the files go: others must be able to pass through it. Needs the built program (npm run build).
 */
import {execFileSync, spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import BetterSqlite from 'better-sqlite3';
import {readSqliteWitness} from '../src/sources/sqlite/witness.ts';
import {median} from './lib/measure.ts';

const LAUNCHER = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const {values, positionals} = parseArgs({
  options: {
    folder: {type: 'string', default: tmpdir()},
    rows: {type: 'string', default: '1000000'},
    rounds: {type: 'string', default: '3'},
  },
  allowPositionals: true,
});
const [postgres, mariadb] = positionals.map((path) =>
  Object.fromEntries(
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  ),
) as Record<string, string>[];
if (postgres === undefined || mariadb === undefined)
  throw new Error('node bench/drill.ts POSTGRES_FACTS MARIADB_FACTS [--rows N] [--rounds N] [--folder DIR]');
const rows = Number(values.rows);
const rounds = Number(values.rounds);
const scratch = mkdtempSync(join(values.folder, 'holdfast-drill-bench-'));
const env = {...process.env, ...postgres, ...mariadb, XDG_STATE_HOME: join(scratch, 'state')};

interface Drill {
  readonly seconds: Readonly<Record<string, number>>;
  readonly checks: readonly {readonly name: string; readonly ok: boolean}[];
}

function holdfast<T>(...args: string[]): T {
  const {stdout, stderr, status} = spawnSync(process.execPath, [LAUNCHER, ...args, '--json', '--quiet'], {
    cwd: scratch,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`holdfast ${args.join(' ')} ended with ${status}:\n${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
}

function program(file: string, args: readonly string[], input: string): void {
  const password = {MYSQL_PWD: mariadb?.['MYSQL_PASSWORD']};
  execFileSync(file, args, {env: {...env, ...password}, input, stdio: ['pipe', 'ignore', 'inherit']});
}

const psql = (database: string, sql: string): void =>
  program('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-d', database], sql);
const mysql = (sql: string): void => {
  const {MYSQL_HOST = '', MYSQL_PORT = '', MYSQL_USER = ''} = mariadb;
  program('mariadb', ['--no-defaults', '-h', MYSQL_HOST, '-P', MYSQL_PORT, '-u', MYSQL_USER], sql);
};

function prepare(): void {
  const folder = join(scratch, 'files');
  mkdirSync(folder);
  for (let file = 0; file < 3000; file++) writeFileSync(join(folder, String(file)), randomBytes(40_000));
  writeFileSync(join(folder, 'large'), randomBytes(200_000_000));
  psql('postgres', 'DROP DATABASE IF EXISTS holdfast_bench');
  psql('postgres', 'CREATE DATABASE holdfast_bench');
  psql(
    'holdfast_bench',
    `CREATE TABLE t AS SELECT i AS id, 'customer ' || i AS name, md5(i::text) AS note, now() AS at, i / 7.0 AS amount FROM generate_series(1, ${rows}) i;
     ALTER TABLE t ADD PRIMARY KEY (id)`,
  );
  mysql(
    `DROP DATABASE IF EXISTS holdfast_bench; CREATE DATABASE holdfast_bench; USE holdfast_bench;
     CREATE TABLE t (id int PRIMARY KEY, name varchar(40), note char(32), at timestamp, amount decimal(12, 4));
     INSERT INTO t SELECT seq, CONCAT('customer ', seq), MD5(seq), now(), seq / 7 FROM seq_1_to_${rows}`,
  );
  const {PGHOST, PGPORT, PGUSER} = postgres as Record<string, string>;
  const {MYSQL_HOST, MYSQL_PORT, MYSQL_USER} = mariadb as Record<string, string>;
  holdfast('keygen', 'ops', '--no-passphrase');
  holdfast('init', 'repository', '--recipient', 'ops.public.asc');
  const config = readFileSync(join(scratch, 'holdfast.yaml'), 'utf8').replace(/^sources:[\s\S]*/m, '');
  writeFileSync(
    join(scratch, 'holdfast.yaml'),
    `${config}
sources:
  files: { folder: files }
  orders: { postgres: { database: holdfast_bench, host: ${PGHOST}, port: ${PGPORT}, user: ${PGUSER}, password: "\${env:PGPASSWORD}" } }
  shop: { mysql: { database: holdfast_bench, host: ${MYSQL_HOST}, port: ${MYSQL_PORT}, user: ${MYSQL_USER}, password: "\${env:MYSQL_PASSWORD}" } }
`,
  );
  holdfast('backup');
}

/** Restores alone beside restores in drills, without the checks: of files. */
function compareRestores(): void {
  const alone: number[] = [];
  const inDrill: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const to = join(scratch, `restored-${round}`);
    const restored = holdfast<{seconds: number}>(
      'restore',
      'latest:files',
      '--to',
      to,
      '--key',
      'ops.private.asc',
    );
    alone.push(restored.seconds);
    rmSync(to, {recursive: true});
    const {drills} = holdfast<{drills: Drill[]}>(
      'drill',
      'run',
      '--source',
      'files',
      '--key',
      'ops.private.asc',
      '--work',
      scratch,
    );
    const {prepare: opening = 0, fetch = 0, decrypt = 0, write = 0} = drills[0]?.seconds ?? {};
    inDrill.push(opening + fetch + decrypt + write);
  }
  console.log(`320 MB of files: restore alone ${show(alone)}, in a drill ${show(inDrill)}`);
}

/** The same query that the drill compares with, by itself. */
function timeWitnesses(): void {
  const time = (name: string, read: () => void): void => {
    const taken: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const started = performance.now();
      read();
      taken.push((performance.now() - started) / 1000);
    }
    console.log(`${name}, the witness of ${rows} rows: ${show(taken)}`);
  };
  time('PostgreSQL', () =>
    psql(
      'holdfast_bench',
      `SELECT count(*), sum(hashtextextended((r.*)::text COLLATE "C", 0)) FROM ONLY public.t AS r`,
    ),
  );
  const database = new BetterSqlite(join(scratch, 'bench.db'));
  database.exec(
    `CREATE TABLE t (id integer PRIMARY KEY, name text, note text, amount real);
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
     INSERT INTO t SELECT i, 'customer ' || i, hex(i * 7919), i / 7.0 FROM n`,
  );
  time('SQLite', () =>
    readSqliteWitness(database, {rows: 'all', timeoutMs: Number.POSITIVE_INFINITY}, () => performance.now()),
  );
  database.close();
}

/** Whole drills of the databases: the phase "load" has the restore and the comparison. */
function drillDatabases(): void {
  for (const source of ['orders', 'shop']) {
    const {drills} = holdfast<{drills: Drill[]}>(
      'drill',
      'run',
      '--source',
      source,
      '--key',
      'ops.private.asc',
      '--work',
      scratch,
    );
    const said = drills[0]?.checks.map(({name, ok}) => `${name} ${ok ? 'ok' : 'FAILED'}`).join(', ');
    console.log(`${source}: ${JSON.stringify(drills[0]?.seconds)}: ${said}`);
  }
}

function show(seconds: readonly number[]): string {
  return `${median(seconds).toFixed(2)} s (${seconds.map((one) => one.toFixed(2)).join(', ')})`;
}

try {
  execFileSync('chmod', ['711', scratch]);
  prepare();
  compareRestores();
  timeWitnesses();
  drillDatabases();
} finally {
  psql('postgres', 'DROP DATABASE IF EXISTS holdfast_bench');
  mysql('DROP DATABASE IF EXISTS holdfast_bench');
  rmSync(scratch, {recursive: true, force: true});
}
