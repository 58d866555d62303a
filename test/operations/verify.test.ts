/** One fault at a time, in every class of object, at each of the three levels: found, named, traced (TESTING.md D1-D6, K3). */
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {zstdCompressSync} from 'node:zlib';
import * as openpgp from 'openpgp';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {generateRecipientKey} from '../../src/crypto/keygen.ts';
import {newSession} from '../../src/crypto/message.ts';
import {literalHeader} from '../../src/crypto/packets.ts';
import {sealMessage} from '../../src/crypto/seipd.ts';
import {EXIT} from '../../src/errors.ts';
import type {VerifyLevel} from '../../src/operations/verify.ts';
import type {Problem} from '../../src/repository/chain.ts';
import {sha256} from '../../src/repository/layout.ts';
import {Attacker} from '../support/attacker.ts';
import {Machine} from '../support/machine.ts';
import {describeTree, noise} from '../support/trees.ts';

const LEVELS: readonly VerifyLevel[] = ['structure', 'ciphertext', 'content'];
const FILES = 'files cannot be restored whole';

let machine: Machine;
/** Of one generation: the first has `a`, the second `a` and `folder/b`. */
let first: string;
let second: string;
/** Of another source. */
let other: string;
let secondTree: unknown;

beforeAll(async () => {
  machine = await Machine.create();
  writeFileSync(join(machine.source, 'a'), noise(50_000, 'a'));
  first = String((await machine.backup()).id);
  mkdirSync(join(machine.source, 'folder'));
  writeFileSync(join(machine.source, 'folder', 'b'), noise(60_000, 'b'));
  second = String((await machine.backup()).id);
  secondTree = describeTree(machine.source);
  other = String((await machine.backup({}, {name: 'other'})).id);
});
afterAll(() => machine[Symbol.asyncDispose]());

/** The objects of the source `files`, by what they are: `new` ones are needed by the second snapshot alone. */
async function classes(attacker: Attacker): Promise<Record<string, string>> {
  const [one = '', two = ''] = attacker.objects(/^files\/.*\/seals\//);
  const [a, b] = [await attacker.sealPayload(one), await attacker.sealPayload(two)];
  const named = (hash: string | undefined): string => attacker.object(new RegExp(String(hash)));
  const prefix = `files/${a.generation}`;
  const packs = (seal: typeof a): {data: string; tree: string} => {
    const bySize = [...seal.needs.packs].sort((x, y) => y[1] - x[1]);
    return {data: named(bySize[0]?.[0]), tree: named(bySize.at(-1)?.[0])};
  };
  return {
    data: packs(a).data,
    tree: packs(a).tree,
    newData: packs(b).data,
    newTree: packs(b).tree,
    index: named(a.needs.index[0]?.[0]),
    newIndex: named(b.needs.index[0]?.[0]),
    snapshot: attacker.object(new RegExp(`snapshots/${first}`)),
    newSnapshot: attacker.object(new RegExp(`snapshots/${second}`)),
    seal: one,
    newSeal: two,
    generation: `${prefix}/generation.pgp`,
    agent: `${prefix}/agent.pgp`,
  };
}

const sorted = (problems: readonly Problem[]): Problem[] =>
  problems
    .map(({object, problem, affects}) => ({object, problem, affects: [...affects].sort()}))
    .sort((x, y) => (x.object + x.problem < y.object + y.problem ? -1 : 1));

const HASHED = 'its content does not match its name';
const SEALED = 'its content is not what the seal says';

/** What each level says of an object with one flipped bit: `all` at ciphertext and content, `files` with the key beside that. */
const flips: [string, {said: string; affects: () => string[]; files?: () => string[]}][] = [
  ['data', {said: HASHED, affects: () => [first, second], files: () => [`${first}:a`, `${second}:a`]}],
  ['newData', {said: HASHED, affects: () => [second], files: () => [`${second}:folder/b`]}],
  ['newTree', {said: HASHED, affects: () => [second], files: () => [`${second}:/`]}],
  ['tree', {said: HASHED, affects: () => [first, second], files: () => [`${first}:/`]}],
  ['snapshot', {said: SEALED, affects: () => [first]}],
  ['newSnapshot', {said: SEALED, affects: () => [second]}],
  ['generation', {said: SEALED, affects: () => [first, second]}],
  ['agent', {said: SEALED, affects: () => [first, second]}],
];

describe('a flipped bit', () => {
  // D1: the middle, and the first and the last byte.
  test.each(flips)('in %s', async (name, {said, affects, files}) => {
    for (const at of [0.5, 0, 1]) {
      const attacker = new Attacker(machine);
      const object = (await classes(attacker))[name] as string;
      attacker.flip(
        object,
        Math.min(Math.floor(at * attacker.read(object).length), attacker.read(object).length - 1),
      );
      const told = {object, problem: said, affects: affects().sort()};
      expect(await attacker.client().verify('structure')).toMatchObject({ok: true, problems: []});
      const ciphertext = await attacker.client().verify('ciphertext');
      expect({ok: ciphertext.ok, problems: sorted(ciphertext.problems)}).toEqual({
        ok: false,
        problems: [told],
      });
      const content = await attacker.client().verify('content');
      // The last byte is of a tag that authenticates the length alone: each file can still be had, and be checked.
      const lost = files === undefined || at === 1 ? [] : [{object, problem: FILES, affects: files()}];
      expect(sorted(content.problems)).toEqual(sorted([told, ...lost]));
    }
  });

  test('in an index', async () => {
    const attacker = new Attacker(machine);
    const {newIndex = ''} = await classes(attacker);
    attacker.flip(newIndex, -100);
    const told = {object: newIndex, problem: HASHED, affects: [second]};
    expect((await attacker.client().verify('structure')).problems).toEqual([]);
    expect((await attacker.client().verify('ciphertext')).problems).toEqual([told]);
    const {problems} = await attacker.client().verify('content');
    // What it describes is found in the packs themselves, and checked there: no file is lost.
    expect(problems).toEqual([{...told, affects: expect.arrayContaining([second]) as string[]}]);
  });
});

describe('truncated, missing, swapped, foreign', () => {
  const structural = [
    'data',
    'newData',
    'tree',
    'newTree',
    'index',
    'newIndex',
    'snapshot',
    'newSnapshot',
    'generation',
    'agent',
  ];
  // D2, D12: already the structure shows it, and each level says the same, once.
  test.each(structural)('%s, at every level', async (name) => {
    for (const how of ['missing', 'truncated', 'longer', 'empty']) {
      const attacker = new Attacker(machine);
      const object = (await classes(attacker))[name] as string;
      const size = attacker.read(object).length;
      if (how === 'missing') attacker.remove(object);
      if (how === 'truncated') attacker.edit(object, (bytes) => bytes.subarray(0, size - 1));
      if (how === 'longer') attacker.edit(object, (bytes) => Buffer.concat([bytes, Buffer.from('x')]));
      if (how === 'empty') attacker.write(object, '');
      const now = how === 'truncated' ? size - 1 : how === 'longer' ? size + 1 : 0;
      const problem = how === 'missing' ? 'it is missing' : `it has ${now} bytes instead of ${size}`;
      const affects = (
        name === 'snapshot' ? [first] : name.startsWith('new') ? [second] : [first, second]
      ).sort();
      for (const level of LEVELS) {
        const result = await attacker.client().verify(level);
        expect(result.ok).toBe(false);
        const ofObject = result.problems.filter((item) => item.object === object && item.problem !== FILES);
        expect(sorted(ofObject), `${how}, ${level}`).toEqual([{object, problem, affects}]);
        const isLost = /data|tree/i.test(name) && (how === 'missing' || how === 'empty');
        if (level !== 'content' || !isLost) expect(result.problems).toHaveLength(1);
        else expect(result.problems.flatMap((item) => item.affects).join()).toMatch(/:/);
      }
    }
  });

  // D3
  test('two packs in the place of each other', async () => {
    const attacker = new Attacker(machine);
    const {data = '', newData = ''} = await classes(attacker);
    attacker.swap(data, newData);
    const {problems} = await attacker.client().verify('structure');
    expect(problems.map(({object}) => object).sort()).toEqual([data, newData].sort());
  });

  test('an object of another repository under the name of ours', async () => {
    await using foreign = await Machine.create();
    writeFileSync(join(foreign.source, 'a'), noise(50_000, 'a'));
    await foreign.backup();
    const theirs = new Attacker(foreign);
    for (const [name, kind] of [
      ['generation', /generation\.pgp/],
      ['agent', /agent\.pgp/],
      ['newSnapshot', /snapshots/],
    ] as const) {
      const attacker = new Attacker(machine);
      const object = (await classes(attacker))[name] as string;
      attacker.write(object, theirs.read(theirs.object(kind)));
      for (const level of LEVELS) {
        const {ok, problems} = await attacker.client().verify(level);
        if (level !== 'structure') expect(ok, `${name} ${level}`).toBe(false);
        if (!ok) expect(problems.map((item) => item.object)).toEqual([object]);
      }
    }
  });

  // A3: what nobody needs is no damage, but counted.
  test.each(LEVELS)('what a run without a seal left is unfinished, at the level of %s', async (level) => {
    const attacker = new Attacker(machine);
    attacker.remove((await classes(attacker)).newSeal as string);
    const {ok, problems, unfinished} = await attacker.client().verify(level);
    expect({ok, problems}).toEqual({ok: true, problems: []});
    expect(unfinished).toBeGreaterThan(2);
  });

  // Whatever lies in a generation is looked at, needed or not: nothing may be there that is not encrypted to its key.
  test('what no run of ours can have left is told, without a key', async () => {
    const attacker = new Attacker(machine);
    const {data = '', newIndex = ''} = await classes(attacker);
    const put = (bytes: Uint8Array, name = sha256(bytes)): string => {
      const object = data.replace(/packs.*/, `packs/${name.slice(0, 2)}/${name}.pgp`);
      attacker.write(object, bytes);
      return object;
    };
    const stranger = await generateRecipientKey({name: 'stranger', now: new Date(Date.now() - 1000)});
    const session = await newSession([await openpgp.readKey({armoredKey: stranger.publicKey})]);
    const notes = data.replace(/packs.*/, 'notes.txt');
    attacker.write(notes, 'foreign');
    const wrong = {
      [notes]: 'it is no object of Holdfast',
      [put(Buffer.from('foreign'), 'a'.repeat(64))]: 'its content does not match its name',
      [put(zstdCompressSync(Buffer.alloc(2000)))]: expect.stringMatching(/^it /),
      [put(sealMessage(session, [literalHeader(4), Buffer.from('seen')]))]:
        'it is encrypted to other keys than it should be',
      [put(attacker.read(newIndex))]: 'it is encrypted to other keys than it should be',
    };
    expect(await attacker.client().verify('structure')).toMatchObject({ok: true, unfinished: 5});
    for (const level of ['ciphertext', 'content'] as const) {
      const {ok, problems} = await attacker.client().verify(level);
      expect(ok).toBe(false);
      const said = problems.map(({object, problem}) => [
        object,
        problem.replace('no snapshot needs it, and ', ''),
      ]);
      expect(Object.fromEntries(said)).toEqual(wrong);
    }
  });
});

describe('seals', () => {
  // D1, D8: keyless at every level.
  test.each(LEVELS)('flipped, missing and truncated, at the level of %s', async (level) => {
    for (const how of ['flipped', 'truncated', 'missing']) {
      const attacker = new Attacker(machine);
      const {seal = '', newSeal = ''} = await classes(attacker);
      if (how === 'flipped') attacker.flip(seal, 400);
      if (how === 'truncated') attacker.edit(seal, (bytes) => bytes.subarray(0, 500));
      if (how === 'missing') attacker.remove(seal);
      const {ok, problems} = await attacker.client().verify(level);
      expect(ok).toBe(false);
      const expected = [
        {object: newSeal, problem: 'seal 1 of files before it: missing', affects: []},
        {
          object: newSeal,
          problem: 'a seal that it builds on is missing, so what it needs is not known',
          affects: [second],
        },
      ];
      const ofSeal = problems.filter(({object}) => object === seal);
      expect(ofSeal).toHaveLength(how === 'missing' ? 0 : 1);
      if (how !== 'missing') expect(ofSeal[0]?.affects).toEqual([first]);
      expect(sorted(problems.filter(({object}) => object === newSeal))).toEqual(sorted(expected));
    }
  });
});

describe('what all else hangs on', () => {
  // D1
  test.each(['flipped', 'missing', 'empty'])('holdfast.json, %s', async (how) => {
    const attacker = new Attacker(machine);
    if (how === 'flipped') attacker.flip('holdfast.json', 12);
    if (how === 'missing') attacker.remove('holdfast.json');
    if (how === 'empty') attacker.write('holdfast.json', '');
    for (const level of LEVELS) {
      await expect(attacker.client().verify(level)).rejects.toMatchObject(
        how === 'missing'
          ? {code: 'NO_REPOSITORY', exitCode: EXIT.noRepository}
          : {code: 'DAMAGED', object: 'holdfast.json', exitCode: EXIT.notVerified},
      );
    }
  });

  // D14
  test('agents/*.asc, for a machine that knew it', async () => {
    const attacker = new Attacker(machine);
    const client = attacker.client();
    await client.look();
    const agent = attacker.object(/^agents\//);
    attacker.edit(agent, (bytes) => bytes.subarray(0, 300));
    expect((await client.look()).trusted.lost).toEqual([agent]);
    const {ok, problems} = await client.verify('structure');
    expect(ok).toBe(false);
    expect(
      problems
        .filter(({object}) => object.includes('/seals/'))
        .flatMap(({affects}) => affects)
        .sort(),
    ).toEqual([first, second, other].sort());
  });
});

// Whatever is damaged, what is whole comes back whole, and nothing is written elsewhere.
test.each(['newData', 'newTree', 'newIndex', 'newSnapshot', 'newSeal', 'snapshot', 'seal'])(
  'with %s damaged, other snapshots still restore',
  async (name) => {
    const attacker = new Attacker(machine);
    attacker.flip((await classes(attacker))[name] as string, 300);
    const client = attacker.client();
    const isFirstLost = name === 'snapshot' || name === 'seal';
    const around = readdirSync(join(machine.folder)).sort();
    const {to, damaged} = await client.restore(isFirstLost ? second : first);
    expect(damaged).toEqual([]);
    if (isFirstLost) expect(describeTree(to)).toEqual(secondTree);
    else expect(readFileSync(join(to, 'a'))).toEqual(noise(50_000, 'a'));
    expect((await client.restore(other)).damaged).toEqual([]);
    expect(readdirSync(join(machine.folder)).sort()).toEqual(around);
  },
);
