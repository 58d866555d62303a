import {createHash} from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {BackedUp} from '../../src/operations/backup.ts';
import {rebuildCatalog} from '../../src/operations/rebuild-catalog.ts';
import {CrashPoints, SavedState} from '../support/crash-points.ts';
import {CutOffError, faulty, recording} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';
import {describeTree, noise} from '../support/trees.ts';

/** So small that a few files fill several packs. */
const PACK_BYTES = 40_000;

/** A machine with one snapshot, and edits that the next one has to take in. */
async function machineWithOneSnapshot(): Promise<{machine: Machine; first: BackedUp; before: unknown}> {
  const machine = await Machine.create();
  mkdirSync(join(machine.source, 'folder'));
  for (let i = 0; i < 6; i++)
    writeFileSync(join(machine.source, 'folder', `file-${i}`), noise(30_000, `first ${i}`));
  const first = await machine.backup({}, {}, {packBytes: PACK_BYTES});
  const before = describeTree(machine.source);
  for (let i = 0; i < 6; i++) writeFileSync(join(machine.source, `new-${i}`), noise(30_000, `second ${i}`));
  appendFileSync(join(machine.source, 'folder', 'file-0'), 'more');
  rmSync(join(machine.source, 'folder', 'file-5'));
  return {machine, first, before};
}

/** Restores elsewhere. */
async function restored(machine: Machine, reference: string): Promise<unknown> {
  const to = join(machine.folder, 'restored');
  rmSync(to, {recursive: true, force: true});
  expect(await machine.restore(reference, to)).toMatchObject({warnings: [], damaged: []});
  return describeTree(to);
}

/** Every object that bears the hash of its content as its name, whether a seal names it or not. */
function hashNamedObjects(folder: string): string[] {
  const names = readdirSync(folder, {recursive: true, encoding: 'utf8'});
  return names.filter((name) => /\/(packs\/..|index)\/[0-9a-f]{64}\.pgp$/.test(name));
}

function expectWholeObjects(machine: Machine): void {
  for (const name of hashNamedObjects(machine.repositoryFolder)) {
    const hash = createHash('sha256')
      .update(readFileSync(join(machine.repositoryFolder, name)))
      .digest('hex');
    expect(name).toContain(hash);
  }
  const all = readdirSync(machine.repositoryFolder, {recursive: true, encoding: 'utf8'});
  expect(all.filter((name) => name.endsWith('.part'))).toEqual([]);
}

// A1-A10: before and after every write to the storage; before, in and after every transaction of the catalog.
test('an incremental that crashes at any point harms nothing, and a rerun completes', async () => {
  const {machine, first, before} = await machineWithOneSnapshot();
  await using _ = machine;
  const after = describeTree(machine.source);
  const saved = new SavedState(machine);
  const seen = new Set<string>();
  for (let n = 1; ; n++) {
    saved.restore();
    const points = new CrashPoints(n);
    const repository = {...machine.repository, target: points.target(machine.target)};
    const catalog = points.catalog(machine.catalog);
    const outcome: unknown = await machine
      .backup({}, {}, {repository, catalog, packBytes: PACK_BYTES, workers: n % 3, concurrency: 1 + (n % 4)})
      .catch((error: unknown) => error);
    if (points.crashed === undefined) {
      expect(outcome).toMatchObject({kind: 'incremental', parent: first.id, sequence: 2});
      expect(n, 'fewer crash points than there are writes').toBeGreaterThan(25);
      break;
    }
    const where = `point ${n}, ${points.crashed}`;
    expect(outcome, where).toBeInstanceOf(CutOffError);
    seen.add(
      points.crashed.replace(/[0-9a-f]{16,}|\d{8}T\w+-\w+|[0-9a-f]{2}\//g, '*').replace(/\d{10}/, '#'),
    );
    machine.openState();

    const seals = (await machine.elsewhere()).history.sources[0]?.seals ?? [];
    const isSealed = seals.length === 2;
    expect(seals[0]?.snapshot.id, where).toBe(first.id);
    // A6, A7: nothing is called a snapshot that has no seal, and what is unfinished is no problem.
    expect(await machine.verify(), where).toMatchObject({
      ok: true,
      problems: [],
      snapshots: isSealed ? 2 : 1,
    });
    expectWholeObjects(machine);
    expect(await restored(machine, String(first.id)), where).toEqual(before);

    // A8, A9: a seal that is stored is adopted; the next one follows it.
    const rerun = await machine.backup({}, {}, {packBytes: PACK_BYTES});
    expect(rerun, where).toMatchObject({
      kind: 'incremental',
      sequence: isSealed ? 3 : 2,
      parent: isSealed ? seals[1]?.snapshot.id : first.id,
      generation: first.generation,
      warnings: [],
    });
    if (isSealed) expect(rerun.bytes.new, where).toBe(0);
    expect(await machine.verify(), where).toMatchObject({
      ok: true,
      problems: [],
      snapshots: isSealed ? 3 : 2,
    });
    expect(await restored(machine, 'latest'), where).toEqual(after);
    expect(machine.catalog.integrity(), where).toBe('ok');
  }
  for (const point of ['put files/*/packs/**.pgp', 'put files/*/index/*.pgp', 'put files/*/snapshots/*.pgp'])
    for (const side of ['before', 'after']) expect([...seen]).toContain(`${side} ${point}`);
  expect([...seen]).toContain('after put files/*/seals/#-*.asc');
});

/** Many packs, and several index objects on the way. */
function fillForManyPacks(machine: Machine): void {
  for (let i = 0; i < 22; i++) writeFileSync(join(machine.source, `mib-${i}`), noise(2 ** 20, `mib ${i}`));
}

/** Three uploads make the packer wait, but each slot that it has handed over by then may yield several of such small packs. */
const UNDER_WAY = 10;

function packsOf(machine: Machine): Map<string, number> {
  return new Map(
    hashNamedObjects(machine.repositoryFolder)
      .filter((name) => name.includes('/packs/'))
      .map((name) => [name.slice(-68, -4), statSync(join(machine.repositoryFolder, name)).size]),
  );
}

// A1, A3, A5: a full backup, with worker threads and several uploads at once.
test.each([0, 1, 2])(
  'what a full backup stored before it crashed is not stored again (%i workers)',
  async (workers) => {
    await using machine = await Machine.create();
    fillForManyPacks(machine);
    const expected = describeTree(machine.source);
    const saved = new SavedState(machine);
    const settings = {packBytes: 2 ** 20, workers, concurrency: 3};
    const random = seeded(`full ${workers}`);
    const total = 22 * 2 ** 20;
    for (let round = 0; round < 2; round++) {
      saved.restore();
      const points = new CrashPoints(3 + Math.floor(random() * 95));
      const repository = {...machine.repository, target: points.target(machine.target)};
      const crash = machine.backup(
        {},
        {},
        {...settings, repository, catalog: points.catalog(machine.catalog)},
      );
      await expect(crash).rejects.toThrow(CutOffError);
      const where = `crashed ${points.crashed}`;
      machine.openState();
      expectWholeObjects(machine);
      const stored = packsOf(machine);
      const generation = machine.catalog.generations.newest('files');
      // The catalog is lost in every second round: then the index objects tell what is stored.
      const isLost = round % 2 === 1;
      const booked = generation === undefined ? [] : machine.catalog.blobs.packs(generation.id);
      const unindexed = generation === undefined ? [] : machine.catalog.blobs.unindexed(generation.id);
      if (isLost) {
        machine.catalog[Symbol.dispose]();
        for (const side of ['', '-wal', '-shm']) rmSync(machine.catalogPath + side, {force: true});
        machine.openState();
      }
      expect(booked.length, where).toBeLessThanOrEqual(stored.size);
      for (const {name} of booked) expect(stored.has(name), `${where}: booked, but not stored`).toBe(true);
      expect(stored.size - booked.length, `${where}: stored, but not booked`).toBeLessThanOrEqual(UNDER_WAY);
      expect(unindexed.length, `${where}: booked, but in no index`).toBeLessThanOrEqual(8 + UNDER_WAY);

      const log = recording(machine.target);
      const repositoryAgain = {...machine.repository, target: log.target};
      await machine.backup({}, {}, {...settings, repository: repositoryAgain});
      const put = log.calls.filter(({operation, name}) => operation === 'put' && name.includes('/packs/'));
      const putBytes = put.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0);
      const lost = new Set(isLost ? unindexed.map(({name}) => name) : []);
      const kept = booked.filter(({name}) => !lost.has(name)).reduce((sum, {size}) => sum + size, 0);
      expect(putBytes, where).toBeLessThan(total - kept + 200_000);
      expect(await machine.verify(), where).toMatchObject({ok: true, problems: [], snapshots: 1});
      expect(await restored(machine, 'latest'), where).toEqual(expected);
    }
  },
);

// A5: whoever has only the repository knows what was stored up to the last index object.
test('every eight packs, an index object tells what is stored: it outlives the catalog', async () => {
  await using machine = await Machine.create();
  fillForManyPacks(machine);
  const settings = {packBytes: 2 ** 20, workers: 0, concurrency: 1};
  const target = faulty(machine.target, [
    {operation: 'put', call: 20, how: 'forever', matching: /\/packs\//, error: () => new CutOffError()},
  ]);
  const cut = machine.backup({}, {}, {...settings, repository: {...machine.repository, target}});
  await expect(cut).rejects.toThrow(CutOffError);
  const index = hashNamedObjects(machine.repositoryFolder).filter((name) => name.includes('/index/'));
  expect(index.length).toBeGreaterThanOrEqual(2);
  machine.catalog[Symbol.dispose]();
  for (const side of ['', '-wal', '-shm']) rmSync(machine.catalogPath + side, {force: true});
  machine.openState();
  const {bytes, kind} = await machine.backup({}, {}, settings);
  expect(kind).toBe('full');
  expect(bytes.new).toBeLessThan((22 - 16) * 2 ** 20 + 100_000);
  expect(await machine.verify()).toMatchObject({ok: true, problems: []});
});

// A9: the process lives on, but does not know whether its seal is stored.
test('a seal whose acknowledgement is lost is adopted by the next run: no fork', async () => {
  const {machine, first} = await machineWithOneSnapshot();
  await using _ = machine;
  const target = faulty(machine.target, [
    {operation: 'put', call: 1, how: 'afterDoing', matching: /\/seals\//},
  ]);
  await expect(machine.backup({}, {}, {repository: {...machine.repository, target}})).rejects.toMatchObject({
    exitCode: 13,
  });
  const [, unknown] = (await machine.elsewhere()).history.sources[0]?.seals ?? [];
  expect(unknown).toMatchObject({sequence: 2});
  const next = await machine.backup();
  expect(next).toMatchObject({sequence: 3, parent: unknown?.snapshot.id, generation: first.generation});
  expect(next.bytes.new).toBe(0);
  expect(await machine.verify()).toMatchObject({ok: true, snapshots: 3});
  expect(machine.catalog.snapshots.count()).toBe(3);
});

// A14
test.each(['generation.pgp', 'agent.pgp'])(
  'a generation that ended after %s is no newest full',
  async (last) => {
    const {machine, first} = await machineWithOneSnapshot();
    await using _ = machine;
    const target = faulty(machine.target, [
      {
        operation: 'put',
        call: 1,
        how: 'afterDoing',
        matching: new RegExp(last),
        error: () => new CutOffError(),
      },
    ]);
    const cut = machine.backup({full: true}, {}, {repository: {...machine.repository, target}});
    await expect(cut).rejects.toThrow(CutOffError);
    const {history} = await machine.elsewhere();
    expect(history).toMatchObject({problems: [], sources: [{seals: [{sequence: 1}]}]});
    const [, begun] = history.sources[0]?.generations ?? [];
    expect(await machine.verify()).toMatchObject({
      ok: true,
      snapshots: 1,
      unfinished: last === 'agent.pgp' ? 2 : 1,
    });

    // The catalog can be rebuilt beside it,
    const rebuilt = await rebuildCatalog(
      {repository: machine.repository, catalog: machine.catalog, agent: machine.agent},
      await machine.history(),
    );
    expect(rebuilt.skipped.map(({generation}) => generation)).toEqual(last === 'agent.pgp' ? [] : [begun]);
    // an ordinary run goes on in the generation that has a snapshot,
    expect(await machine.backup()).toMatchObject({kind: 'incremental', generation: first.generation});
    // and the next full one takes up what was begun, where it can.
    const full = await machine.backup({full: true});
    expect(full).toMatchObject({kind: 'full', sequence: 3});
    if (last === 'agent.pgp') expect(full.generation).toBe(begun);
    else expect(full.generation > String(begun)).toBe(true);
    expect(await machine.verify()).toMatchObject({ok: true, snapshots: 3});
  },
);

// B1: a storage that cannot be read just now is no reason to store everything anew.
test('a failing storage starts no new generation', async () => {
  const {machine} = await machineWithOneSnapshot();
  await using _ = machine;
  for (const side of ['', '-wal', '-shm']) rmSync(machine.catalogPath + side, {force: true});
  machine.openState();
  const target = faulty(machine.target, [{operation: 'get', call: 1, matching: /agent\.pgp$/}]);
  await expect(machine.backup({}, {}, {repository: {...machine.repository, target}})).rejects.toMatchObject({
    exitCode: 13,
  });
  expect((await machine.elsewhere()).history.sources[0]?.generations).toHaveLength(1);
});

// A2: what a killed run left half-written goes away; what may still be written stays.
test('half-written objects are swept by the next run, a day later', async () => {
  const {machine} = await machineWithOneSnapshot();
  await using _ = machine;
  const folder = join(machine.repositoryFolder, 'files');
  const part = (id: number) => join(folder, `x.pgp.0000000${id}-0000-4000-8000-000000000000.part`);
  writeFileSync(part(1), 'old');
  const yesterday = Date.now() / 1000 - 25 * 3600;
  utimesSync(part(1), yesterday, yesterday);
  writeFileSync(part(2), 'young');
  await machine.backup();
  expect([existsSync(part(1)), existsSync(part(2))]).toEqual([false, true]);
  expect(await machine.verify()).toMatchObject({ok: true, problems: []});
});

function seeded(seed: string): () => number {
  let count = 0;
  return () => createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32LE() / 2 ** 32;
}
