/** The volume limit: what is counted, how often, and what is refused (issue 7). */
import {appendFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {LimitError} from '../../src/errors.ts';
import {volumeUse} from '../../src/operations/volume.ts';
import type {Target} from '../../src/targets/target.ts';
import {Scratch} from '../cli/scratch.ts';
import {collect} from '../support/collect.ts';
import {type RecordedCall, recording} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';
import {serverFacts} from '../support/servers.ts';
import {noise} from '../support/trees.ts';
import {createdS3} from '../targets/s3-scratch.ts';
import {createdSwift, logins} from '../targets/swift-server.ts';

const HOUR_MS = 3_600_000;
const MIB = 2 ** 20;

class Clocked {
  nowMs = Date.parse('2026-11-01T02:30:00Z');
  readonly now = (): Date => new Date(this.nowMs);
}

async function stored(target: Target): Promise<number> {
  const objects = await collect(target.list(''));
  return objects.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0);
}

test('what is stored is added to the last count, which is made anew after a week, or a day near the limit', async () => {
  const clock = new Clocked();
  await using machine = await Machine.create({now: clock.now});
  writeFileSync(join(machine.source, 'a'), noise(MIB, 'a'));
  const {target, calls} = recording(machine.target);
  const listings = (): number =>
    calls.filter(({operation, name}) => operation === 'list' && name === '').length;
  const use = async (limitBytes?: number) =>
    volumeUse({...(await machine.context()), repository: {...machine.repository, target}}, limitBytes);
  await machine.backup();
  expect(await use()).toEqual({bytes: await stored(machine.target), limitBytes: null, share: null});
  expect(listings()).toBe(1);

  writeFileSync(join(machine.source, 'b'), noise(MIB, 'b'));
  clock.nowMs += 25 * HOUR_MS;
  await machine.backup();
  const bytes = await stored(machine.target);
  expect(bytes).toBeGreaterThan(2 * MIB);
  expect(await use(100 * MIB)).toEqual({bytes, limitBytes: 100 * MIB, share: bytes / (100 * MIB)});
  expect(listings()).toBe(1);
  // Near the limit a day-old count is not enough.
  expect((await use(bytes)).share).toBe(1);
  expect(listings()).toBe(2);
  clock.nowMs += 8 * 24 * HOUR_MS;
  await use(100 * MIB);
  expect(listings()).toBe(3);
  clock.nowMs -= 30 * 24 * HOUR_MS;
  await use(100 * MIB);
  expect(listings(), 'after the clock went back').toBe(4);
});

test('a new full that would pass the limit is refused; an incremental always seals', async () => {
  const clock = new Clocked();
  await using machine = await Machine.create({now: clock.now});
  writeFileSync(join(machine.source, 'a'), noise(2 * MIB, 'a'));
  const limited = {limitBytes: 3 * MIB};
  expect(await machine.backup({}, {}, limited)).toMatchObject({kind: 'full'});

  const refused: unknown = await machine.backup({full: true}, {}, limited).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(LimitError);
  expect(refused).toMatchObject({
    code: 'LIMIT',
    exitCode: 1,
    message: expect.stringMatching(
      /^No new full backup of files was started: it needs about 2\.1 MB, and the repository holds 2\.\d MB of the 3\.1 MB that limits\.repository allows\.$/,
    ),
    hint: expect.stringContaining('holdfast prune --dry-run'),
  });

  // An incremental that passes the limit while it runs is sealed all the same.
  writeFileSync(join(machine.source, 'b'), noise(2 * MIB, 'b'));
  expect(await machine.backup({}, {}, limited)).toMatchObject({kind: 'incremental', warnings: []});
  expect((await volumeUse(await machine.context(), limited.limitBytes)).share).toBeGreaterThan(1);

  // A full that is due by age gives way to an incremental, which says so.
  clock.nowMs += 31 * 24 * HOUR_MS;
  writeFileSync(join(machine.source, 'c'), 'c');
  const overdue = await machine.backup({}, {fullAfterMs: 30 * 24 * HOUR_MS}, limited);
  expect(overdue.kind).toBe('incremental');
  expect(overdue.warnings).toEqual([
    {
      path: '',
      problem: expect.stringMatching(
        /^No new full backup .* went on in the generation of 2026-11-01, which is older than "full" allows\. Make room/,
      ),
    },
  ]);
  expect(await machine.verify()).toMatchObject({ok: true, snapshots: 3});

  // Once there is room, the full is made.
  expect(await machine.backup({}, {fullAfterMs: 30 * 24 * HOUR_MS}, {limitBytes: 20 * MIB})).toMatchObject({
    kind: 'full',
    warnings: [],
  });
});

test('what others removed makes room: before it is refused, everything is counted', async () => {
  await using machine = await Machine.create();
  writeFileSync(join(machine.source, 'a'), noise(2 * MIB, 'a'));
  await machine.backup();
  await volumeUse(await machine.context(), 10 * MIB);
  const context = await machine.context();
  const {bytes = 0} = context.catalog.sizes.find(machine.target.label) ?? {};
  context.catalog.sizes.set(machine.target.label, {bytes: bytes + 50 * MIB, countedMs: Date.now() - HOUR_MS});
  expect(await machine.backup({full: true}, {}, {limitBytes: 10 * MIB})).toMatchObject({kind: 'full'});
});

const swift = serverFacts('The volume limit on Swift', 'swift');
const ceph = serverFacts('The volume limit on Ceph', 'rgw');

describe.each([
  ['Swift', swift, async () => (await createdSwift(Object.values(logins(swift ?? {}))[0] ?? {})).target],
  ['Ceph', ceph, () => createdS3(ceph ?? {}, 'app01')],
])('on %s', (_name, facts, create) => {
  test.runIf(facts)(
    'the repository is listed once for many runs',
    async () => {
      const real: Target = await create();
      let calls: readonly RecordedCall[] = [];
      await using machine = await Machine.create({
        wrap: () => {
          const recorded = recording(real);
          calls = recorded.calls;
          return recorded.target;
        },
      });
      const limited = {limitBytes: 100 * MIB};
      for (let run = 0; run < 3; run++) {
        appendFileSync(join(machine.source, 'a'), noise(50_000, String(run)));
        await machine.backup({}, {}, limited);
        const {bytes} = await volumeUse(await machine.context(), limited.limitBytes);
        expect(bytes).toBe(await stored(real));
      }
      const whole = calls.filter(({operation, name}) => operation === 'list' && name === '');
      expect(whole).toHaveLength(1);
      await real[Symbol.asyncDispose]();
    },
    120_000,
  );
});

test('the command line warns from 80 % on, and ends with 3 from 100 % on', async () => {
  using user = new Scratch();
  mkdirSync(user.path('data'));
  user.write('data/a', noise(MIB, 'a'));
  await user.must(['keygen', 'ops', '--no-passphrase']);
  await user.must(['init', 'repository', '--recipient', 'ops.public.asc']);
  const template = readFileSync(user.path('holdfast.yaml'), 'utf8');
  const limit = (size: string): string =>
    user.write(
      'holdfast.yaml',
      `${template.replace('concurrency: 2', `concurrency: 2\n  repository: ${size}`)}\nsources: { files: { folder: data } }\n`,
    );
  limit('50MB');
  const first = await user.json(['backup']);
  expect(first).toMatchObject({code: 0, stderr: '', json: {volume: {limitBytes: 50_000_000}}});
  limit('1300kB');
  const near = await user.run(['backup']);
  expect(near.stderr).toMatch(
    /^Warning: The repository holds 1\.1 MB of the 1\.3 MB that limits\.repository allows \(8\d %\): a new full backup may not fit\. Make room/,
  );
  expect(near.code).toBe(0);
  limit('1MB');
  const over = await user.run(['backup']);
  expect(over.stderr).toMatch(/\(1\d\d %\): incremental backups go on, but no new full one starts\./);
  expect(over.code).toBe(3);
  const refused = await user.json(['backup', '--full']);
  expect(refused.code).toBe(1);
  expect(refused.json).toMatchObject({
    snapshots: [],
    failures: [{source: 'files', code: 'LIMIT', exitCode: 1}],
  });
}, 180_000);
