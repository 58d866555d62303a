/** Drills that cannot run, or whose report stays here: what the operator is told (TESTING.md A20; issue 6). */
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {jsonOf, runCli} from '../support/cli.ts';

let place: {readonly folder: string};

beforeEach(async () => {
  place = {folder: mkdtempSync(join(tmpdir(), 'holdfast-drills-'))};
  mkdirSync(join(place.folder, 'source'));
  writeFileSync(join(place.folder, 'source', 'file'), 'content');
  await jsonOf(place, 'keygen', 'ops', '--no-passphrase');
  await jsonOf(place, 'init', 'repository', '--recipient', 'ops.public.asc');
  const config = join(place.folder, 'holdfast.yaml');
  writeFileSync(
    config,
    `${readFileSync(config, 'utf8').replace(/^sources:[\s\S]*/m, '')}
sources: { files: { folder: source } }
drills:
  away: { source: files, key: away.private.asc }
  nowhere: { source: files, key: ops.private.asc, work: nowhere }
  good: { source: files, key: ops.private.asc }
`,
  );
  await jsonOf(place, 'backup');
});
afterEach(() => rmSync(place.folder, {recursive: true, force: true}));

test('a drill that cannot run keeps no other from running, and is not recorded as aborted', async () => {
  const run = await runCli(place, 'drill', 'run');
  expect(run.stdout).toMatch(/^good \(drill .+\): PASSED$/m);
  expect(run.stderr).toContain('away could not run: The key file');
  expect(run.stderr).toContain('nowhere could not run: The folder for drills');
  expect(run.stderr).toContain('install -d -m 711');
  expect(run.code).toBe(12);
  expect(await jsonOf(place, 'drill', 'clean')).toEqual({aborted: [], stored: [], waiting: []});
  const {reports} = await jsonOf<{reports: {name: string}[]}>(place, 'drill', 'list');
  expect(reports).toMatchObject([{name: 'good', result: 'passed'}]);
});

test('without a report the record is shown here, proves nothing, and is no page for others', async () => {
  const run = await runCli(place, 'drill', 'run', 'good', '--no-report');
  expect(run.code).toBe(0);
  expect(existsSync(join(place.folder, 'repository', 'drills'))).toBe(false);
  const show = await runCli(place, 'drill', 'show', 'latest:good');
  expect(show.stdout).toContain('PASSED');
  expect(show.stdout).toContain('on this machine alone');
  const page = await runCli(place, 'drill', 'report', 'latest', '--html', 'page.html');
  expect(page.code).toBe(2);
  expect(page.stderr).toContain('no signed report');
  const {sources} = await jsonOf<{sources: {lastProven: string | null}[]}>(place, 'drill', 'list');
  expect(sources).toMatchObject([{lastProven: null}]);
});

test('storage that refuses the report: what was found is told all the same, and the next drill stores it', async () => {
  const drills = join(place.folder, 'repository', 'drills');
  writeFileSync(drills, 'no folder'); // Root may write anywhere else.
  const run = await runCli(place, 'drill', 'run', 'good');
  expect(run.stdout).toContain('PASSED');
  expect(run.stdout).not.toContain('signed by');
  expect(run.stderr).toMatch(/^Error: The report of drill \S+ is not in the repository: /m);
  expect(run.stderr).toMatch(/^Hint: It is kept on this machine\./m);
  expect(run.code).toBe(13);
  expect((await runCli(place, 'drill', 'show', 'latest')).stdout).toContain('could not be stored');

  rmSync(drills);
  const next = await runCli(place, 'drill', 'run', 'good');
  expect(next.stderr).toContain('which waited on this machine, is in the repository now');
  expect(next.code).toBe(0);
  const {reports} = await jsonOf<{reports: unknown[]}>(place, 'drill', 'list');
  expect(reports).toHaveLength(2);
});
