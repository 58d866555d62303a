/** Copies of a repository: whole, cut off anywhere, of a damaged one, onto something else (TESTING.md A16). */
import {appendFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {type ReplicateResult, replicate} from '../../src/operations/replicate.ts';
import {FileTarget} from '../../src/targets/file.ts';
import {openTarget} from '../../src/targets/open.ts';
import type {Target} from '../../src/targets/target.ts';
import {Attacker} from '../support/attacker.ts';
import {collect} from '../support/collect.ts';
import {CrashPoints} from '../support/crash-points.ts';
import {faulty} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';
import {serverFacts} from '../support/servers.ts';
import {describeTree, noise} from '../support/trees.ts';
import {credentials, newBucketUrl} from '../targets/s3-scratch.ts';
import {failure} from '../targets/scratch.ts';

const ceph = serverFacts('A copy on S3', 'rgw');
let machine: Machine;
let ids: string[];
let trees: unknown[];
let copies = 0;

beforeAll(async () => {
  machine = await Machine.create();
  ids = [];
  trees = [];
  for (let i = 0; i < 3; i++) {
    mkdirSync(join(machine.source, `folder-${i}`));
    writeFileSync(join(machine.source, `folder-${i}`, 'file'), noise(50_000, `file ${i}`));
    ids.push(String((await machine.backup({full: i === 2}, {}, {packBytes: 20_000})).id));
    trees.push(describeTree(machine.source));
  }
});
afterAll(() => machine[Symbol.asyncDispose]());

const newCopy = () => new FileTarget(join(machine.folder, `copy-${copies++}`));
const names = async (target: Target) => (await collect(target.list(''))).map(({name}) => name).sort();

async function copy(to: Target, from: Target = machine.target): Promise<ReplicateResult> {
  const {agents, trust, history, repository} = await seenAt(from);
  return await replicate({repository, agents, trust, concurrency: 3}, history, to);
}

/** What a machine finds there that never saw it. */
async function seenAt(target: Target) {
  return await at(target, () => machine.elsewhere());
}

async function at<T>(target: Target, work: () => Promise<T>): Promise<T> {
  const before = machine.target;
  machine.target = target;
  try {
    return await work();
  } finally {
    machine.target = before;
  }
}

/** Every snapshot whose seal is there comes back; @returns how many these are */
async function expectWhole(target: Target): Promise<number> {
  return await at(target, async () => {
    const {history} = await machine.elsewhere();
    const sealed = history.sources.flatMap(({seals}) => seals);
    expect(await machine.verify()).toMatchObject({ok: true, problems: [], snapshots: sealed.length});
    for (const {snapshot} of sealed) {
      const to = join(machine.folder, `restored-${copies++}`);
      expect(await machine.restore(snapshot.id, to)).toMatchObject({damaged: []});
      expect(describeTree(to)).toEqual(trees[ids.indexOf(snapshot.id)]);
    }
    return sealed.length;
  });
}

test('a copy is whole, and the next one copies nothing', async () => {
  const to = newCopy();
  const first = await copy(to);
  expect(first).toMatchObject({snapshots: 3, problems: []});
  expect(await expectWhole(to)).toBe(3);
  const same = (name: string) => !name.startsWith('leases/');
  expect(await names(to)).toEqual((await names(machine.target)).filter(same));
  for (const name of await names(to))
    expect(await collect(to.get(name)), name).toEqual(await collect(machine.target.get(name)));
  expect(await copy(to)).toEqual({
    objects: 0,
    bytes: 0,
    snapshots: 0,
    present: first.objects,
    problems: [],
  });
});

// A16
test('a copy that is cut off at any point holds whole snapshots, and the next one completes it', async () => {
  const seen = new Set<number>();
  for (let point = 1; ; point += 2) {
    const points = new CrashPoints(point);
    const to = newCopy();
    const outcome = await failure(copy(points.target(to)));
    if (points.crashed === undefined) {
      expect(outcome).toBeUndefined();
      break;
    }
    expect(outcome, points.crashed).toBeInstanceOf(Error);
    const isBegun = (await names(to).catch(() => [])).some((name) => name.startsWith('agents/'));
    if (isBegun) {
      const found = await at(to, () => machine.verify({level: 'ciphertext'}));
      expect(found, points.crashed).toMatchObject({ok: true, problems: []});
      if (!seen.has(found.snapshots)) await expectWhole(to);
      seen.add(found.snapshots);
    }
    expect(await copy(to), points.crashed).toMatchObject({problems: []});
    if (point % 8 === 0) expect(await expectWhole(to)).toBe(3);
  }
  expect([...seen]).toEqual(expect.arrayContaining([0, 1, 2]));
});

test('wrong bytes on the way are read again; a store that fails ends it before the seals', async () => {
  const to = newCopy();
  const from = faulty(machine.target, [{operation: 'get', call: 1, how: 'forever', matching: /packs/}]);
  expect(await failure(copy(to, from))).toMatchObject({code: 'TARGET'});
  expect((await names(to)).filter((name) => name.includes('/seals/'))).toEqual([]);
});

describe('of a damaged repository', () => {
  test('everything else is copied, and the seals of what is damaged are not', async () => {
    const attacker = new Attacker(machine);
    const [hash = ''] = (await seenAt(machine.target)).history.sources[0]?.seals[0]?.needs.packs[0] ?? [];
    const pack = attacker.object(new RegExp(hash));
    attacker.flip(pack, 100);
    const to = newCopy();
    const result = await copy(to, attacker.target);
    expect(result.problems).toEqual([
      {object: pack, problem: 'its content does not match its name', affects: ids.slice(0, 2)},
    ]);
    expect(result.snapshots).toBe(1);
    expect((await names(to)).includes(pack)).toBe(false);
    const {history} = await seenAt(to);
    expect(history.sources.flatMap(({seals}) => seals.map(({snapshot}) => snapshot.id))).toEqual([ids[2]]);
    // The repository was mended: the copy is, too.
    expect(await copy(to)).toMatchObject({snapshots: 2, problems: []});
    expect(await expectWhole(to)).toBe(3);
  });
});

describe('onto something else', () => {
  test('another repository is refused', async () => {
    await using other = await Machine.create();
    const error = await failure(copy(other.target));
    expect(error).toMatchObject({exitCode: 10, code: 'NO_REPOSITORY'});
    expect((error as Error).message).toContain(other.repository.id);
  });

  test('what is there under a name, with another size, is told and kept', async () => {
    const to = newCopy();
    await copy(to);
    const pack = (await names(to)).find((name) => name.includes('/packs/')) ?? '';
    appendFileSync(join(machine.folder, `copy-${copies - 1}`, pack), 'x');
    const before = readFileSync(join(machine.folder, `copy-${copies - 1}`, pack));
    const {problems} = await copy(to);
    expect(problems).toEqual([
      expect.objectContaining({
        object: pack,
        problem: expect.stringMatching(/in file:.* it has \d+ bytes instead of/),
      }),
    ]);
    expect(readFileSync(join(machine.folder, `copy-${copies - 1}`, pack))).toEqual(before);
  });
});

test.runIf(ceph)('to S3 and back', async () => {
  const facts = ceph ?? {};
  await using there = await openTarget(newBucketUrl(facts, 'offsite'), '/', {env: credentials(facts)});
  expect(await failure(copy(there))).toMatchObject({
    code: 'TARGET',
    hint: expect.stringContaining('--create'),
  });
  await there.create({container: true});
  expect(await copy(there)).toMatchObject({snapshots: 3, problems: []});
  expect(await expectWhole(there)).toBe(3);
  const back = newCopy();
  expect(await copy(back, there)).toMatchObject({snapshots: 3, problems: []});
  expect(await names(back)).toEqual(await names(there));
});
