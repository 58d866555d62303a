/** The file for Prometheus: its figures, its form, and that it is always whole (issue 7). */
import {spawnSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {Metrics} from '../../src/operations/metrics/metrics.ts';
import {leftOut} from '../support/skips.ts';
import {noise} from '../support/trees.ts';
import {Scratch} from './scratch.ts';

const CONTRIB = join(import.meta.dirname, '../../contrib');
/** Of Debian's package prometheus. */
const promtool = spawnSync('promtool', ['--version']).status === 0;
if (!promtool)
  leftOut('what promtool says of metrics and rules', 'promtool is not there; apt-get install prometheus', {
    tolerated: true,
  });

type Samples = ReadonlyMap<string, number>;

/** Reads the text format strictly: HELP, TYPE, then samples, each family once, each series once, numbers and a line's end. */
function parseStrictly(text: string, config = 'holdfast'): Samples {
  expect(text.endsWith('\n')).toBe(true);
  const samples = new Map<string, number>();
  const families = new Set<string>();
  let family = '';
  let typed = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-z_]+) \S.*\.$/.exec(line);
    const type = /^# TYPE ([a-z_]+) gauge$/.exec(line);
    const sample =
      /^([a-z_]+)\{config="([a-z]+)"(?:,(source="[a-z0-9._-]+"))?\} (-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/.exec(
        line,
      );
    if (help?.[1] !== undefined) {
      family = help[1];
      expect(families, line).not.toContain(family);
      families.add(family);
    } else if (type?.[1] !== undefined) {
      expect(type[1], line).toBe(family);
      typed = family;
    } else {
      expect(sample?.[1], line).toBe(typed);
      const series = `${sample?.[1]}${sample?.[3] === undefined ? '' : `{${sample[3]}}`}`;
      expect(samples.has(series), series).toBe(false);
      expect(sample?.[2]).toBe(config);
      samples.set(series, Number(sample?.[4]));
    }
  }
  return samples;
}

describe('with a repository', () => {
  const user = new Scratch();
  let template = '';
  const file = user.path('textfile', 'holdfast.prom');

  function configure(more: string): void {
    user.write('holdfast.yaml', `${template}\nnotify: { metrics: textfile/holdfast.prom }\n${more}\n`);
  }

  function read(): Samples {
    const text = readFileSync(file, 'utf8');
    if (promtool) {
      const {status, stdout, stderr} = spawnSync('promtool', ['check', 'metrics'], {input: text});
      expect(status, `${stdout}${stderr}`).toBe(0);
    }
    // J8: neither paths nor hosts nor addresses.
    expect(text.replaceAll(/^# HELP.*$/gm, '')).not.toMatch(/[/@]|file:|home/);
    return parseStrictly(text);
  }

  beforeAll(async () => {
    mkdirSync(user.path('textfile'));
    user.write('data/a', noise(100_000, 'a'));
    user.write('other/b', 'b');
    await user.must(['keygen', 'ops', '--no-passphrase']);
    await user.must(['init', 'repository', '--recipient', 'ops.public.asc']);
    template = readFileSync(user.path('holdfast.yaml'), 'utf8');
    configure(
      'sources: { files: { folder: data }, other: { folder: other } }\ndrills: { weekly: { source: files, key: ops.private.asc } }',
    );
  }, 180_000);
  afterAll(() => user[Symbol.dispose]());

  test('a backup writes them for everybody to read, whatever the umask', async () => {
    const before = Math.floor(Date.now() / 1000);
    const ran = await user.json<{snapshots: {bytes: Record<string, number>; entries: {total: number}}[]}>(
      ['backup'],
      {
        umask: '077',
      },
    );
    expect(ran).toMatchObject({code: 0, stderr: ''});
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readdirSync(user.path('textfile'))).toEqual(['holdfast.prom']);
    const samples = read();
    const of = (name: string, source = 'files') => samples.get(`holdfast_${name}{source="${source}"}`);
    const {bytes = {}, entries} = ran.json.snapshots[0] ?? {};
    for (const time of ['last_success', 'last_full', 'last_attempt'])
      expect(of(`${time}_timestamp_seconds`), time).toBeGreaterThanOrEqual(before);
    expect(of('last_proven_timestamp_seconds')).toBeUndefined();
    expect([of('last_attempt_success'), of('last_attempt_success', 'other')]).toEqual([1, 1]);
    expect(of('backup_source_bytes')).toBe(bytes['source']);
    expect(of('backup_files')).toBe(entries?.total);
    expect([of('backup_warnings'), of('backup_suspect'), of('backup_retries')]).toEqual([0, 0, 0]);
    expect(of('backup_duration_seconds')).toBeGreaterThan(0);
    expect(samples.get('holdfast_last_run_exit_code')).toBe(0);
    expect(samples.get('holdfast_repository_bytes')).toBeGreaterThan(100_000);
    expect(samples.has('holdfast_repository_limit_ratio')).toBe(false);
    expect(samples.get('holdfast_repository_dead_bytes')).toBe(0);
  }, 180_000);

  test('a drill proves, a failure is told, and the last success does not vanish', async () => {
    const good = read();
    await user.must(['drill', 'run', 'weekly']);
    rmSync(user.path('other'), {recursive: true});
    expect((await user.run(['backup', 'other'])).code).toBe(1);
    const failed = read();
    const of = (samples: Samples, name: string, source: string) =>
      samples.get(`holdfast_${name}{source="${source}"}`);
    expect(of(failed, 'last_proven_timestamp_seconds', 'files')).toBeGreaterThan(
      of(good, 'last_full_timestamp_seconds', 'files') ?? Number.NaN,
    );
    expect(failed.get('holdfast_last_run_exit_code')).toBe(1);
    expect([
      of(failed, 'last_attempt_success', 'files'),
      of(failed, 'last_attempt_success', 'other'),
    ]).toEqual([1, 0]);
    expect(of(failed, 'last_success_timestamp_seconds', 'other')).toBe(
      of(good, 'last_success_timestamp_seconds', 'other'),
    );

    // The storage is gone, and with it all that the run could have learnt.
    const away = await user.run(['backup'], {env: {HOLDFAST_REPOSITORY: user.path('nowhere')}});
    expect(away.code).toBe(10);
    const unreached = read();
    expect(unreached.get('holdfast_last_run_exit_code')).toBe(10);
    for (const name of ['last_success', 'last_proven', 'last_full'])
      expect(of(unreached, `${name}_timestamp_seconds`, 'files'), name).toBe(
        of(failed, `${name}_timestamp_seconds`, 'files'),
      );
    expect(of(unreached, 'last_attempt_success', 'files')).toBe(0);
  }, 180_000);

  test('what was lost is made again; a limit is told; a source that is no more disappears', async () => {
    configure('sources: { files: { folder: data } }');
    user.write(
      'holdfast.yaml',
      readFileSync(user.path('holdfast.yaml'), 'utf8').replace(
        'concurrency: 2',
        'concurrency: 2\n  repository: 1GB',
      ),
    );
    rmSync(file);
    symlinkSync(user.path('data', 'a'), user.path('textfile', '.holdfast.prom.part'));
    await user.must(['backup']);
    const samples = read();
    expect([...samples.keys()].join()).not.toContain('other');
    expect(samples.get('holdfast_last_proven_timestamp_seconds{source="files"}')).toBeGreaterThan(1e9);
    expect(samples.get('holdfast_repository_limit_bytes')).toBe(1e9);
    expect(samples.get('holdfast_repository_limit_ratio')).toBeCloseTo(
      (samples.get('holdfast_repository_bytes') ?? 0) / 1e9,
    );
    expect(readFileSync(user.path('data', 'a'))).toEqual(Buffer.from(noise(100_000, 'a')));
  }, 180_000);

  test('a prune tells what is dead, and a status how full the repository is', async () => {
    for (const content of ['b', 'c']) {
      user.write('data/a', noise(50_000, content));
      await user.must(['backup']);
    }
    const {json: pruned} = await user.json<{
      space: Record<'dead' | 'waiting' | 'replaced', {bytes: number}>[];
    }>(['prune', ...['--keep-last', '1', '--yes', '--large']]);
    const dead = pruned.space.reduce(
      (sum, one) => sum + one.dead.bytes + one.waiting.bytes + one.replaced.bytes,
      0,
    );
    expect(dead).toBeGreaterThan(0);
    expect(read().get('holdfast_repository_dead_bytes')).toBe(dead);
    await user.must(['backup']); // It counts nothing anew, and forgets nothing.
    expect(read().get('holdfast_repository_dead_bytes')).toBe(dead);
    const {json} = await user.json(['status']);
    expect(json).toMatchObject({
      volume: {limitBytes: 1e9, bytes: expect.any(Number), share: expect.any(Number)},
    });
    expect((await user.run(['status'])).stdout).toMatch(
      /The repository holds .* of the 1 ?GB that limits\.repository allows \(0 %\)\./,
    );
  }, 180_000);

  test('that they cannot be written is told, and changes nothing else', async () => {
    rmSync(user.path('textfile'), {recursive: true});
    const ran = await user.run(['backup']);
    expect(ran.stderr).toBe(
      `Warning: The metrics in ${file} could not be written: no such file or folder.\n`,
    );
    expect(ran.code).toBe(0);
    mkdirSync(user.path('textfile'));
  }, 180_000);

  test('two configurations of one machine tell different series, and never write one file', async () => {
    await user.must(['backup']);
    const mine = readFileSync(file, 'utf8');
    const text = readFileSync(user.path('holdfast.yaml'), 'utf8');
    user.write('second.yaml', text);
    const refused = await user.run(['backup', '--config', 'second.yaml']);
    expect(refused).toMatchObject({
      code: 0,
      stderr: `Warning: The metrics in ${file} are not written: ${user.path('holdfast.yaml')} writes them. Give each configuration a file of its own (notify.metrics).\n`,
    });
    expect(readFileSync(file, 'utf8')).toBe(mine);

    user.write('second.yaml', text.replace('textfile/holdfast.prom', 'textfile/second.prom'));
    expect(await user.must(['backup', '--config', 'second.yaml'])).toMatchObject({stderr: ''});
    const second = readFileSync(user.path('textfile', 'second.prom'), 'utf8');
    parseStrictly(second, 'second');
    const series = (all: string): string[] => all.match(/^holdfast_\S+/gm) ?? [];
    expect(series(second).filter((one) => series(mine).includes(one))).toEqual([]);

    // The first one is gone: its file is free.
    rmSync(user.path('holdfast.yaml'));
    user.write('second.yaml', text);
    expect(await user.must(['backup', '--config', 'second.yaml'])).toMatchObject({stderr: ''});
    expect(readFileSync(file, 'utf8')).not.toBe(mine);
  }, 180_000);
});

test('foreign and hostile lines are passed over when figures are read', () => {
  const text = [
    'holdfast_backup_files{config="old",source="a"} 3',
    'holdfast_backup_files{config="old",source="a",x="y"} 4',
    'holdfast_backup_files{config="old",source="a\\"} 5"} 5',
    'holdfast_repository_bytes{config="old"} NaN',
    'holdfast_constructor{config="old"} 1',
    'other_metric 1',
  ].join('\n');
  expect(parseStrictly(Metrics.parse(text).toText('new'), 'new')).toEqual(
    new Map([['holdfast_backup_files{source="a"}', 3]]),
  );
});

describe('what contrib/ brings', () => {
  const rules = join(CONTRIB, 'prometheus', 'holdfast.rules.yml');
  const dashboards = readdirSync(join(CONTRIB, 'grafana')).map((name) => join(CONTRIB, 'grafana', name));
  const metric = /\bholdfast_[a-z_]+/g;

  test('rules and dashboard use only figures that there are', () => {
    const known = new Set<string>();
    const all = new Metrics();
    for (const [, name = ''] of readFileSync(
      join(import.meta.dirname, '../../src/operations/metrics/metrics.ts'),
      'utf8',
    ).matchAll(/^ {2}([a-z_]+): '/gm))
      known.add(`holdfast_${name}`);
    expect(known.size).toBeGreaterThan(15);
    expect(all.toText('holdfast')).toBe('');
    for (const path of [rules, ...dashboards])
      for (const [name] of readFileSync(path, 'utf8').matchAll(metric))
        expect(known, `${path}: ${name}`).toContain(name);
    for (const path of dashboards)
      expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({panels: expect.any(Array)});
  });

  test.runIf(promtool)('promtool accepts the rules, and they fire when they should', () => {
    for (const args of [
      ['check', 'rules', rules],
      ['test', 'rules', join(import.meta.dirname, '../fixtures/prometheus/rules.test.yml')],
    ]) {
      const {status, stdout, stderr} = spawnSync('promtool', args, {encoding: 'utf8'});
      expect(status, `${stdout}${stderr}`).toBe(0);
    }
  });
});
