/** `plan` as a user runs it (issue 7). */
import {chmodSync, readFileSync, statSync, symlinkSync} from 'node:fs';
import Database from 'better-sqlite3';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {noise} from '../support/trees.ts';
import {Scratch} from './scratch.ts';

interface PlanJson {
  readonly sources: {
    source: string;
    bytes: number;
    storedBytes: number;
    dailyFrom: string;
    snapshots: number;
  }[];
  readonly recommendation: {
    full: string;
    schedule: string;
    retention: Record<string, number>;
    reasons: string[];
  };
  readonly projection: {
    after: {days: number; bytes: number}[];
    cost: {currency: string; afterYearPerMonth: number} | null;
    limit: {passedAfterDays: number | null} | null;
    restore: {source: string; from: string; fits: boolean | null}[];
  };
  readonly written: string | null;
}

describe('with a folder and a database', () => {
  const user = new Scratch();
  let template = '';

  beforeAll(async () => {
    user.write('data/a', noise(1_000_000, 'a'));
    user.write('data/.env', 'PASSWORD=canary-in-a-file');
    const database = new Database(user.path('notes.db'));
    database.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)');
    database.close();
    await user.must(['keygen', 'ops', '--no-passphrase']);
  }, 180_000);
  afterAll(() => user[Symbol.dispose]());

  test('before there is anything: folders by path, and a page of 80 columns', async () => {
    const ran = await user.run(['plan', './data']);
    expect(ran.stderr).toMatch(
      /^Without the history of a repository: No repository is named, and there is no configuration\.\n$/,
    );
    expect(ran.code).toBe(0);
    for (const title of [
      'WHAT THERE IS',
      'HOW IT CHANGES',
      'WHAT TO LOOK AT',
      'RECOMMENDED',
      'WHAT THAT WILL TAKE',
    ])
      expect(ran.stdout).toContain(`${title}\n`);
    expect(ran.stdout).toContain('sensitive: settings with secrets (.env)');
    expect(Math.max(...ran.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(ran.stdout + ran.stderr).not.toContain('canary');
    expect((await user.run(['plan'])).stderr).toContain(
      'Name folders to look at: holdfast plan /srv/app /etc',
    );
    expect((await user.run(['plan', '--write', './data'])).code).toBe(2);
  }, 180_000);

  test('with a config and a history: from snapshots, with prices, limit and objectives', async () => {
    await user.must(['init', 'repository', '--recipient', 'ops.public.asc']);
    template = readFileSync(user.path('holdfast.yaml'), 'utf8').replace(
      'concurrency: 2',
      'concurrency: 2\n  repository: 12MB',
    );
    user.write(
      'holdfast.yaml',
      `${template}
sources:
  files: { folder: data } # mine
  notes: { sqlite: notes.db }
plan: { prices: { currency: EUR, storage: 0.02 }, objectives: { rto: 1h, rpo: 26h } }
drills: { weekly: { source: files, key: ops.private.asc } }
`,
    );
    await user.must(['backup']);
    await user.must(['drill', 'run', 'weekly']);
    const {json, code, stderr} = await user.json<PlanJson>(['plan']);
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    expect(json.sources).toMatchObject([
      {source: 'files', snapshots: 1},
      {source: 'notes', snapshots: 1},
    ]);
    expect(json.sources[0]?.storedBytes).toBeGreaterThan(1_000_000);
    expect(json.recommendation.full).toMatch(/^\d+d$/);
    expect(json.recommendation.schedule).toMatch(/^\d+ \d+ \* \* \*$/);
    expect(json.recommendation.retention['last']).toBe(3);
    expect(json.projection.after.map(({days}) => days)).toEqual([30, 90, 365, 1095]);
    expect(json.projection.limit).toMatchObject({bytes: 12_000_000});
    expect(json.projection.cost).toMatchObject({currency: 'EUR'});
    expect(json.projection.restore).toMatchObject([
      {source: 'files', from: 'drill', fits: true},
      {source: 'notes', from: 'assumed', fits: true},
    ]);
    expect(json.written).toBeNull();
    const again = await user.json<PlanJson>(['plan', 'files']);
    expect(again.json.recommendation.schedule).toBe(json.recommendation.schedule);
  }, 180_000);

  test('--write puts it into the config, which stays valid, private and as it was otherwise', async () => {
    const before = readFileSync(user.path('holdfast.yaml'), 'utf8');
    chmodSync(user.path('holdfast.yaml'), 0o640);
    symlinkSync('holdfast.yaml', user.path('link.yaml'));
    const {json, code} = await user.json<PlanJson>(['plan', '--write', '--config', 'link.yaml']);
    expect(code).toBe(0);
    expect(json.written).toBe(user.path('link.yaml'));
    const after = readFileSync(user.path('holdfast.yaml'), 'utf8');
    expect(statSync(user.path('holdfast.yaml')).mode & 0o777).toBe(0o640);
    expect(after).toContain(`full: ${json.recommendation.full}\n`);
    const isOurs = (line: string) => /^(?:# plan: |full: |schedule: |retention: )/.test(line);
    const others = (text: string) => text.split('\n').filter((line) => !isOurs(line));
    expect(others(after)).toEqual(others(before));
    expect((await user.run(['config', 'check'])).code).toBe(0);
    expect((await user.run(['backup'])).code).toBe(0);
  }, 180_000);
});
