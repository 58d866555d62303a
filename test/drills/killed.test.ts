/** A drill that is killed: what it leaves, and who removes it (TESTING.md A20, A17, INV6; issue 6, must hold 2). */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {PostgresScratch} from '../databases/postgres-scratch.ts';
import {type CliRun, jsonOf, runCli, startCli} from '../support/cli.ts';
import {serverFacts} from '../support/servers.ts';
import {processesIn} from './room.ts';

const facts = serverFacts('PostgreSQL drills that are killed', 'postgres');

let place: {readonly folder: string};
let work: string;

beforeEach(async () => {
  place = {folder: mkdtempSync(join(tmpdir(), 'holdfast-drills-'))};
  chmodSync(place.folder, 0o711); // Throwaway servers run as users of their own.
  work = join(place.folder, 'work');
  mkdirSync(join(place.folder, 'source'));
  mkdirSync(work);
  writeFileSync(join(place.folder, 'source', 'secret.txt'), 'the only copy');
  await jsonOf(place, 'keygen', 'ops', '--no-passphrase');
  await jsonOf(place, 'init', 'repository', '--recipient', 'ops.public.asc');
});
afterEach(() => rmSync(place.folder, {recursive: true, force: true}));

function configure(text: string): void {
  const config = join(place.folder, 'holdfast.yaml');
  writeFileSync(config, `${readFileSync(config, 'utf8').replace(/^sources:[\s\S]*/m, '')}\n${text}`);
}

/** Runs a drill until its last check waits, and kills it there. */
async function killDrill(signal: NodeJS.Signals): Promise<CliRun> {
  const {child, ended} = startCli(place, ['drill', 'run', 'd', '--work', work]);
  const deadline = Date.now() + 120_000;
  while (!existsSync(join(place.folder, 'waiting'))) {
    if (Date.now() > deadline || child.exitCode !== null)
      throw new Error(`the drill never came to its check: ${(await ended).stderr}`);
    await delay(50);
  }
  child.kill(signal);
  return ended;
}

const waiting = (): string =>
  `checks: [ { command: { shell: "touch ${place.folder}/waiting; exec tail -f ${work}/../holdfast.yaml" } } ]`;

test('SIGKILL leaves the restored data and the program of a check, which "drill clean" removes without the storage', async () => {
  configure(
    `sources: { files: { folder: source } }\ndrills: { d: { source: files, key: ops.private.asc, ${waiting()} } }\n`,
  );
  await jsonOf(place, 'backup');
  const {signal} = await killDrill('SIGKILL');
  expect(signal).toBe('SIGKILL');
  expect(readdirSync(work)).toHaveLength(1);
  expect(processesIn(work)).toHaveLength(1);

  // The storage is away meanwhile: what was restored does not wait for it.
  const repository = join(place.folder, 'repository');
  renameSync(repository, `${repository}.away`);
  const away = await runCli(place, 'drill', 'clean', '--json');
  expect(away.code).toBe(3);
  expect(away.stderr).toMatch(
    /^Warning: Not in the repository yet, but on this machine alone: the report of/m,
  );
  const {aborted, waiting: kept} = JSON.parse(away.stdout) as {aborted: {id: string}[]; waiting: string[]};
  expect(aborted).toMatchObject([{sources: ['files']}]);
  expect(kept).toEqual([aborted[0]?.id]);
  expect(readdirSync(work)).toEqual([]);
  expect(processesIn(work)).toEqual([]);

  renameSync(`${repository}.away`, repository);
  expect(await jsonOf(place, 'drill', 'clean')).toEqual({aborted: [], stored: kept, waiting: []});
  const {reports} = await jsonOf<{reports: {id: string; result: string}[]}>(place, 'drill', 'list');
  expect(reports).toMatchObject([{id: aborted[0]?.id, result: 'aborted'}]);
  expect(await jsonOf(place, 'drill', 'clean')).toEqual({aborted: [], stored: [], waiting: []});
});

test('Ctrl-C removes everything at once, and records the drill as aborted', async () => {
  configure(
    `sources: { files: { folder: source } }\ndrills: { d: { source: files, key: ops.private.asc, ${waiting()} } }\n`,
  );
  await jsonOf(place, 'backup');
  const {code} = await killDrill('SIGINT');
  expect(code).toBe(130);
  expect(readdirSync(work)).toEqual([]);
  expect(processesIn(work)).toEqual([]);
  const {reports} = await jsonOf<{reports: {result: string}[]}>(place, 'drill', 'list');
  expect(reports).toMatchObject([{result: 'aborted'}]);
});

describe.runIf(facts)('with a throwaway PostgreSQL server', () => {
  test('the next drill ends the server, removes its folder, and records the killed one as aborted', async () => {
    await using server = new PostgresScratch(facts ?? {});
    const database = await server.database('killed', 'CREATE TABLE t AS SELECT 1 AS a');
    const {host, port, user, password} = server.connection;
    configure(`sources: { db: { postgres: { database: ${database}, host: ${host}, port: ${port}, user: ${user}, password: "${password?.reveal()}" } } }
drills: { d: { source: db, key: ops.private.asc, ${waiting()} } }\n`);
    await jsonOf(place, 'backup');
    await killDrill('SIGKILL');
    expect(processesIn(work).join('\n')).toContain('postgres');

    const next = await runCli(
      place,
      'drill',
      'run',
      '--source',
      'db',
      '--key',
      'ops.private.asc',
      '--work',
      work,
    );
    expect(next.stderr).toContain('did not come to its end');
    expect(next.code).toBe(0);
    expect(readdirSync(work)).toEqual([]);
    expect(processesIn(work)).toEqual([]);
    const {reports} = await jsonOf<{reports: {result: string}[]}>(place, 'drill', 'list');
    expect(reports.map(({result}) => result)).toEqual(['aborted', 'passed']);
  });
});
