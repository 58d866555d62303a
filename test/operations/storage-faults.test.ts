/** Faults of the storage at each request of a backup, a restore and a verification, under the wrapper that tries again. */
import {rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {FileTarget} from '../../src/targets/file.ts';
import {ResilientTarget} from '../../src/targets/resilient.ts';
import {type Target, TargetError} from '../../src/targets/target.ts';
import {describeTree} from '../support/describe-tree.ts';
import {FakeClock} from '../support/fake-clock.ts';
import {type Fault, faulty, type Operation} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';

const OPERATIONS: readonly Operation[] = ['put', 'replace', 'get', 'list', 'listFolders', 'remove'];

/** A listing of a folder cannot begin again when a part of it was seen; those of stores that list in pages can. */
const FAULTS = OPERATIONS.flatMap((operation) =>
  (operation === 'list' || operation === 'listFolders'
    ? (['once'] as const)
    : (['once', 'afterDoing'] as const)
  ).map((how) => [operation, how] as const),
);

/** A machine whose next work meets a fault; says whether it happened. */
async function faultyMachine() {
  const machine = await Machine.create();
  const plain = new FileTarget(machine.repositoryFolder);
  const use = (target: Target) => {
    machine.target = target;
    machine.repository = {...machine.repository, target};
  };
  return {
    machine,
    healthy: () => use(plain),
    breaks(fault: Omit<Fault, 'error'>): {happened: boolean; target: ResilientTarget} {
      const error = () => {
        state.happened = true;
        return new TargetError('Planned fault.', {transient: true});
      };
      const state = {
        happened: false,
        target: new ResilientTarget(faulty(plain, [{...fault, error}]), {}, new FakeClock()),
      };
      use(state.target);
      return state;
    },
  };
}

const MOST_CALLS = 24;

/** Does the work with a fault at each request of an operation, until there are no more such requests. */
async function atEach(
  operation: Operation,
  how: NonNullable<Fault['how']>,
  breaks: (fault: Fault) => {happened: boolean},
  work: (call: number) => Promise<void>,
): Promise<number> {
  for (let call = 1; ; call++) {
    const state = breaks({operation, how, call});
    await work(call);
    // Each run reads the seals of all runs before it: of reads there is always one more.
    if (!state.happened || call === MOST_CALLS) return call - 1;
  }
}

describe('each request of a backup fails once', () => {
  // B1, B5; INV1, INV4
  test.each(FAULTS)('%s, %s: the snapshot is made all the same, and restores', async (operation, how) => {
    const {machine, healthy, breaks} = await faultyMachine();
    await using _ = machine;
    healthy();
    await machine.backup({}, {allowEmpty: true});
    const faults = await atEach(operation, how, breaks, async (call) => {
      writeFileSync(join(machine.source, `file-${call}`), `content ${call}`);
      const made = await machine.backup({full: call === 1});
      expect(made.warnings).toEqual([]);
      // The first reads come before the backup: they are not among what it counts.
      const {retries} = machine.target as ResilientTarget;
      expect(retries - made.retries).toBeLessThanOrEqual(['get', 'list'].includes(operation) ? 1 : 0);
    });
    expect(faults).toBeGreaterThan(0);
    healthy();
    expect(await machine.verify()).toMatchObject({ok: true, problems: [], unfinished: 0});
    const to = join(machine.folder, 'restored');
    await machine.restore('latest', to);
    expect(describeTree(to)).toEqual(describeTree(machine.source));
  });
});

// B1
test.each(['put', 'get', 'list'] as const)(
  '%s fails for ever, from each request on: no snapshot or a whole one, exit code 13, and the next run makes one',
  async (operation) => {
    const {machine, healthy, breaks} = await faultyMachine();
    await using _ = machine;
    await atEach(operation, 'forever', breaks, async (call) => {
      writeFileSync(join(machine.source, `file-${call}`), `content ${call}`);
      const outcome = await machine.backup().catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(TargetError);
        expect(outcome).toMatchObject({exitCode: 13, message: expect.stringContaining('It was tried')});
      }
      machine.openState();
    });
    healthy();
    await machine.backup();
    expect(await machine.verify()).toMatchObject({ok: true, problems: []});
    const to = join(machine.folder, 'restored');
    await machine.restore('latest', to);
    expect(describeTree(to)).toEqual(describeTree(machine.source));
  },
);

// B1, B4
test('each request of a restore and of a verification fails once: both come out right', async () => {
  const {machine, healthy, breaks} = await faultyMachine();
  await using _ = machine;
  writeFileSync(join(machine.source, 'file'), 'content');
  healthy();
  await machine.backup();
  for (const operation of ['get', 'stat', 'list', 'listFolders'] as const) {
    await atEach(operation, 'once', breaks, async (call) => {
      const to = join(machine.folder, `restored-${operation}-${call}`);
      expect(await machine.restore('latest', to)).toMatchObject({warnings: [], damaged: []});
      expect(describeTree(to)).toEqual(describeTree(machine.source));
      rmSync(to, {recursive: true});
    });
    await atEach(operation, 'once', breaks, async () => {
      expect(await machine.verify()).toMatchObject({ok: true, problems: []});
    });
  }
});

// B15: credentials that can only create and read.
test('a storage that lets nobody overwrite or delete: the backup works, and notes that it holds no lease', async () => {
  const {machine, healthy} = await faultyMachine();
  await using _ = machine;
  const plain = new FileTarget(machine.repositoryFolder);
  const error = () => new TargetError('Access is denied (403).', {transient: false});
  const target = new ResilientTarget(
    faulty(plain, [
      {operation: 'replace', call: 1, how: 'forever', error},
      {operation: 'remove', call: 1, how: 'forever', error},
    ]),
    {},
    new FakeClock(),
  );
  machine.target = target;
  machine.repository = {...machine.repository, target};
  writeFileSync(join(machine.source, 'file'), 'content');
  expect(await machine.backup()).toMatchObject({kind: 'full', warnings: [], retries: 0});
  writeFileSync(join(machine.source, 'other'), 'content');
  expect(await machine.backup()).toMatchObject({kind: 'incremental', warnings: []});
  expect(machine.notes.some((note) => note.includes('the lease of files could not be written'))).toBe(true);
  healthy();
  expect(await machine.verify()).toMatchObject({ok: true, snapshots: 2, problems: []});
});
