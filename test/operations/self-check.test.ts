/** Backups look at what earlier ones stored, and store again what is lost (TESTING.md C6, D1, H). */
import {readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import type {SelfCheckLimits} from '../../src/config/self-check.ts';
import {type BackupResult, backup} from '../../src/operations/backup.ts';
import {rememberDamage} from '../../src/operations/self-check.ts';
import {planChecks} from '../../src/operations/self-check-plan.ts';
import {faulty} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';
import {describeTree, noise} from '../support/trees.ts';

const DAY_MS = 86_400_000;
const LIMITS: SelfCheckLimits = {everyMs: 30 * DAY_MS, mostBytes: 2 ** 20};

/** A machine whose clock stands until it is set on. */
async function machineOf(snapshots: number): Promise<{machine: Machine; days: (n: number) => void}> {
  let now = Date.now();
  const machine = await Machine.create({now: () => new Date(now)});
  const days = (n: number) => {
    now += n * DAY_MS;
  };
  for (let n = 1; n <= snapshots; n++) {
    writeFileSync(join(machine.source, `file-${n}`), noise(40_000, `file ${n}`));
    await run(machine);
    days(1);
  }
  return {machine, days};
}

async function run(machine: Machine, limits: object = {}, overrides = {}): Promise<BackupResult> {
  const context = await machine.context({selfCheck: {...LIMITS, ...limits}, ...overrides});
  return backup(context, [machine.sourceConfig()], {});
}

function objects(machine: Machine, kind: string): string[] {
  return readdirSync(machine.repositoryFolder, {recursive: true, encoding: 'utf8'})
    .filter((name) => new RegExp(`/${kind}/.*\\.pgp$`).test(name))
    .map((name) => join(machine.repositoryFolder, name));
}

function flipBit(file: string): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 4, bytes.length >> 1);
  rmSync(file);
  writeFileSync(file, bytes);
}

const ids = async (machine: Machine) =>
  (await machine.elsewhere()).history.sources.flatMap(({seals}) => seals.map(({snapshot}) => snapshot.id));

describe('a backup finds what earlier ones lost, and stores it again', () => {
  // C6: no new seal says that something happened; the listing of the day does.
  test.each([1, 100])('packs that are missing: %i of them', async (count) => {
    const {machine} = await machineOf(3);
    await using _ = machine;
    const before = describeTree(machine.source);
    const lost = objects(machine, 'packs').slice(0, count);
    for (const file of lost) unlinkSync(file);
    const {snapshots, problems} = await run(machine);
    expect(problems).toHaveLength(lost.length);
    for (const {problem, affects} of problems) {
      expect(problem).toBe('it is missing; all that it held is stored again in other packs');
      expect(affects.length).toBeGreaterThan(0);
    }
    expect(snapshots[0]).toMatchObject({kind: 'incremental', selfCheck: {listed: true, error: null}});
    expect(describeTree(await machine.restored('latest'))).toEqual(before);
    // So do all older ones: what their folders held is known, too.
    for (const id of await ids(machine)) await machine.restored(id);
    // It is told once; the next day, nothing is read again for it, and it is still known.
    const next = await run(machine);
    expect(next.problems).toEqual([]);
    expect(next.snapshots[0]).toMatchObject({bytes: {new: 0, read: 0}});
    expect(next.snapshots[0]?.selfCheck?.damaged).toHaveLength(lost.length);
  });

  test('the pack of one file: older snapshots have it again, too', async () => {
    const {machine} = await machineOf(1);
    await using _ = machine;
    const [lost] = objects(machine, 'packs').filter((file) => readFileSync(file).length > 40_000);
    unlinkSync(String(lost));
    const [oldest] = await ids(machine);
    writeFileSync(join(machine.source, 'file-1b'), 'of later');
    const {problems} = await run(machine);
    expect(problems).toMatchObject([
      {problem: expect.stringContaining('all that it held is stored again'), affects: [oldest]},
    ]);
    expect(readFileSync(join(await machine.restored(String(oldest)), 'file-1'))).toEqual(
      Buffer.from(noise(40_000, 'file 1')),
    );
  });

  // D1
  test.each(['packs', 'index'])('%s whose bytes rotted', async (kind) => {
    const {machine} = await machineOf(2);
    await using _ = machine;
    for (const file of objects(machine, kind)) flipBit(file);
    const {problems, snapshots} = await run(machine, {share: 1});
    expect(problems.length).toBeGreaterThan(0);
    for (const {problem} of problems) expect(problem).toContain('its content does not match its name');
    expect(snapshots[0]?.selfCheck).toMatchObject({objects: snapshots[0]?.selfCheck?.all.objects});
    const newest = String(snapshots[0]?.id);
    expect(describeTree(await machine.restored(newest))).toEqual(describeTree(machine.source));
    const {problems: verified} = await machine.verify();
    expect(verified.flatMap(({affects}) => affects).filter((id) => id.startsWith(newest))).toEqual([]);
  });

  test('what verify found on this machine is stored again by the next backup', async () => {
    const {machine} = await machineOf(2);
    await using _ = machine;
    for (const file of objects(machine, 'packs')) flipBit(file);
    const {problems} = await machine.verify({level: 'ciphertext'});
    rememberDamage(await machine.context(), await machine.history(), problems);
    await run(machine, {}, {selfCheck: undefined});
    expect(describeTree(await machine.restored('latest'))).toEqual(describeTree(machine.source));
  });

  test('what is no longer on the source stays lost, and is told so', async () => {
    const {machine} = await machineOf(2);
    await using _ = machine;
    rmSync(join(machine.source, 'file-1'));
    for (const file of objects(machine, 'packs')) unlinkSync(file);
    const {problems} = await run(machine);
    expect(problems.map(({problem}) => problem)).toContainEqual(
      expect.stringMatching(/of the \d+ pieces that it held, 0 are stored again/),
    );
    expect(describeTree(await machine.restored('latest'))).toEqual(describeTree(machine.source));
  });

  test('an older generation cannot be mended; the new one is not read for it', async () => {
    const {machine} = await machineOf(1);
    await using _ = machine;
    const lost = objects(machine, 'packs');
    await machine.backup({full: true});
    for (const file of lost) unlinkSync(file);
    const {problems, snapshots} = await run(machine);
    expect(problems).toHaveLength(lost.length);
    expect(problems[0]).toMatchObject({problem: 'it is missing', affects: [(await ids(machine))[0]]});
    expect(snapshots[0]).toMatchObject({bytes: {read: 0}});
  });
});

test('what was put back is sound again', async () => {
  const {machine, days} = await machineOf(2);
  await using _ = machine;
  const [file] = objects(machine, 'packs');
  const bytes = readFileSync(String(file));
  unlinkSync(String(file));
  await run(machine);
  writeFileSync(String(file), bytes);
  days(1);
  const {snapshots, problems} = await run(machine);
  expect(problems).toEqual([]);
  expect(snapshots[0]?.selfCheck?.damaged).toEqual([]);
});

test('what a prune removed with all its seals is nothing lost', async () => {
  const {machine} = await machineOf(1);
  await using _ = machine;
  const [generation] = readdirSync(join(machine.repositoryFolder, 'files'));
  await machine.backup({full: true});
  // The seals were read before the prune, the packs are looked for after it.
  const context = await machine.context({selfCheck: {...LIMITS, share: 1}});
  const {target} = machine;
  const list = target.list.bind(target);
  target.list = (prefix, options) => {
    if (prefix === `files/${generation}/`)
      rmSync(join(machine.repositoryFolder, 'files', String(generation)), {recursive: true, force: true});
    return list(prefix, options);
  };
  const {problems, snapshots} = await backup(context, [machine.sourceConfig()], {});
  expect(problems).toEqual([]);
  expect(snapshots).toHaveLength(1);
});

test('a storage that lets nobody read does not stop a backup', async () => {
  const {machine} = await machineOf(2);
  await using _ = machine;
  const target = faulty(machine.target, [{operation: 'get', call: 1, how: 'forever', matching: /\/packs\//}]);
  const {snapshots} = await run(machine, {share: 1}, {repository: {...machine.repository, target}});
  expect(snapshots[0]).toMatchObject({
    warnings: [{path: '', problem: expect.stringContaining('could not be looked at')}],
    selfCheck: {error: expect.any(String)},
  });
});

describe('what is read when', () => {
  test('thirty simulated days read everything once, and little each time', async () => {
    const {machine, days} = await machineOf(4);
    await using _ = machine;
    const begun = machine.now().getTime();
    let most = 0;
    for (let day = 0; day < 36; day += 4) {
      const {snapshots} = await run(machine);
      most = Math.max(most, snapshots[0]?.selfCheck?.objects ?? 0);
      days(4);
    }
    const {snapshots} = await run(machine);
    expect(Date.parse(String(snapshots[0]?.selfCheck?.allSeenSince))).toBeGreaterThan(begun);
    expect(most).toBeLessThan(12);
  });

  const object = fc.record({size: fc.integer({min: 1, max: 2000}), age: fc.integer({min: 0, max: 90})});
  test('whatever is stored, and however often: within the time, and within the limit', () => {
    fc.assert(
      fc.property(
        fc.array(object, {minLength: 1, maxLength: 40}),
        fc.integer({min: 1, max: 48}),
        fc.integer({min: 0, max: 30}),
        (stored, hours, pause) => {
          const step = hours * 3_600_000;
          const total = stored.reduce((sum, {size}) => sum + size, 0);
          // What this limit allows is twice what is needed.
          const mostBytes = Math.max(2000, 2 * Math.ceil((total * step) / LIMITS.everyMs));
          let now = 100 * DAY_MS;
          const seen = stored.map(({size, age}, n) => ({
            object: {name: `${n}`, size} as never as Parameters<typeof planChecks>[0][0]['object'],
            at: now - age * DAY_MS,
            problem: null,
          }));
          let state: {since: number; listed: number} | undefined;
          const end = now + 2.5 * LIMITS.everyMs;
          now += pause * DAY_MS;
          for (; now < end; now += step) {
            const plan = planChecks(seen, state, now, {everyMs: LIMITS.everyMs, mostBytes});
            const bytes = plan.read.reduce((sum, {size}) => sum + size, 0);
            if (plan.read.length > 1) expect(bytes).toBeLessThanOrEqual(mostBytes);
            for (const read of plan.read) {
              const at = seen.findIndex(({object}) => object.name === read.name);
              seen[at] = {...(seen[at] as (typeof seen)[0]), at: now};
            }
            state = {since: plan.sinceAfter(bytes), listed: now};
          }
          for (const {at} of seen) expect(now - at).toBeLessThan(1.5 * LIMITS.everyMs + 2 * step);
        },
      ),
    );
  });
});
