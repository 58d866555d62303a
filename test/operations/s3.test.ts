/** The core on real S3 servers: the same round trip, what a thief of the bucket's credentials breaks, and locks. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {systemClock} from '../../src/targets/clock.ts';
import {openTarget} from '../../src/targets/open.ts';
import type {Target} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {Machine, type MachineOptions} from '../support/machine.ts';
import {Pruner} from '../support/pruner.ts';
import {expectRoundTrip} from '../support/round-trip.ts';
import {type ServerFacts, serverFacts} from '../support/servers.ts';
import {describeTree, noise} from '../support/trees.ts';
import {S3Admin} from '../targets/s3-admin.ts';
import {credentials, newBucketUrl} from '../targets/s3-scratch.ts';
import {failure} from '../targets/scratch.ts';

const HOUR_MS = 3_600_000;
const ceph = serverFacts('Backups to S3 on Ceph', 'rgw');
const swift = serverFacts('Backups to S3 on Swift', 'swift');

interface Options extends Omit<MachineOptions, 'wrap'> {
  readonly lockForMs?: number;
}

/** Opens what the command line would open. */
async function open(url: string, facts: ServerFacts, {lockForMs, now}: Options = {}): Promise<Target> {
  const lock = lockForMs === undefined ? undefined : ({mode: 'compliance', forMs: lockForMs} as const);
  return await openTarget(url, '/', {
    env: credentials(facts),
    lock,
    clock: now && {...systemClock, wallMs: () => now().getTime()},
  });
}

/** A machine whose repository is in a new bucket. */
async function machineOn(url: string, facts: ServerFacts, options: Options = {}): Promise<Machine> {
  const target = await open(url, facts, options);
  await target.create({container: true});
  return await Machine.create({...options, wrap: () => target});
}

describe.each([
  ['Ceph', ceph],
  ['Swift', swift],
])('on %s', (_name, found) => {
  const facts = found ?? {};

  test.runIf(found)(
    'backups come back identical',
    async () => {
      await using machine = await machineOn(newBucketUrl(facts, 'fleet/app01'), facts);
      await expectRoundTrip(machine);
      await machine.target[Symbol.asyncDispose]();
    },
    180_000,
  );
});

function makeSmallTree(folder: string): void {
  mkdirSync(join(folder, 'folder'));
  for (const name of ['a', 'folder/b']) writeFileSync(join(folder, name), noise(50_000, name));
}

describe.runIf(ceph)('on Ceph', () => {
  const facts = ceph ?? {};

  // D12, D7
  test('what a thief removed or overwrote in a bucket with versions is found, and comes back', async () => {
    const url = newBucketUrl(facts, 'app01');
    await using machine = await machineOn(url, facts);
    using admin = new S3Admin(url, facts);
    await admin.keepVersions();
    makeSmallTree(machine.source);
    const expected = describeTree(machine.source);
    const {id} = await machine.backup();
    await admin.keepVersions();
    let removed = 0;
    for (const {name} of await collect(machine.target.list('files/'))) {
      if (name.includes('/seals/')) continue;
      if (removed++ % 2 === 0) await admin.remove(name);
      else await admin.overwrite(name, 'bad');
    }
    expect(removed).toBeGreaterThan(3);
    expect(await machine.verify()).toMatchObject({ok: false});

    await machine.target[Symbol.asyncDispose]();
    machine.target = await open(`${url}&at=first`, facts);
    expect(await machine.verify()).toMatchObject({ok: true, problems: []});
    const to = join(machine.folder, 'restored');
    expect(await machine.restore(String(id), to)).toMatchObject({warnings: [], damaged: []});
    expect(describeTree(to)).toEqual(expected);
    expect(await failure(machine.target.put('x', Buffer.of()))).toMatchObject({code: 'TARGET'});
    await machine.target[Symbol.asyncDispose]();
  });

  // B24
  test('what newer snapshots need stays locked as long as they', async () => {
    const forMs = 24 * HOUR_MS;
    const quarterMs = forMs / 4;
    const startMs = Math.ceil(Date.now() / quarterMs) * quarterMs + HOUR_MS;
    let nowMs = startMs;
    const url = newBucketUrl(facts, 'app01');
    await using machine = await machineOn(url, facts, {lockForMs: forMs, now: () => new Date(nowMs)});
    const ends = async () => {
      const found = new Map<string, number>();
      for (const {name} of await collect(machine.target.list('')))
        found.set(name, ((await machine.target.stat(name))?.lockedUntilMs ?? 0) - startMs);
      return found;
    };
    makeSmallTree(machine.source);
    await machine.backup();
    const first = await ends();
    expect(first.size).toBeGreaterThan(8);
    for (const [name, end] of first) expect(end, name).toBe(forMs);

    nowMs = startMs + HOUR_MS; // In the same quarter: nothing is locked anew.
    writeFileSync(join(machine.source, 'new'), noise(50_000, 'new'));
    await machine.backup();
    for (const [name, end] of await ends()) expect(end, name).toBe(first.has(name) ? forMs : forMs + HOUR_MS);

    nowMs = startMs + quarterMs;
    await machine.backup();
    const files = [...(await ends())].filter(([name]) => /^(files|agents)\/|^holdfast\.json$/.test(name));
    for (const [name, end] of files) expect(end, name).toBe(forMs + quarterMs);
    await machine.target[Symbol.asyncDispose]();
  });

  // B24
  test('a prune leaves what is locked for later, and says until when', async () => {
    const url = newBucketUrl(facts, 'app01');
    await using machine = await machineOn(url, facts, {lockForMs: 24 * HOUR_MS});
    makeSmallTree(machine.source);
    for (let i = 0; i < 2; i++) await machine.backup({full: true});
    const before = (await collect(machine.target.list('files/'))).length;
    const pruner = new Pruner(machine);
    const {swept} = await pruner.prune({last: 1}, {graceMs: 0});
    expect(swept).toMatchObject({objects: 0, generations: 0, locked: {length: 1}});
    expect(swept.locked[0]?.untilMs).toBeGreaterThan(Date.now() + 23 * HOUR_MS);
    expect(await machine.verify()).toMatchObject({ok: true, snapshots: 1});
    // What is marked waits, the mark lies beside it.
    expect(await collect(machine.target.list('files/'))).toHaveLength(before + 1);
    const {waiting, locked} = (await pruner.plan({last: 1})).sources[0]?.space ?? {};
    expect(locked).toEqual(waiting);
    await machine.target[Symbol.asyncDispose]();
  });

  // B24
  test('what a prune marked is not locked anew', async () => {
    const forMs = 24 * HOUR_MS;
    const quarterMs = forMs / 4;
    let nowMs = Date.now();
    const url = newBucketUrl(facts, 'app01');
    await using machine = await machineOn(url, facts, {lockForMs: forMs, now: () => new Date(nowMs)});
    const ends = async () =>
      new Map(
        await Promise.all(
          (await collect(machine.target.list('files/'))).map(
            async ({name}) => [name, (await machine.target.stat(name))?.lockedUntilMs ?? 0] as const,
          ),
        ),
      );
    const write = (name: string, seed: string) =>
      writeFileSync(join(machine.source, name), noise(50_000, seed));
    for (const seed of ['full', 'old', 'new']) {
      for (const name of ['passing-1', 'passing-2']) write(name, `${name} ${seed}`);
      write(`staying-${seed}`, seed);
      await machine.backup();
    }
    const pruner = new Pruner(machine);
    await pruner.prune({last: 1}, {graceMs: 0});
    const [repacked] = await pruner.repack();
    expect(repacked?.rewritten.objects).toBeGreaterThan(0);
    const before = await ends();

    nowMs += quarterMs;
    await machine.backup();
    const after = await ends();
    const kept = [...before.keys()].filter((name) => !name.includes('/marks/'));
    const same = kept.filter((name) => after.get(name) === before.get(name));
    for (const folder of ['packs', 'snapshots', 'seals'])
      expect(
        same.some((name) => name.includes(`/${folder}/`)),
        folder,
      ).toBe(true);
    for (const name of kept) if (!same.includes(name)) expect(after.get(name), name).toBe(nowMs + forMs);
    expect(same.filter((name) => name.includes('/packs/'))).toHaveLength(repacked?.rewritten.objects ?? 0);
    expect(same.length).toBeLessThan(kept.length);
    expect(await machine.verify()).toMatchObject({ok: true, problems: []});
    await machine.target[Symbol.asyncDispose]();
  });
});
