/** What reports are for: `status` for monitors, the canary, and the page for people (TESTING.md D9, D24, K5; issue 6). */
import {mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {drillPage} from '../../src/cli/drill-report/page.ts';
import {previousTime} from '../../src/config/cron.ts';
import {generateRecipientKey} from '../../src/crypto/keygen.ts';
import {readPrivateKey, unlockPrivateKey} from '../../src/crypto/keys.ts';
import {runCanary} from '../../src/operations/drill/canary.ts';
import {type StatusOptions, statusOf} from '../../src/operations/status.ts';
import {jsonOf, runCli} from '../support/cli.ts';
import {backupOneFile, failures, useDrillRoom} from './room.ts';

describe('with a repository', () => {
  const place = useDrillRoom(backupOneFile);

  async function status(options: Partial<StatusOptions> = {}) {
    const {history} = await place.machine.elsewhere();
    return statusOf(history, await place.room.drills(), {expected: [], now: new Date(), ...options});
  }
  const later = (hours: number): Date => new Date(Date.now() + hours * 3_600_000);

  test('status tells what is old, unproven, failed or missing, and is well otherwise', async () => {
    expect(await status()).toMatchObject({
      ok: true,
      sources: [{source: 'files', lastProven: null, snapshots: 1}],
    });
    expect((await status({maxUnprovenMs: 1000})).sources[0]?.problems).toEqual([
      'no drill ever proved that it can be restored',
    ]);
    await place.room.run('files');
    const proven = await status({maxUnprovenMs: 3_600_000, maxAgeMs: 3_600_000});
    expect(proven).toMatchObject({ok: true, problems: []});
    expect(proven.sources[0]?.lastProven).not.toBeNull();

    const old = await status({maxUnprovenMs: 3_600_000, maxAgeMs: 3_600_000, now: later(72)});
    expect(old.ok).toBe(false);
    expect(old.sources[0]?.problems).toEqual([
      'the newest snapshot is 3 days old; at most 60 min are allowed',
      'it was last proven restorable 3 days ago; at most 60 min are allowed',
    ]);

    const [failed] = await place.room.run('files', {rtoMs: 1});
    expect((await status()).sources[0]?.problems).toEqual([
      `the last drill (${failed?.report.id}) failed: RTO within its objective`,
    ]);
    await place.room.run('files');
    expect(await status({expected: ['files', 'other']})).toMatchObject({
      ok: false,
      sources: [
        {source: 'files', problems: []},
        {source: 'other', problems: ['it was never backed up'], lastSuccess: null},
      ],
    });
  });

  test('status tells of a report that was tampered with', async () => {
    const [drill] = await place.room.run('files');
    const path = join(place.machine.repositoryFolder, 'drills', `${drill?.report.id}.asc`);
    const text = readFileSync(path, 'latin1');
    rmSync(path);
    writeFileSync(
      path,
      text.replace(/\n(\w)/, (_all, char: string) => `\n${char === 'A' ? 'B' : 'A'}`),
    );
    expect(await status()).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('drills/')],
      sources: [{lastProven: null}],
    });
  });

  test('the canary opens every generation with the key, and names those that it does not open', async () => {
    await place.machine.backup({full: true});
    const {history} = await place.machine.elsewhere();
    const right = await runCanary(await place.room.context(), history);
    expect(right.report).toMatchObject({
      result: 'passed',
      scope: 'key',
      rpoMs: null,
      subjects: [{sequence: 1}, {sequence: 2}],
    });
    const {privateKey} = await generateRecipientKey({name: 'other', now: new Date(Date.now() - 60_000)});
    const other = await unlockPrivateKey(await readPrivateKey(Buffer.from(privateKey), 'other'), undefined);
    const wrong = await runCanary(await place.room.context({key: other}), history);
    expect(wrong.report.result).toBe('failed');
    expect(failures(wrong)).toHaveLength(2);
    expect(failures(wrong)[0]?.more[0]).toMatch(/This key does not open generation/);
    // The keys alone prove no snapshot.
    expect((await status()).sources[0]?.lastProven).toBeNull();
  });

  test('the page has the verdict first, needs nothing else, and shows hostile text as text', async () => {
    const [first] = await place.room.run('files');
    const [drill] = await place.room.run('files', {
      name: 'weekly',
      rpoMs: 1,
      checks: [
        {kind: 'fileExists', name: '<script>alert(1)</script>', source: undefined, file: '"><img src=x>'},
        {kind: 'fileExists', name: 'another', source: undefined, file: 'another'},
      ],
    });
    if (drill === undefined || first === undefined) throw new Error('there was no drill');
    const page = drillPage(drill, [first.report, drill.report]);
    expect(page.indexOf('FAILED')).toBeLessThan(page.indexOf('<h2'));
    expect(page.indexOf('What failed, and what to do')).toBeLessThan(page.indexOf('Where the time went'));
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('There is no &quot;&gt;&lt;img src=x&gt;.');
    expect(page).toContain('Back up more often');
    expect(page).toContain('It did not restore as it should. 3 of 4 checks failed.');
    // Advice that is the same for several is given once.
    expect(page.match(/A check of your own/g)).toHaveLength(1);
    expect(page).toContain('s of at most 0 s');
    expect(page).toMatch(/<html lang="en">/);
    expect(page).not.toMatch(/<script|<img|<link|url\(|@import|https?:/);
    for (const [svg] of page.matchAll(/<svg [^>]*>/g))
      expect(svg).toMatch(/role="img" aria-label="[^"]{10,}"/);
    expect(page.match(/<th scope="col">/g)?.length).toBeGreaterThan(10);
  });
});

test('the commands: list tells what is due, status ends with 4, report writes a private file', async () => {
  const place = {folder: mkdtempSync(join(tmpdir(), 'holdfast-status-'))};
  try {
    mkdirSync(join(place.folder, 'source'));
    writeFileSync(join(place.folder, 'source', 'file'), 'content');
    await jsonOf(place, 'keygen', 'ops', '--no-passphrase');
    await jsonOf(place, 'init', 'repository', '--recipient', 'ops.public.asc');
    const config = join(place.folder, 'holdfast.yaml');
    const drills =
      'sources: { files: { folder: source } }\ndrills: { weekly: { source: files, schedule: "0 5 * * 0", key: ops.private.asc } }\n';
    writeFileSync(config, `${readFileSync(config, 'utf8').replace(/^sources:[\s\S]*/m, '')}\n${drills}`);
    await jsonOf(place, 'backup');

    type List = {
      drills: {name: string; due: boolean; last: {ok: boolean} | null}[];
      sources: {lastProven: string | null}[];
    };
    expect(await jsonOf<List>(place, 'drill', 'list')).toMatchObject({
      drills: [{name: 'weekly', due: true, last: null}],
      sources: [{lastProven: null}],
    });
    expect((await runCli(place, 'status', '--max-unproven', '1d')).code).toBe(4);
    const {drills: ran} = await jsonOf<{
      drills: {id: string; ok: boolean; rtoSeconds: number; report: string}[];
    }>(place, 'drill', 'run', 'weekly');
    expect(ran).toMatchObject([{ok: true, report: `drills/${ran[0]?.id}.asc`}]);
    expect(await jsonOf<List>(place, 'drill', 'list')).toMatchObject({
      drills: [{due: false, last: {ok: true}}],
    });
    const well = await runCli(place, 'status', '--max-unproven', '1d', '--max-age', '1d');
    expect(well.stdout).toContain('All is well.');
    expect(well.code).toBe(0);
    const {snapshots} = await jsonOf<{snapshots: {lastProven: string | null}[]}>(place, 'snapshots');
    expect(snapshots[0]?.lastProven).not.toBeNull();

    await jsonOf(place, 'drill', 'report', 'latest:weekly', '--html', 'drill.html');
    expect(readFileSync(join(place.folder, 'drill.html'), 'utf8')).toContain('PASSED');
    expect(statSync(join(place.folder, 'drill.html')).mode & 0o777).toBe(0o600);
    expect((await runCli(place, 'drill', 'run', 'weakly')).stderr).toContain('Did you mean "weekly"?');
  } finally {
    rmSync(place.folder, {recursive: true, force: true});
  }
});

test('the last time of a cron expression', () => {
  const last = (text: string): string | undefined => {
    const time = previousTime(text, new Date(2026, 10, 21, 14, 30)); // A Saturday.
    return time === undefined
      ? undefined
      : `${time.getMonth() + 1}-${time.getDate()} ${time.getHours()}:${time.getMinutes()}`;
  };
  expect(last('0 5 * * 0')).toBe('11-15 5:0');
  expect(last('0 5 * * 7')).toBe('11-15 5:0');
  expect(last('*/20 * * * *')).toBe('11-21 14:20');
  expect(last('31 14 * * *')).toBe('11-20 14:31');
  expect(last('0 0 1,15 * 5')).toBe('11-20 0:0');
  expect(last('0 3 31 2 *')).toBeUndefined();
  expect(() => previousTime('61 * * * *', new Date())).toThrow('is no minute of cron');
  expect(() => previousTime('* * *', new Date())).toThrow('is no time of cron');
});
