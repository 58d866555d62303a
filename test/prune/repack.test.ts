/** Packs that are partly dead are written anew: nothing that is kept is lost, whoever backs up, sweeps or crashes meanwhile. */
import {rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {replicate} from '../../src/operations/replicate.ts';
import {FileTarget} from '../../src/targets/file.ts';
import {CrashPoints, SavedState} from '../support/crash-points.ts';
import {DAY_MS} from '../support/simulated-time.ts';
import {describeTree, noise} from '../support/trees.ts';
import {expectKept, setUp, stored, type World, wrapped} from './world.ts';

/** One more snapshot: most of what it adds is gone from the next one, a part stays. */
async function backUp({machine, trees}: World, options: {full?: boolean} = {}): Promise<string> {
  const number = trees.size;
  for (let i = 0; i < 4; i++)
    writeFileSync(join(machine.source, `passing-${i}`), noise(30_000, `${number} ${i}`));
  writeFileSync(join(machine.source, `staying-${number}`), noise(10_000, `staying ${number}`));
  const {id} = await machine.backup(options);
  trees.set(String(id), describeTree(machine.source));
  return String(id);
}

/** Four days, of which the first and the last are kept. @returns their snapshots */
async function fourDays(world: World): Promise<[string, string]> {
  const ids: string[] = [];
  for (let day = 0; day < 4; day++) {
    ids.push(await backUp(world));
    world.time.pass(DAY_MS);
  }
  await world.pruner.prune({last: 1}, {graceMs: 0});
  await expectKept(world, [ids[0], ids[3]] as string[]);
  return [ids[0], ids[3]] as [string, string];
}

const packs = (world: World): string[] => stored(world, /packs\/.*pgp$/);
const packBytes = (world: World): number =>
  packs(world).reduce((sum, name) => sum + statSync(join(world.machine.repositoryFolder, name)).size, 0);

// A11, A14, H2
test('repacked packs are deleted once the next backup counts on the new ones; what is kept stays whole all the way', async () => {
  await using world = await setUp();
  const {machine, time, pruner} = world;
  const kept: string[] = await fourDays(world);
  const before = packBytes(world);
  const [done] = await pruner.repack();
  expect(done).toMatchObject({
    rewritten: {objects: expect.any(Number)},
    stored: {objects: expect.any(Number)},
  });
  expect(done?.rewritten.bytes).toBeGreaterThan(200_000);
  expect(done?.stored?.bytes).toBeLessThan(80_000);
  await expectKept(world, kept);
  // The old packs stay as long as the newest seal names them, however long that is.
  time.pass(3 * DAY_MS);
  expect((await pruner.prune({last: 1})).plan.sources[0]?.space.replaced.objects).toBe(
    done?.rewritten.objects,
  );
  expect(packBytes(world)).toBeGreaterThan(before);
  expect(await machine.verify({level: 'ciphertext'})).toMatchObject({problems: [], unfinished: 0});

  const stored = (await machine.backup()).bytes.stored;
  expect(stored).toBeLessThan(20_000); // Nothing is stored again.
  kept.push(String((await machine.history()).sources[0]?.seals.at(-1)?.snapshot.id));
  world.trees.set(kept.at(-1) as string, describeTree(machine.source));
  await expectKept(world, kept);
  const {swept} = await pruner.prune({last: 2});
  expect(swept.packs).toBe(done?.rewritten.objects);
  expect(packBytes(world)).toBeLessThan(before - 200_000);
  await expectKept(world, kept);
  expect(await pruner.repack()).toMatchObject([{rewritten: {objects: 0}, stored: undefined}]);

  // Life goes on: deduplication, a second repack, self-checks.
  kept.push(await backUp(world));
  time.pass(DAY_MS);
  const {selfCheck} = await machine.backup({}, {}, {selfCheck: {share: 1, everyMs: DAY_MS, mostBytes: 1e9}});
  expect(selfCheck).toMatchObject({listed: true, damaged: []});
});

// A11
test('a repack that crashes at any point harms nothing, and a later one completes', async () => {
  await using world = await setUp();
  const {machine, pruner, time} = world;
  const kept = await fourDays(world);
  const saved = new SavedState(machine);
  const goBack = (): void => {
    saved.restore();
    rmSync(join(machine.folder, 'pruner', 'seen.json')); // It remembers seals that there are no longer.
    machine.target = time.wrap(machine.target);
    machine.repository = {...machine.repository, target: machine.target};
  };
  for (let n = 1; ; n++) {
    goBack();
    const points = new CrashPoints(n);
    const outcome: unknown = await pruner
      .repack({}, points.target(machine.target))
      .catch((error: unknown) => error);
    const found = await machine.verify({level: 'structure'});
    expect(found.problems, `crashed ${points.crashed}`).toEqual([]);
    if (points.crashed === undefined) {
      expect(outcome).toMatchObject([{stored: {objects: expect.any(Number)}}]);
      break;
    }
    await machine.target.remove('leases/_prune.json');
    if (n % 6 !== 0) continue;
    await pruner.repack();
    const {id} = await machine.backup();
    await pruner.prune({last: 2}, {graceMs: 0});
    await pruner.prune({last: 2}, {graceMs: 0});
    world.trees.set(String(id), describeTree(machine.source));
    await expectKept(world, [...kept, String(id)]);
    expect(packBytes(world), `after ${points.crashed}`).toBeLessThan(400_000); // Without a repack it is more than half a megabyte.
  }
});

// H2, H4: what was dead comes to life while its pack is written anew.
test('a backup that seals beside a repack keeps the packs that it counts on', async () => {
  await using world = await setUp();
  const {machine, pruner, time} = world;
  const kept: string[] = await fourDays(world);
  let isDone = false;
  const target = {
    ...wrapped(machine.target),
    put: async (name: string, body: Uint8Array) => {
      if (name.includes('/marks/') && !isDone) {
        isDone = true;
        writeFileSync(join(machine.source, 'again'), noise(30_000, '2 1')); // Of a snapshot that was pruned.
        const {id, bytes} = await machine.backup();
        expect(bytes.new).toBeLessThan(5_000); // The catalog knows it.
        kept.push(String(id));
        world.trees.set(String(id), describeTree(machine.source));
      }
      await machine.target.put(name, body);
    },
  };
  await pruner.repack({}, target);
  expect(isDone).toBe(true);
  time.pass(2 * DAY_MS);
  expect((await pruner.prune({last: 9})).swept.packs).toBe(0);
  await expectKept(world, kept);
  kept.push(await backUp(world));
  time.pass(2 * DAY_MS);
  await pruner.prune({last: 9});
  // The next one takes in what came to life.
  await pruner.repack({threshold: 0.01});
  kept.push(await backUp(world));
  time.pass(2 * DAY_MS);
  expect((await pruner.prune({last: 9})).swept.packs).toBeGreaterThan(0);
  await expectKept(world, kept);
});

// C6, C7
test('an old image of the machine, a rebuilt catalog and a copy go on after a repack', async () => {
  await using world = await setUp();
  const {machine, pruner, time} = world;
  const image = new SavedState(machine);
  machine.target = time.wrap(machine.target);
  machine.repository = {...machine.repository, target: machine.target};
  const kept: string[] = await fourDays(world);
  const old = new SavedState(machine, 'old');
  machine.target = time.wrap(machine.target);
  machine.repository = {...machine.repository, target: machine.target};
  await pruner.repack();
  kept.push(await backUp(world));
  time.pass(DAY_MS);
  expect((await pruner.prune({last: 2})).swept.packs).toBeGreaterThan(0);
  const bytes = packBytes(world);
  for (const state of [old, image]) {
    state.restore(['state']); // The second knows nothing: its catalog is empty.
    machine.target = time.wrap(machine.target);
    machine.repository = {...machine.repository, target: machine.target};
    machine.trust.approve([machine.agent.fingerprint]);
    time.pass(DAY_MS);
    const {id} = await machine.backup();
    kept.push(String(id));
    world.trees.set(String(id), describeTree(machine.source));
    expect(packBytes(world) - bytes).toBeLessThan(30_000);
  }
  const copy = new FileTarget(join(machine.folder, 'copy'));
  const {repository, agents, trust, history} = await machine.elsewhere();
  expect((await replicate({repository, agents, trust, concurrency: 2}, history, copy)).problems).toEqual([]);
  machine.target = copy;
  await expectKept(world, kept);
});
