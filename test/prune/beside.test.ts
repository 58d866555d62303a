/** A backup beside a prune, and machines that were away while one ran. */
import {readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {LockedError} from '../../src/errors.ts';
import {replicate} from '../../src/operations/replicate.ts';
import {FileTarget} from '../../src/targets/file.ts';
import type {Target} from '../../src/targets/target.ts';
import {CrashPoints, SavedState} from '../support/crash-points.ts';
import {Pruner} from '../support/pruner.ts';
import {DAY_MS, HOUR_MS} from '../support/simulated-time.ts';
import {noise} from '../support/trees.ts';
import {backUp, expectKept, setUp, stored, type World, wrapped} from './world.ts';

/** A run that is cut off when its packs and their index are stored. */
async function cutOffRun({machine, trees}: World, options: {full?: boolean} = {}): Promise<void> {
  writeFileSync(
    join(machine.source, `cut-${trees.size}`),
    noise(200_000, `cut ${trees.size} ${options.full}`),
  );
  const cut: Target = {
    ...wrapped(machine.target),
    put: async (name, body) => {
      if (name.includes('/snapshots/')) throw new Error('cut off');
      await machine.target.put(name, body);
    },
  };
  const repository = {...machine.repository, target: cut};
  await expect(machine.backup(options, {}, {repository})).rejects.toThrow('cut off');
}

/** Does something once, right before the first call that `matches`. */
function meanwhile(
  target: Target,
  matches: (operation: string, name: string) => boolean,
  work: () => Promise<unknown>,
): Target {
  let isDone = false;
  const before = async (operation: string, name: string): Promise<void> => {
    if (isDone || !matches(operation, name)) return;
    isDone = true;
    await work();
  };
  return {
    ...wrapped(target),
    put: async (name, body, options) => {
      await before('put', name);
      await target.put(name, body, options);
    },
    list: async function* (prefix, options) {
      await before('list', prefix);
      yield* target.list(prefix, options);
    },
  };
}

// A3, A5, A14, H2
test('what a killed run left stays while it may go on, is marked when it is old, and a later run stores it again', async () => {
  await using world = await setUp();
  const {machine, time, pruner} = world;
  const ids = [await backUp(world)];
  await cutOffRun(world);
  await cutOffRun(world, {full: true}); // A generation without a seal.
  const left = stored(world, /packs\/.*pgp$/).length;
  expect((await pruner.plan({last: 9})).sources[0]?.space).toMatchObject({dead: {objects: 0}});
  time.pass(23 * HOUR_MS);
  expect((await pruner.plan({last: 9})).sources[0]?.space.unfinished.objects).toBeGreaterThan(3);
  // Who holds the lease of the source is at work, however old its objects are.
  time.pass(10 * DAY_MS);
  await machine.target.replace('leases/files.json', Buffer.from('{}'));
  expect((await pruner.plan({last: 9})).sources[0]?.space.dead.objects).toBe(0);
  time.pass(31 * 60_000);
  expect((await pruner.prune({last: 9})).plan.sources[0]).toMatchObject({
    generations: {length: 1},
    objects: {length: 1},
  });
  expect(stored(world, /packs\/.*pgp$/)).toHaveLength(left);
  // The catalog knows these packs; a backup relies on none of them.
  ids.push(await backUp(world));
  time.pass(DAY_MS);
  expect((await pruner.prune({last: 9})).swept).toMatchObject({generations: 1});
  await expectKept(world, ids);
  // The next full one does not go on in the generation that is gone.
  ids.push(await backUp(world, {full: true}));
  await expectKept(world, ids);
});

// H2, H4: every interleaving of a mark and a seal that counts on what is marked.
test.each([
  [
    'before its last look',
    (operation: string, name: string) => operation === 'put' && name.includes('/snapshots/'),
  ],
  ['at its last look', (operation: string, name: string) => operation === 'list' && name === 'files/marks/'],
])('a run whose packs are marked %s seals nothing; the next one is whole', async (_, when) => {
  await using world = await setUp();
  const {machine, time, pruner} = world;
  const ids = [await backUp(world)];
  await cutOffRun(world);
  time.pass(2 * DAY_MS);
  let looks = 0;
  const target = meanwhile(
    machine.target,
    // The first listing of marks is at the start of the run.
    (operation, name) => when(operation, name) && (operation === 'put' || ++looks === 2),
    async () => {
      // A store without leases: nothing tells the prune that somebody is at work.
      await machine.target.remove('leases/files.json');
      time.pass(2 * DAY_MS);
      await pruner.prune({last: 9});
    },
  );
  const seals = stored(world, /seals\//).length;
  const run = machine.backup({}, {}, {repository: {...machine.repository, target}});
  await expect(run).rejects.toThrow(LockedError);
  expect(stored(world, /seals\//)).toHaveLength(seals);
  time.pass(DAY_MS);
  await pruner.prune({last: 9});
  ids.push(await backUp(world));
  await expectKept(world, ids);
});

test('a seal that arrives after the mark, without having seen it, is found by the sweep, and keeps its packs', async () => {
  await using world = await setUp();
  const {machine, time, pruner} = world;
  const ids = [await backUp(world)];
  await cutOffRun(world);
  time.pass(2 * DAY_MS);
  // Between its last look and its seal.
  const target = meanwhile(
    machine.target,
    (operation, name) => operation === 'put' && name.includes('/seals/'),
    async () => {
      await machine.target.remove('leases/files.json');
      time.pass(2 * DAY_MS);
      expect((await pruner.prune({last: 9})).plan.sources[0]?.objects).toHaveLength(1);
    },
  );
  const {id} = await machine.backup({}, {}, {repository: {...machine.repository, target}});
  time.pass(2 * DAY_MS);
  await pruner.prune({last: 9});
  expect((await machine.verify({level: 'content'})).problems).toEqual([]);
  await machine.restored(id);
  ids.push(String(id), await backUp(world));
  expect((await machine.verify({level: 'content'})).problems).toEqual([]);
});

// C6, C7
test('an old image of the machine, whose last snapshots were pruned meanwhile, goes on cleanly', async () => {
  await using world = await setUp();
  const {machine, time, pruner} = world;
  await backUp(world, {full: true});
  const image = new SavedState(machine);
  const ids: string[] = [];
  for (let day = 0; day < 5; day++) {
    time.pass(DAY_MS);
    ids.push(await backUp(world, {full: day === 1}));
  }
  await pruner.prune({last: 2}, {graceMs: 0});
  image.restore(['state']);
  machine.target = world.time.wrap(machine.target);
  machine.repository = {...machine.repository, target: machine.target};
  time.pass(DAY_MS);
  ids.push(await backUp(world));
  expect((await machine.history()).problems).toEqual([]);
  // The generation that is gone is forgotten, with the names of its files.
  expect(machine.catalog.generations.all()).toHaveLength(1);
  await expectKept(world, [ids[1], ...ids.slice(-3)] as string[]);
});

test('a rebuilt catalog and a machine that meets the repository only now see the same', async () => {
  await using world = await setUp();
  const {machine, pruner} = world;
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push(await backUp(world, {full: i === 2}));
  await pruner.prune({last: 2}, {graceMs: 0});
  machine.catalog[Symbol.dispose]();
  for (const name of readdirSync(join(machine.folder, 'state')))
    if (name.startsWith('catalog')) rmSync(join(machine.folder, 'state', name));
  machine.openState();
  ids.push(await backUp(world));
  await expectKept(world, ids.slice(2));
});

test('a copy that is made after a prune has its marks; one that was made before keeps what it has', async () => {
  await using world = await setUp();
  const {machine, pruner} = world;
  const ids: string[] = [];
  const copies = ['old', 'new'].map((name) => new FileTarget(join(machine.folder, name)));
  const [old, fresh] = copies as [FileTarget, FileTarget];
  const copy = async (to: Target) => {
    const {repository, agents, trust, history} = await machine.elsewhere();
    expect((await replicate({repository, agents, trust, concurrency: 2}, history, to)).problems).toEqual([]);
  };
  for (let i = 0; i < 4; i++) ids.push(await backUp(world));
  await copy(old);
  await pruner.prune({last: 2}, {graceMs: 0});
  ids.push(await backUp(world));
  await copy(old);
  await copy(fresh);
  const plain = machine.target;
  for (const [target, count] of [
    [old, 5],
    [fresh, 4],
  ] as const) {
    machine.target = target;
    // The first one is kept as the last verified full.
    await expectKept(world, count === 5 ? ids : ([ids[0], ...ids.slice(2)] as string[]));
  }
  machine.target = plain;
  // What was pruned in the copy alone is not copied there again.
  const there = new Pruner(machine, 'there');
  await there.prune({last: 1}, {graceMs: 0}, old);
  await copy(old);
  machine.target = old;
  await expectKept(world, [ids[0], ids[4]] as string[]);
});

// D13, D14: marks of somebody whom nobody approved
test('marks of an operator whom nobody approved hide and delete nothing', async () => {
  await using world = await setUp();
  const {machine, time, pruner} = world;
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push(await backUp(world));
  await pruner.prune({last: 3});
  const stranger = new Pruner(machine, 'stranger');
  await stranger
    .trust()
    .then(async (trust) => trust.approveOperators([(await pruner.operator()).getFingerprint()]));
  await stranger.prune({last: 1});
  time.pass(2 * DAY_MS);
  const {history, context} = await pruner.look();
  expect(history.sources[0]?.seals).toHaveLength(4);
  expect(history.problems).toMatchObject([
    {problem: expect.stringContaining((await stranger.operator()).getFingerprint())},
  ]);
  expect((await pruner.prune({last: 1})).swept.objects).toBe(0);
  // Backups go on, and rely on nothing that is not sealed.
  await cutOffRun(world);
  ids.push(await backUp(world));
  // Who meets two operators at once believes neither: nothing is hidden, and the marks are named.
  const {problems, snapshots} = await machine.verify({level: 'content'});
  expect(snapshots).toBe(ids.length);
  expect(problems.map(({object}) => object.split('/')[1])).toEqual(['marks', 'marks']);
  context.trust.approveOperators([(await stranger.operator()).getFingerprint()]);
  expect((await pruner.look()).history).toMatchObject({problems: []});
});

// A11
test('a prune that crashes at any point harms nothing that stays, and a rerun completes', async () => {
  await using world = await setUp();
  const {machine, pruner, time} = world;
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    ids.push(await backUp(world, {full: i === 2}));
    time.pass(HOUR_MS);
  }
  await pruner.operator();
  const saved = new SavedState(machine);
  for (let n = 1; ; n++) {
    saved.restore();
    machine.target = time.wrap(machine.target);
    machine.repository = {...machine.repository, target: machine.target};
    const points = new CrashPoints(n);
    const outcome: unknown = await pruner
      .prune({last: 2}, {graceMs: 0}, points.target(machine.target))
      .catch((error: unknown) => error);
    const found = await machine.verify({level: 'structure'});
    expect(found.problems, `crashed ${points.crashed}`).toEqual([]);
    if (points.crashed === undefined) {
      expect(outcome).toMatchObject({done: true, swept: {generations: 1}});
      break;
    }
    await machine.target.remove('leases/_prune.json');
    await pruner.prune({last: 2}, {graceMs: 0});
    expect(await machine.verify({level: 'structure'}), `after ${points.crashed}`).toMatchObject({
      problems: [],
      snapshots: 3,
      marked: 0,
    });
    if (n % 10 === 1) await expectKept(world, ids.slice(2));
  }
  await expectKept(world, ids.slice(2));
});
