import {renameSync, unlinkSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {LockedError, PruneRefusedError} from '../../src/errors.ts';
import {idsOf, Pruner} from '../support/pruner.ts';
import {DAY_MS, HOUR_MS} from '../support/simulated-time.ts';
import {backUp, expectKept, setUp, stored} from './world.ts';

// A11, D8, C11
test('what no rule keeps is hidden at once and deleted after the time of grace; whole generations go by prefix', async () => {
  await using world = await setUp();
  const {machine, time, pruner} = world;
  const ids: string[] = [];
  for (let day = 0; day < 9; day++) {
    ids.push(await backUp(world, {full: day % 3 === 0}));
    time.pass(DAY_MS);
  }
  const before = stored(world, /\.pgp$/);
  const marked = await pruner.prune({last: 4});
  expect(idsOf(marked.plan)).toEqual({kept: ids.slice(5), removed: ids.slice(0, 5)});
  expect(marked.swept.objects).toBe(0);
  // Hidden for everybody, and everything is still there.
  expect((await machine.elsewhere()).history).toMatchObject({problems: [], sources: [{seals: {length: 4}}]});
  expect(stored(world, /\.pgp$/)).toEqual(before);
  await expectKept(world, ids.slice(5));
  time.pass(DAY_MS - HOUR_MS);
  expect((await pruner.prune({last: 4})).swept.objects).toBe(0);
  time.pass(HOUR_MS);
  const {swept} = await pruner.prune({last: 4});
  expect(swept).toMatchObject({generations: 1, locked: []});
  expect(stored(world, /^files\/[^/]*Z-[a-z2-7]{4}\//).map((name) => name.split('/')[1])).toEqual(
    expect.not.arrayContaining([before[0]?.split('/')[1]]),
  );
  // Of the middle generation one snapshot stays, and the seals that it builds on.
  expect(stored(world, /seals\/.*asc$/).length).toBe(6);
  await expectKept(world, ids.slice(5));
  expect((await pruner.plan({last: 4})).sources[0]).toMatchObject({
    space: {dead: {objects: 0}, waiting: {objects: 0}},
  });
  // The chain goes on, and a later mark takes the place of those that have nothing left to sweep.
  ids.push(await backUp(world));
  await pruner.prune({last: 2});
  time.pass(DAY_MS);
  await pruner.prune({last: 2});
  await expectKept(world, [ids[6], ids[8], ids[9]] as string[]);
  expect(stored(world, /marks\/.*asc$/)).toHaveLength(2);
  ids.push(await backUp(world));
  await pruner.prune({last: 2});
  expect(stored(world, /marks\/.*asc$/)).toHaveLength(1);
  expect((await machine.elsewhere()).history).toMatchObject({problems: [], sources: [{seals: {length: 3}}]});
});

// D7, D8: a deletion by somebody else is told from a prune.
test('without its mark a pruned history is a cut one; beside its mark, what somebody else deletes is found', async () => {
  await using world = await setUp();
  const {machine, pruner} = world;
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) ids.push(await backUp(world, {full: i === 3}));
  await pruner.prune({last: 3}, {graceMs: 0});
  await expectKept(world, ids.slice(3));
  const [mark = ''] = stored(world, /marks\/.*asc$/);
  const [seal = '', nextSeal = ''] = stored(world, /seals\/.*asc$/).sort();
  const saved = join(machine.folder, 'saved');
  const away = async (name: string, check: () => Promise<void>) => {
    renameSync(join(machine.repositoryFolder, name), saved);
    await check();
    renameSync(saved, join(machine.repositoryFolder, name));
  };
  await away(mark, async () => {
    expect((await machine.verify({level: 'structure'})).problems).toMatchObject([
      {problem: 'seals 1 to 3 of files before it: missing'},
    ]);
    // Nothing is pruned of a history that is not as it should be.
    const {plan, swept} = await pruner.prune({last: 1}, {graceMs: 0});
    expect(plan).toMatchObject({sources: [], problems: [{object: seal}]});
    expect(swept.objects).toBe(0);
  });
  await away(seal, async () => {
    expect((await machine.verify({level: 'structure'})).problems[0]).toMatchObject({
      problem: 'seal 4 of files before it: missing',
    });
  });
  await away(nextSeal, async () => {
    expect((await machine.verify({level: 'structure'})).problems.length).toBeGreaterThan(0);
  });
  const [pack = ''] = stored(world, /packs\/.*pgp$/);
  await away(pack, async () => {
    expect((await machine.verify({level: 'structure'})).problems).toMatchObject([
      {object: pack, problem: 'it is missing'},
    ]);
  });
  await expectKept(world, ids.slice(3));
});

test('a snapshot of the middle of a long line stays whole when all around it goes', async () => {
  await using world = await setUp();
  const {machine, time, pruner} = world;
  const ids: string[] = [];
  for (let hour = 0; hour < 40; hour++) {
    ids.push(await backUp(world));
    if (hour === 20) await pruner.setPin(ids[20] as string, true);
    time.pass(HOUR_MS);
    // A prune after each tenth: marks come and go.
    if (hour % 10 === 9) await pruner.prune({last: 2}, {graceMs: 0});
  }
  await expectKept(world, [ids[0], ids[20], ids[38], ids[39]] as string[]);
  expect(stored(world, /seals\/.*asc$/).length).toBeLessThan(40);
  ids.push(await backUp(world));
  expect((await machine.history()).sources[0]?.seals.at(-1)?.needs.base).not.toBeUndefined();
  await expectKept(world, [ids[0], ids[20], ids[38], ids[39], ids[40]] as string[]);
});

// D25, G5
test('the newest, the last verified full, what is pinned and what is proven stay; suspect and damaged ones take no place', async () => {
  await using world = await setUp();
  const {machine, time, pruner} = world;
  const ids: string[] = [];
  for (let day = 0; day < 4; day++) {
    ids.push(await backUp(world, {full: day === 2}));
    time.pass(DAY_MS);
  }
  // A full one of which a pack is lost: it is not the last verified full.
  ids.push(await backUp(world, {full: true}));
  const generation = (await machine.history()).sources[0]?.seals.at(-1)?.generation ?? '';
  const [pack = ''] = stored(world, new RegExp(`${generation}/packs/.*pgp$`));
  unlinkSync(join(machine.repositoryFolder, pack));
  time.pass(DAY_MS);
  const {kept} = (await pruner.plan({last: 1})).sources[0]?.decision ?? {kept: []};
  expect(kept.map(({seal, reasons}) => [ids.indexOf(seal.snapshot.id), reasons])).toEqual([
    [2, ['last verified full']],
    [3, ['newest good', 'last']],
    [4, ['newest', 'last']],
  ]);
  // A pin made on one machine holds for the prune of another; it needs no catalog, and can be taken away again.
  const other = new Pruner(machine, 'other');
  expect(await other.setPin(ids[0] as string, true)).toBe(true);
  expect(await other.setPin(ids[0] as string, true)).toBe(false);
  const trust = await pruner.trust();
  trust.approveOperators([(await other.operator()).getFingerprint()]);
  expect(idsOf(await pruner.plan({last: 1})).kept).toContain(ids[0]);
  await other.setPin(ids[0] as string, false);
  expect(idsOf(await pruner.plan({last: 1})).removed).toContain(ids[0]);
});

// D25: restic's append-only warning
test('many snapshots that somebody adds push nothing out, and an abnormal share is refused', async () => {
  await using world = await setUp();
  const {time, pruner} = world;
  const ids: string[] = [];
  for (let day = 0; day < 8; day++) {
    ids.push(await backUp(world));
    time.pass(DAY_MS);
  }
  for (let i = 0; i < 9; i++) await backUp(world);
  expect(idsOf(await pruner.plan({daily: 7})).kept).toEqual(expect.arrayContaining(ids.slice(2)));
  const refused = pruner.prune({last: 3}, {large: false});
  await expect(refused).rejects.toThrow(PruneRefusedError);
  await expect(refused).rejects.toThrow(
    'Of files, 13 of 17 snapshots would go, over half. Nothing was marked or deleted.',
  );
  expect(stored(world, /marks\//)).toEqual([]);
});

// B20, H3
test('a storage with another clock, and another prune: refused', async () => {
  await using world = await setUp();
  const {machine, time, pruner} = world;
  await backUp(world);
  const {context, history} = await pruner.look();
  const {prune} = await import('../../src/operations/prune/prune.ts');
  const run = (now: () => Date, host = 'pruner') =>
    prune(
      {...context, now, host},
      history,
      {retentionOf: () => ({last: 1}), graceMs: 0},
      {
        onPlan: () => {},
        confirm: async () => true,
      },
    );
  for (const [minutes, words] of [
    [-11, '11 minutes ahead of'],
    [11, '11 minutes behind'],
    [525_600, 'behind'],
  ] as const)
    await expect(run(() => new Date(time.ms + minutes * 60_000))).rejects.toThrow(words);
  // Another machine's lease holds for half an hour; one of a process here that is gone does not.
  const lease = (host: string) =>
    machine.target.replace(
      'leases/_prune.json',
      Buffer.from(JSON.stringify({host, pid: 4_194_305, started: '', renewed: ''})),
    );
  await lease('elsewhere');
  await expect(run(time.now)).rejects.toThrow(LockedError);
  await lease('pruner');
  expect(await run(time.now)).toMatchObject({done: true});
  await lease('elsewhere');
  time.pass(31 * 60_000);
  expect(await run(time.now)).toMatchObject({done: true});
});
