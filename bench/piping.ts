/**
 * A PostgreSQL dump by Holdfast beside `pg_dump | zstd | gpg`, of the same database, in turns. Then the same dump from a file by `cat`, as if the server
 * were another machine.
 *   test/servers/postgres.sh start /dev/shm/pg; node bench/piping.ts /dev/shm/pg/facts [--scale 1] [--rounds 3] [--json FILE]
 * The database is the bench's dump loaded into a table, 2.6 million rows at scale 1. `--folder DIR` says where the files go. Needs the built
 * program (npm run build) and gpg.
 */
import {execFileSync} from 'node:child_process';
import {createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {Table} from './lib/dump.ts';
import {bytesBelow, type Command, measure, median, type Taken} from './lib/measure.ts';
import {runQuietly} from './lib/tool.ts';

const LAUNCHER = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const {values, positionals} = parseArgs({
  options: {
    folder: {type: 'string', default: tmpdir()},
    scale: {type: 'string', default: '1'},
    rounds: {type: 'string', default: '3'},
    json: {type: 'string'},
  },
  allowPositionals: true,
});
const [factsFile] = positionals;
if (factsFile === undefined)
  throw new Error('node bench/piping.ts FACTS [--scale N] [--rounds N] [--folder DIR] [--json FILE]');
const lines = readFileSync(factsFile, 'utf8').trim().split('\n');
const facts = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2))) as Record<
  string,
  string
>;
const {PGHOST = '', PGPORT = '', PGUSER = '', PGPASSWORD = ''} = facts;
const server = {PGHOST, PGPORT, PGUSER, PGPASSWORD};
const DATABASE = 'holdfast_bench';
const scratch = mkdtempSync(join(values.folder, 'holdfast-piping-'));

/** Table of the bench's dump, without what only a later PostgreSQL knows. */
async function load(): Promise<void> {
  const table = new Table(Number(values.scale));
  const file = join(scratch, 'dump.sql');
  table.write(file);
  psql('postgres', `DROP DATABASE IF EXISTS ${DATABASE}`);
  psql('postgres', `CREATE DATABASE ${DATABASE}`);
  const input = await createReadStream(file).toArray();
  execFileSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-d', DATABASE], {
    env: {...process.env, ...server},
    input: Buffer.concat(input as Buffer[]),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  rmSync(file);
}

function psql(database: string, sql: string): void {
  execFileSync('psql', ['-q', '-d', database, '-c', 'SET client_min_messages = warning', '-c', sql], {
    env: {...process.env, ...server},
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

const PG_DUMP = `pg_dump -Fc -Z0 ${DATABASE}`;
const CAT = `cat ${join(scratch, 'dump')}`;

/** The pipe that people write, to a key without passphrase. */
function pipe(dump: string): Command {
  const home = join(scratch, 'gnupg');
  mkdirSync(home, {mode: 0o700, recursive: true});
  const env = {...server, GNUPGHOME: home};
  const gpg = 'gpg --batch --quiet --trust-model always';
  runQuietly({
    argv: [
      'sh',
      '-c',
      `${gpg} --list-keys ops@example.org 2>/dev/null || ${gpg} --passphrase '' --quick-generate-key ops@example.org default default never`,
    ],
    env,
    cwd: scratch,
  });
  const script = `${dump} | zstd -q -3 | ${gpg} --compress-algo none --encrypt --recipient ops@example.org >"$OUT/dump.gpg"`;
  const out = join(scratch, 'pipe');
  mkdirSync(out);
  return {argv: ['bash', '-c', `set -o pipefail; ${script}`], env: {...env, OUT: out}, cwd: out};
}

/** As a user has it: with the witness of all rows, or without any, and with the cache, or without. */
function postgres(rows: string, cache: string): string {
  return `{postgres: {database: ${DATABASE}, host: "${PGHOST}", port: ${PGPORT}, user: ${PGUSER}, password: "\${env:DB_PASSWORD}"}, witness: {rows: ${rows}}, cache: ${cache}}`;
}

function holdfast(name: string, source: string): Command {
  const place = join(scratch, name);
  mkdirSync(place);
  const run = (...args: string[]): Command => ({
    argv: [process.execPath, LAUNCHER, ...args],
    env: {HOME: place, DB_PASSWORD: PGPASSWORD},
    cwd: place,
  });
  runQuietly(run('keygen', 'ops', '--no-passphrase'));
  const config = [
    'repository: repository',
    'recipients: [ops.public.asc]',
    'catalog: catalog.db',
    `sources: {db: ${source}}`,
  ];
  writeFileSync(join(place, 'holdfast.yaml'), `${config.join('\n')}\n`);
  runQuietly(run('init'));
  return run('backup');
}

const WAYS: readonly [name: string, make: () => Command][] = [
  ['pipe', () => pipe(PG_DUMP)],
  ['holdfast', () => holdfast('holdfast', postgres('none', '0B'))],
  ['holdfast-cache', () => holdfast('holdfast-cache', postgres('none', '2GB'))],
  ['holdfast-witness', () => holdfast('holdfast-witness', postgres('all', '2GB'))],
  ['pipe-of-file', () => pipe(CAT)],
  ['holdfast-of-file', () => holdfast('holdfast-of-file', `{command: "${CAT}", cache: 0B}`)],
];
const taken: Record<string, (Taken & {storedBytes: number})[]> = {};
try {
  await load();
  execFileSync('sh', ['-c', `${PG_DUMP} >${join(scratch, 'dump')}`], {env: {...process.env, ...server}});
  for (let round = 0; round < Number(values.rounds); round++) {
    const turn = round % WAYS.length;
    for (const [name, make] of [...WAYS.slice(turn), ...WAYS.slice(0, turn)]) {
      const command = make();
      const result = measure(command, join(scratch, 'log'));
      const stored = name.startsWith('pipe') ? command.cwd : join(command.cwd, 'repository');
      taken[name] = [...(taken[name] ?? []), {...result, storedBytes: bytesBelow(stored)}];
      rmSync(command.cwd, {recursive: true});
    }
  }
  for (const [name, rounds] of Object.entries(taken)) {
    const of = (key: keyof Taken | 'storedBytes'): number => median(rounds.map((one) => one[key]));
    const sizes = `peak ${Math.round(of('peakBytes') / 1e6)} MB, ${(of('storedBytes') / 1e6).toFixed(1)} MB stored`;
    console.log(`${name}: ${of('wallSeconds').toFixed(2)} s, CPU ${of('cpuSeconds').toFixed(2)}, ${sizes}`);
  }
  if (values.json !== undefined)
    writeFileSync(
      values.json,
      `${JSON.stringify({scale: Number(values.scale), date: new Date().toISOString(), rounds: taken}, null, 1)}\n`,
    );
} finally {
  psql('postgres', `DROP DATABASE IF EXISTS ${DATABASE}`);
  rmSync(scratch, {recursive: true, force: true});
}
