/** Faults at each request of a copy, on both sides: it never shows a seal whose objects it has not, and the next run completes it. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {type ReplicateResult, replicate} from '../../src/operations/replicate.ts';
import type {VerifyLevel} from '../../src/operations/verify.ts';
import {FileTarget} from '../../src/targets/file.ts';
import {ResilientTarget} from '../../src/targets/resilient.ts';
import {type Target, TargetError} from '../../src/targets/target.ts';
import {collect} from '../support/collect.ts';
import {describeTree} from '../support/describe-tree.ts';
import {FakeClock} from '../support/fake-clock.ts';
import {type Fault, faulty, truncating, wrongBytes} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';
import {noise} from '../support/trees.ts';

let machine: Machine;
let plain: Target;
let copies = 0;

beforeAll(async () => {
  machine = await Machine.create();
  plain = machine.target;
  for (let i = 0; i < 2; i++) {
    mkdirSync(join(machine.source, `folder-${i}`));
    writeFileSync(join(machine.source, `folder-${i}`, 'file'), noise(50_000, `file ${i}`));
    await machine.backup({full: i === 1}, {}, {packBytes: 20_000});
  }
});
afterAll(() => machine[Symbol.asyncDispose]());

const newCopy = () => new FileTarget(join(machine.folder, `copy-${copies++}`));

/** What the machine at `target` sees and does. */
async function at<T>(target: Target, work: () => Promise<T>): Promise<T> {
  machine.target = target;
  try {
    return await work();
  } finally {
    machine.target = plain;
  }
}

/** Copies with faults on the way, in one try. */
async function copy(to: Target, from: Target = plain): Promise<ReplicateResult> {
  const {agents, trust, history, repository} = await machine.elsewhere();
  const repositoryThere = {...repository, target: from};
  return await replicate({repository: repositoryThere, agents, trust, concurrency: 2}, history, to);
}

/** Nothing is promised there that is not there; @returns how many snapshots are. */
async function expectHonest(
  target: FileTarget,
  where: string,
  level: VerifyLevel = 'ciphertext',
): Promise<number> {
  const names = await collect(target.list('')).catch(() => []);
  if (!names.some(({name}) => name.startsWith('agents/'))) return 0;
  const found = await at(target, () => machine.verify({level}));
  expect(found, where).toMatchObject({ok: true, problems: []});
  return found.snapshots;
}

async function expectComplete(to: FileTarget): Promise<void> {
  expect(await copy(to)).toMatchObject({problems: []});
  expect(await expectHonest(to, 'completed', 'content')).toBe(2);
  const restored = join(machine.folder, `restored-${copies++}`);
  await at(to, () => machine.restore('latest', restored));
  expect(describeTree(restored)).toEqual(describeTree(machine.source));
}

const SIDES = ['from', 'to'] as const;
const FAULTS = SIDES.flatMap((side) =>
  (side === 'from' ? (['get'] as const) : (['create', 'put', 'get', 'list'] as const)).flatMap((operation) =>
    (['once', 'forever', 'afterDoing'] as const).map((how) => [side, operation, how] as const),
  ),
);

/** B1, B5, INV4 */
describe('each request fails', () => {
  test.each(FAULTS)('%s: %s, %s', async (side, operation, how) => {
    let last: FileTarget | undefined;
    for (let call = 1; ; call++) {
      let happened = false;
      const error = () => {
        happened = true;
        return new TargetError('Planned fault.', {transient: false});
      };
      const fault: Fault = {operation, how, call, error};
      const to = newCopy();
      const outcome = await (side === 'from'
        ? copy(to, faulty(plain, [fault]))
        : copy(faulty(to, [fault]))
      ).catch((cause: unknown) => cause);
      if (!happened) {
        expect(outcome).toMatchObject({snapshots: 2, problems: []});
        break;
      }
      expect(outcome).toMatchObject({code: 'TARGET', exitCode: 13});
      await expectHonest(to, `${side} ${operation} ${how} ${call}`);
      last = to;
    }
    if (last !== undefined) await expectComplete(last);
  });

  test.each(FAULTS.filter(([, operation, how]) => how !== 'forever' && operation !== 'list'))(
    '%s: %s, %s, and is tried again: the copy is whole',
    async (side, operation, how) => {
      for (let call = 1; ; call++) {
        let happened = false;
        const error = () => {
          happened = true;
          return new TargetError('Planned fault.', {transient: true});
        };
        const wrap = (target: Target) =>
          new ResilientTarget(faulty(target, [{operation, how, call, error}]), {}, new FakeClock());
        const to = newCopy();
        const done = side === 'from' ? await copy(to, wrap(plain)) : await copy(wrap(to));
        expect(done, `call ${call}`).toMatchObject({snapshots: 2, problems: []});
        if (!happened) return;
        expect(await expectHonest(to, `call ${call}`)).toBe(2);
      }
    },
  );
});

/** B8, B9 */
test.each([
  ['truncated', (name: RegExp) => truncating(plain, name, 20)],
  ['wrong', (name: RegExp) => wrongBytes(plain, name, 30)],
] as const)(
  'each object arrives %s: named, its snapshots are held back, and the next run completes the copy',
  async (_, wrap) => {
    const objects = (await collect(plain.list('files/'))).map(({name}) => name);
    expect(objects.length).toBeGreaterThan(8);
    for (const object of objects) {
      const to = newCopy();
      const outcome = await copy(to, wrap(new RegExp(object))).catch((cause: unknown) => cause);
      if (object.includes('/seals/')) expect(outcome).toBeInstanceOf(Error);
      else expect(outcome).toMatchObject({problems: [{object}], snapshots: 1});
      const found = await at(to, () => machine.verify({level: 'ciphertext'}));
      expect(found.snapshots, object).toBeLessThan(2);
      // A seal that was held back is a gap before the later ones, and nothing else is wrong.
      for (const {problem} of found.problems)
        expect(problem, object).toMatch(/^seal 1 of files before it: missing$/);
      expect(await copy(to), object).toMatchObject({problems: []});
      expect(await expectHonest(to, object)).toBe(2);
    }
  },
);
