/** The plan: looking at folders, reckoning, advice, and putting it into a config (issue 7). */
import {linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import * as fc from 'fast-check';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {parse} from 'yaml';
import {editConfig} from '../../src/config/edit.ts';
import {LimitError} from '../../src/errors.ts';
import {bytesAfter, type Keep} from '../../src/operations/plan/project.ts';
import {advise} from '../../src/operations/plan/recommend.ts';
import {type FolderScan, type ScanOptions, scanFolder} from '../../src/operations/plan/scan-folder.ts';
import {compileExcludes} from '../../src/sources/folder/exclude.ts';
import {Machine} from '../support/machine.ts';
import {noise} from '../support/trees.ts';

const DAY_MS = 86_400_000;
const MIB = 2 ** 20;

describe('a look at a folder', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'holdfast-plan-'));
  });
  afterEach(() => rmSync(root, {recursive: true, force: true}));

  function write(path: string, content: string | Uint8Array, ageDays = 100): void {
    const full = join(root, path);
    mkdirSync(join(full, '..'), {recursive: true});
    writeFileSync(full, content);
    const time = new Date(Date.now() - ageDays * DAY_MS);
    utimesSync(full, time, time);
  }

  function scan(options: Partial<ScanOptions> = {}): Promise<FolderScan> {
    return scanFolder({
      root,
      isExcluded: undefined,
      excludeCaches: true,
      oneFileSystem: true,
      isOwn: () => false,
      mostMs: 60_000,
      now: () => new Date(),
      random: Math.random,
      ...options,
    });
  }

  test('counts what there is, how it packs, what is there twice, and what it might be', async () => {
    write('random.jpg', noise(4 * MIB, 'a'));
    write('copy/again.jpg', noise(4 * MIB, 'a'));
    write('zeros.txt', Buffer.alloc(8 * MIB), 3);
    write('.env', 'PASSWORD=x');
    write('keys/id_ed25519', 'x');
    write('pg/PG_VERSION', '15');
    write('app.db', 'x');
    write('app.db-wal', 'x');
    write('node_modules/x.js', Buffer.alloc(MIB));
    write('skipped/big.log', Buffer.alloc(MIB));
    write('cache/CACHEDIR.TAG', 'Signature: 8a477f597d28d172789f06886806bc55');
    write('cache/big', Buffer.alloc(MIB));
    symlinkSync('/etc', join(root, 'link'));
    linkSync(join(root, '.env'), join(root, 'hard'));
    const found = await scan({isExcluded: compileExcludes(['skipped/'])});
    expect(found).toMatchObject({complete: true, unreadable: 0});
    expect(found.seen.bytes).toBe(17 * MIB + 2 * 'PASSWORD=x'.length + 'x15xx'.length);
    expect(found.estimate).toEqual(found.seen);
    expect(found.kinds.get('images')).toEqual({files: 2, bytes: 8 * MIB});
    expect(found.changed.week).toEqual({files: 1, bytes: 8 * MIB});
    expect(found.changed.day.files).toBe(0);
    expect([...found.sensitive.keys()].sort()).toEqual([
      'databases',
      'private keys',
      'settings with secrets',
    ]);
    expect(found.live.map(({source}) => source).sort()).toEqual(['postgres', 'sqlite']);
    expect(found.madeAgain.get('node_modules/')).toEqual({files: 1, bytes: MIB});
    // Of 17 MiB, 9 are zeros; and 4 are there twice.
    expect(found.sample.compression).toBeGreaterThan(0.3);
    expect(found.sample.compression).toBeLessThan(0.65);
    expect(found.sample.duplicates).toBeCloseTo(4 / 17, 1);
    expect(found.sample.readBytes).toBeLessThan(52 * MIB);
  });

  test('what is not reached in time is estimated, and said', async () => {
    for (let folder = 0; folder < 500; folder++) write(`d${folder}/f`, Buffer.alloc(1000));
    let nowMs = Date.now();
    const found = await scan({
      mostMs: 100,
      now: () => {
        nowMs += 40;
        return new Date(nowMs);
      },
    });
    expect(found.complete).toBe(false);
    expect(found.folders.found).toBe(501);
    expect(found.folders.seen).toBeLessThan(300);
    expect(found.estimate.bytes).toBeGreaterThan(400_000);
    expect(found.estimate.bytes).toBeLessThan(600_000);
  });

  test('a folder that is not there is an error; names in any encoding are none', async () => {
    writeFileSync(Buffer.from(`${root}/\xff\xfe.txt`, 'latin1'), 'x');
    expect((await scan()).seen).toEqual({files: 1, bytes: 1});
    await expect(scan({root: join(root, 'none')})).rejects.toThrow('cannot be read');
  });
});

describe('what it comes to', () => {
  const keep: Keep = {last: 1, daily: 7, weekly: 0, monthly: 0, yearly: 0, fulls: 1};
  const growth = {fullBytes: 100, dailyBytes: 1, growthBytes: 0};

  test('a generation stays as long as one of its snapshots is kept', () => {
    expect(bytesAfter(0, growth, {fullDays: 30, keep})).toBe(100);
    expect(bytesAfter(29, growth, {fullDays: 30, keep})).toBe(129);
    // Day 32: the new full, and the old generation up to day 29, which is one of the last seven.
    expect(bytesAfter(32, growth, {fullDays: 30, keep})).toBe(129 + 102);
    expect(bytesAfter(40, growth, {fullDays: 30, keep})).toBe(110);
    expect(bytesAfter(59, growth, {fullDays: 30, keep: undefined})).toBe(258);
  });

  test('more that is kept never takes less, and never more than everything', async () => {
    const count = fc.integer({min: 0, max: 12});
    const rules = fc.record({
      last: fc.integer({min: 1, max: 5}),
      daily: count,
      weekly: count,
      monthly: count,
      yearly: count,
      fulls: count,
    });
    await fc.assert(
      fc.property(
        rules,
        fc.integer({min: 0, max: 800}),
        fc.constantFrom(7, 30, 90),
        (some, days, fullDays) => {
          const size = (keep: Keep | undefined) => bytesAfter(days, growth, {fullDays, keep});
          expect(size({...some, monthly: some.monthly + 3})).toBeGreaterThanOrEqual(size(some));
          expect(size(undefined)).toBeGreaterThanOrEqual(size(some));
        },
      ),
      {numRuns: 300},
    );
  });

  test('the advice fits the limit, the quiet hours and the objectives', () => {
    const finding = {
      name: 'a',
      growth: {fullBytes: 1e9, dailyBytes: 1e7, growthBytes: 0},
      rpoMs: undefined,
      runMs: 60_000,
    };
    const hours = Array.from({length: 24}, (_, hour) => (hour >= 10 && hour <= 13 ? 0 : 1e6));
    const options = {hours, limitBytes: undefined, chance: 0.5};
    const free = advise([finding], options);
    expect(free.schedule).toMatch(/^30 1[12] \* \* \*$/);
    expect(free.sources.size).toBe(0);
    const tight = advise([finding], {...options, limitBytes: 4e9});
    expect(bytesAfter(365, finding.growth, {fullDays: tight.fullDays, keep: tight.retention})).toBeLessThan(
      3e9,
    );
    expect(tight.reasons.join(' ')).toContain('limits.repository');
    const hopeless = advise([finding], {...options, limitBytes: 1e9});
    expect(hopeless.reasons.join(' ')).toContain('raise the limit');
    const hourly = (rpoMs: number) => advise([{...finding, rpoMs}], options).sources.get('a')?.schedule;
    expect(hourly(26 * 3_600_000)).toBeUndefined();
    expect(hourly(4 * 3_600_000)).toBe('30 */3 * * *');
    expect(hourly(90 * 60_000)).toBe('30 * * * *');
    expect(hourly(30 * 60_000)).toBe('*/20 * * * *');
    expect(advise([], {...options, hours: Array.from({length: 24}, () => 0)}).schedule).toBe('30 3 * * *');
  });
});

describe('a config that is changed', () => {
  const text = [
    '# Top',
    "repository: '/x'   # where",
    'full: 30d # month',
    'retention:',
    '  last: 3 # three',
    '  daily: 4',
    '# of sources',
    'sources:',
    '  a: { folder: /etc }   # x',
    '  b:',
    '      folder: "/srv"',
    '      exclude: ["*.tmp",  x]',
    '',
    '# the end',
    '',
  ].join('\n');

  test('keeps every line that is not meant', () => {
    const edited = editConfig(text, [
      {path: ['full'], value: '60d', comment: 'Why.'},
      {path: ['retention'], value: {last: 3, daily: 7}, comment: 'Because.'},
      {path: ['schedule'], value: '9 3 * * *', comment: 'Quiet.'},
      {path: ['sources', 'a', 'schedule'], value: '9 * * * *', comment: 'Often.'},
      {path: ['sources', 'b', 'full'], value: '7d', comment: 'Small.'},
    ]);
    expect(edited.split('\n')).toEqual([
      '# Top',
      "repository: '/x'   # where",
      '# plan: Why. (was: 30d)',
      'full: 60d # month',
      '# plan: Quiet.',
      'schedule: "9 3 * * *"',
      '# plan: Because. (was: {"last":3,"daily":4})',
      'retention: { last: 3, daily: 7 }',
      '# of sources',
      'sources:',
      '  a: { folder: /etc, schedule: "9 * * * *" }   # x',
      '  b:',
      '      folder: "/srv"',
      '      exclude: ["*.tmp",  x]',
      '      # plan: Small.',
      '      full: 7d',
      '',
      '# the end',
      '',
    ]);
    const again = editConfig(edited, [{path: ['full'], value: '90d', comment: 'New.'}]);
    expect(again).toContain('# plan: New. (was: 60d)\nfull: 90d # month');
    expect(again).not.toContain('Why.');
    expect(editConfig(again, [{path: ['full'], value: '90d', comment: 'Same.'}])).toBe(again);
  });

  test('whatever was there, the values come out, and the rest is what it was', async () => {
    const values = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,8}$/),
      fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer(), {maxLength: 3})),
      {minKeys: 1},
    );
    await fc.assert(
      fc.property(values, fc.boolean(), (before, hasFull) => {
        const source = {...before, ...(hasFull && {full: '1d'}), z0: {folder: '/x'}};
        const written = `${Object.entries(source)
          .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
          .join('\n')}\n`;
        const edited = parse(
          editConfig(written, [
            {path: ['full'], value: '9d', comment: 'c'},
            {path: ['z0', 'full'], value: '7d', comment: 'c'},
          ]),
        );
        expect(edited).toEqual({...source, full: '9d', z0: {folder: '/x', full: '7d'}});
      }),
    );
  });
});

test('the first full backup is refused, too, when a look at the source says that it does not fit', async () => {
  await using machine = await Machine.create();
  writeFileSync(join(machine.source, 'a'), noise(3 * MIB, 'a'));
  const refused = machine.backup({}, {}, {limitBytes: 2 * MIB});
  await expect(refused).rejects.toThrow(LimitError);
  await expect(refused).rejects.toThrow(/it needs about 3\.\d MB/);
  expect((await machine.history()).sources).toEqual([]);
  // What packs well fits.
  writeFileSync(join(machine.source, 'a'), Buffer.alloc(30 * MIB));
  expect(await machine.backup({}, {}, {limitBytes: 2 * MIB})).toMatchObject({kind: 'full'});
});
