import {appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {expect, test} from 'vitest';
import {type BackupOptions, backup} from '../../src/operations/backup.ts';
import {verify} from '../../src/operations/verify.ts';
import {trustedAgents} from '../../src/repository/agents.ts';
import {sealObject} from '../../src/repository/layout.ts';
import type {CheckedSeal} from '../../src/repository/seal.ts';
import {SavedState} from '../support/crash-points.ts';
import {Machine} from '../support/machine.ts';
import {describeTree} from '../support/trees.ts';

/** A machine with that many snapshots, each of another file. */
async function machineWithSnapshots(count: number): Promise<Machine> {
  const machine = await Machine.create();
  for (let n = 1; n <= count; n++) await backupNumber(machine, n);
  return machine;
}

async function backupNumber(machine: Machine, n: number, options = {}) {
  writeFileSync(join(machine.source, `file-${n}`), `content ${n}`);
  return machine.backup(options);
}

async function seals(machine: Machine): Promise<readonly CheckedSeal[]> {
  return (await machine.elsewhere()).history.sources[0]?.seals ?? [];
}

async function sealPath(machine: Machine, sequence: number): Promise<string> {
  const seal = (await seals(machine)).find((candidate) => candidate.sequence === sequence);
  if (seal === undefined) throw new Error(`There is no seal ${sequence}.`);
  return join(machine.repositoryFolder, sealObject(seal, seal.sequence, seal.snapshot.id));
}

/** Verifies on this machine, with its memory. */
async function verifyHere(machine: Machine) {
  const {keys: agents} = await trustedAgents(machine.repository, machine.trust);
  const history = await machine.history();
  return verify({repository: machine.repository, agents, key: machine.privateKey}, history, {
    level: 'content',
  });
}

/** Backs up as the command does: with what is wrong beside what was made. */
async function backupResult(machine: Machine, options: BackupOptions = {}) {
  return backup(await machine.context(), [machine.sourceConfig()], options);
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8((bytes[200] as number) ^ 1, 200);
  writeFileSync(path, bytes);
}

type Damage = [name: string, make: (machine: Machine, saved: SavedState) => Promise<void>, message: RegExp];

const ends: Damage[] = [
  [
    'the storage rolled back to the third snapshot', // C9, D5
    async (_, saved) => saved.restore(['repository']),
    /the storage has seal 3 as its newest, older than seal 5 seen before/,
  ],
  [
    'the newest seal deleted', // D7
    async (machine) => rmSync(await sealPath(machine, 5)),
    /the storage has seal 4 as its newest, older than seal 5/,
  ],
  [
    'the newest seal damaged', // D1
    async (machine) => appendFileSync(await sealPath(machine, 5), 'x'),
    /seals\/0000000005-/,
  ],
  [
    'a seal of nobody, with the highest of all numbers', // D10
    async (machine) =>
      writeFileSync(join(dirname(await sealPath(machine, 5)), '9999999999-0123456789abcdef.asc'), 'x'),
    /seals\/9999999999-/,
  ],
  [
    'a seal of nobody, with the number of the newest', // D11
    async (machine) =>
      writeFileSync(join(dirname(await sealPath(machine, 5)), '0000000005-0123456789abcdef.asc'), 'x'),
    /seals\/0000000005-0123456789abcdef/,
  ],
  [
    'all seals gone', // B14
    async (machine) => rmSync(dirname(await sealPath(machine, 5)), {recursive: true}),
    /the storage has no seal as its newest/,
  ],
];

test.each(ends)(
  '%s: exit 4, until the operator accepts it; then only that is accepted',
  async (_, make, message) => {
    await using machine = await machineWithSnapshots(3);
    const saved = new SavedState(machine);
    for (const n of [4, 5]) await backupNumber(machine, n);
    await make(machine, saved);
    const before = readdirSync(machine.repositoryFolder, {recursive: true}).sort();

    for (const options of [{}, {full: true}]) {
      await expect(backupNumber(machine, 6, options)).rejects.toMatchObject({
        exitCode: 4,
        code: 'TAMPERED',
        message,
      });
    }
    expect(readdirSync(machine.repositoryFolder, {recursive: true}).sort(), 'nothing was written').toEqual(
      before,
    );
    const memory = readFileSync(machine.trustPath, 'utf8');
    expect(await machine.backup({acceptHistory: true, dryRun: true})).toMatchObject({id: null});
    expect(readFileSync(machine.trustPath, 'utf8'), 'a dry run accepts nothing').toBe(memory);

    const accepted = await machine.backup({acceptHistory: true});
    expect(accepted).toMatchObject({sequence: 6});
    machine.openState();
    const next = await backupNumber(machine, 7);
    expect(next).toMatchObject({sequence: 7, parent: accepted.id, kind: 'incremental'});
    expect(await verifyHere(machine)).toMatchObject({ok: true, problems: []});
    // Another machine has accepted nothing: it still reports what is not as it should be, if the storage shows it.
    const to = join(machine.folder, 'restored');
    await machine.restore('latest', to);
    expect(describeTree(to)).toEqual(describeTree(machine.source));

    // What happens later was not accepted: here, to a seal that was among the accepted ones. Being old, it stops no backup.
    const path = await sealPath(machine, (await seals(machine))[0]?.sequence ?? 0);
    flip(path);
    const told = await verifyHere(machine);
    expect(told.ok).toBe(false);
    expect(told.problems.map(({object}) => basename(object))).toContain(basename(path));
    const {snapshots, problems} = await backupResult(machine);
    expect(snapshots).toMatchObject([{sequence: 8}]);
    expect(problems.map(({object}) => basename(object))).toContain(basename(path));
    rmSync(await sealPath(machine, 8));
    await expect(machine.backup()).rejects.toMatchObject({code: 'TAMPERED'});
  },
);

const below: Damage[] = [
  [
    'a middle seal deleted', // D8
    async (machine) => rmSync(await sealPath(machine, 3)),
    /seal 3 of files before it: missing/,
  ],
  ['the first seal damaged', async (machine) => flip(await sealPath(machine, 1)), /seals\/0000000001-/], // D1
  ['the seal before the newest damaged', async (machine) => flip(await sealPath(machine, 4)), /0000000004-/],
  [
    'a seal of nobody beside an old one', // D11
    async (machine) =>
      writeFileSync(join(dirname(await sealPath(machine, 5)), '0000000002-0123456789abcdef.asc'), 'x'),
    /seals\/0000000002-0123456789abcdef/,
  ],
  [
    'something else among the seals', // D23
    async (machine) => writeFileSync(join(dirname(await sealPath(machine, 5)), 'notes.txt'), 'x'),
    /it is not named like a seal/,
  ],
];

// An old seal that rots must not stop a machine from protecting what is new.
test.each(below)(
  '%s: the backup goes on and reports it, each time, until it is accepted',
  async (_, make, message) => {
    await using machine = await machineWithSnapshots(5);
    await make(machine, new SavedState(machine));
    for (const sequence of [6, 7]) {
      writeFileSync(join(machine.source, 'new'), `${sequence}`);
      machine.openState();
      const {snapshots, failures, problems} = await backupResult(machine);
      expect(failures).toEqual([]);
      expect(snapshots).toMatchObject([{sequence, kind: 'incremental'}]);
      expect(problems.map(({object, problem}) => `${object}: ${problem}`).join('\n')).toMatch(message);
      const to = join(machine.folder, `restored-${sequence}`);
      await machine.restore(String(snapshots[0]?.id), to);
      expect(describeTree(to)).toEqual(describeTree(machine.source));
    }
    expect((await verifyHere(machine)).ok).toBe(false);
    expect((await backupResult(machine, {acceptHistory: true})).problems).toEqual([]);
    expect((await backupResult(machine)).problems).toEqual([]);
  },
);

// Without any memory nobody can tell whether the end is what it was.
test('a machine that lost both catalog and memory goes on from no damaged history', async () => {
  await using machine = await machineWithSnapshots(5);
  flip(await sealPath(machine, 2));
  rmSync(machine.trustPath);
  machine.catalog[Symbol.dispose]();
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${machine.catalogPath}${suffix}`, {force: true});
  machine.openState();
  machine.trust.approve([machine.agent.fingerprint]);
  await expect(machine.backup()).rejects.toMatchObject({code: 'TAMPERED'});
  expect(await machine.backup({acceptHistory: true})).toMatchObject({sequence: 6});
});

// What this machine remembers is seal 3; above it seal 4 is missing, so nobody vouches for seal 5.
test('damage above the seal that is remembered stops the backup', async () => {
  await using machine = await machineWithSnapshots(3);
  const saved = new SavedState(machine);
  for (const n of [4, 5]) await backupNumber(machine, n);
  rmSync(await sealPath(machine, 4));
  saved.restore(['state']);
  machine.openState();
  await expect(machine.backup()).rejects.toMatchObject({code: 'TAMPERED', message: /seal 4 of files/});
});

// D7: a history that was tampered with is one source's; the others are backed up.
test('one source that was tampered with does not stop the others', async () => {
  await using machine = await machineWithSnapshots(2);
  await machine.backup({}, {name: 'other'});
  rmSync(await sealPath(machine, 2));
  const sources = [machine.sourceConfig(), machine.sourceConfig({name: 'other'})];
  const {snapshots, failures} = await backup(await machine.context(), sources, {});
  expect(failures).toMatchObject([{source: 'files', error: {code: 'TAMPERED', exitCode: 4}}]);
  expect(snapshots).toMatchObject([{source: 'other', sequence: 2}]);
});

// D11, C8: both children of one seal are shown; the operator decides to go on from one of them.
test('a fork is found, both ends are named, and acceptance goes on from the same end each time', async () => {
  await using machine = await machineWithSnapshots(2);
  const saved = new SavedState(machine);
  await backupNumber(machine, 3);
  const mine = await sealPath(machine, 3);
  const [mineBytes, mineSnapshot] = [readFileSync(mine), (await seals(machine))[2]?.snapshot.id];
  new SavedState(machine, 'mine');
  saved.restore();
  await backupNumber(machine, 4);
  const theirs = (await seals(machine))[2]?.snapshot.id;
  // The storage now has what both made: the clones ran at the same moment.
  writeFileSync(mine, mineBytes);
  const snapshot = `${dirname(dirname(mine))}/snapshots/${mineSnapshot}.pgp`;
  writeFileSync(
    snapshot,
    readFileSync(snapshot.replace(machine.repositoryFolder, join(machine.folder, 'mine/repository'))),
  );

  await expect(machine.backup()).rejects.toMatchObject({
    exitCode: 4,
    message: /there are two seals number 3 of files: history was forked/,
  });
  const problem = (await machine.elsewhere()).history.problems.find(({problem}) =>
    problem.includes('forked'),
  );
  expect([...(problem?.affects ?? [])].sort()).toEqual([mineSnapshot, theirs].sort());
  const accepted = await machine.backup({acceptHistory: true});
  expect(accepted).toMatchObject({sequence: 4, parent: [mineSnapshot, theirs].sort()[1]});
  expect(await backupNumber(machine, 5)).toMatchObject({sequence: 5, parent: accepted.id});
});

// A machine whose memory was lost, but not its catalog, must not use a number twice.
test('acceptance counts on from what the catalog knows, too', async () => {
  await using machine = await machineWithSnapshots(3);
  const saved = new SavedState(machine);
  for (const n of [4, 5]) await backupNumber(machine, n);
  saved.restore(['repository']);
  rmSync(machine.trustPath);
  machine.openState();
  await expect(machine.backup()).rejects.toMatchObject({
    exitCode: 4,
    message:
      /does not have seal 5 of files that this machine made \(its newest is number 3, snapshot [0-9a-f]{16}\)/,
  });
  expect(await machine.backup({acceptHistory: true})).toMatchObject({sequence: 6});
  expect(await backupNumber(machine, 6)).toMatchObject({sequence: 7});
});
