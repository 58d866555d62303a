/** Restores from a repository with a lost or damaged index object or pack: whatever is still there comes back (TESTING.md D1, D2). */
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {CommandSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {openForBrowsing, readFileContent} from '../../src/operations/browse.ts';
import type {BlobReader} from '../../src/repository/blob-reader.ts';
import type {BlobId, PackName} from '../../src/repository/layout.ts';
import {type OpenedGeneration, openSealedGeneration} from '../../src/repository/open-snapshot.ts';
import {openRepository} from '../../src/repository/repository.ts';
import {selectSnapshot} from '../../src/repository/snapshots.ts';
import {Attacker} from '../support/attacker.ts';
import {Machine} from '../support/machine.ts';
import {describeTree, noise} from '../support/trees.ts';

const FILES = 40;
/** Never cut: five of them fill a frame, and of two packs, one has four frames or more. */
const FILE_BYTES = 250_000;
const DUMP = 'db.sql';

let machine: Machine;
let first: string;
let second: string;
let trees: Record<string, unknown>;
const dumps: Buffer[] = [];
const dumpIds: string[] = [];
/** Names of the files in the pack that has most of them, in their order. */
let inPack: string[] = [];

beforeAll(async () => {
  machine = await Machine.create();
  for (let file = 10; file < 10 + FILES; file++)
    writeFileSync(join(machine.source, `file-${file}`), noise(FILE_BYTES, `file-${file}`));
  first = String((await machine.backup()).id);
  trees = {[first]: describeTree(machine.source)};
  mkdirSync(join(machine.source, 'folder'));
  writeFileSync(join(machine.source, 'folder', 'new'), noise(70_000, 'new'));
  second = String((await machine.backup()).id);
  trees[second] = describeTree(machine.source);
  const attacker = new Attacker(machine);
  attacker.remove(largePack(attacker));
  inPack = (await attacker.client().restore(second)).damaged.map(({path}) => path);
  const path = join(machine.folder, 'content');
  const source: CommandSourceConfig = {
    ...stdinSource('db', DUMP, Number.POSITIVE_INFINITY),
    kind: 'command',
    command: {words: ['cat', path]},
    end: undefined,
    cacheBytes: 1e9,
  };
  for (const version of [0, 1]) {
    const rows = Array.from({length: 12_000}, (_, row) => `${row}\t${row % 97 === 0 ? version : ''}\t`);
    const random = noise(12_000 * 30, 'rows').toString('hex');
    const dump = Buffer.from(rows.map((row, at) => row + random.slice(at * 60, at * 60 + 60)).join('\n'));
    writeFileSync(path, dump);
    dumps.push(dump);
    dumpIds.push(String((await machine.backupDump(source)).id));
  }
});
afterAll(() => machine[Symbol.asyncDispose]());

async function open(attacker: Attacker, reference: string, salvage: boolean): Promise<OpenedGeneration> {
  const {history, trusted} = await attacker.client().look();
  const repository = await openRepository(attacker.target);
  const seal = selectSnapshot(history, reference);
  const source = history.sources.find((candidate) => candidate.source === seal.source);
  if (source === undefined) throw new Error('no history');
  return openSealedGeneration(repository, trusted.keys, source, seal, machine.privateKey, {salvage});
}

/** The pack with the many files. */
function largePack(attacker: Attacker): string {
  const packs = attacker.objects(/^files\/.*\/packs\//);
  return packs.reduce((best, name) =>
    attacker.read(name).length > attacker.read(best).length ? name : best,
  );
}

/** What an index says, comparable. */
function described({index}: BlobReader): unknown {
  return [...index.packs]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({name, size, frames}) => ({
      name,
      size,
      frames: frames.map((frame) => ({
        place: [frame.offset, frame.size, frame.raw],
        blobs: Array.from({length: frame.count}, (_, at) => [
          index.idOf(frame, at),
          index.lengthOf(frame, at),
          index.baseOf(frame, at),
          index.find(index.idOf(frame, at))?.length,
        ]),
      })),
    }));
}

const breakings: [string, (attacker: Attacker, name: string) => void][] = [
  ['lost', (attacker, name) => attacker.remove(name)],
  ['flipped', (attacker, name) => attacker.flip(name, -100)],
  ['emptied', (attacker, name) => attacker.write(name, '')],
];

describe('index objects', () => {
  // D1: what the packs say of themselves is what the index said of them, deltas included.
  test.each(['files', 'db'])('of %s: the same is found in the packs', async (source) => {
    const attacker = new Attacker(machine);
    const whole = await open(attacker, `latest:${source}`, false);
    for (const name of attacker.objects(/\/index\//)) attacker.remove(name);
    const salvaged = await open(attacker, `latest:${source}`, true);
    expect(described(salvaged.reader)).toEqual(described(whole.reader));
    const deltas = [...whole.reader.index.packs].flatMap(({frames}) =>
      frames.flatMap((frame) => whole.reader.index.deltasOf(frame)),
    );
    if (source === 'db') expect(deltas.length).toBeGreaterThan(0);
  });

  // D1, D2
  test.each(breakings)('%s: every snapshot comes back whole, and they are named', async (how, damage) => {
    const attacker = new Attacker(machine);
    const names = attacker.objects(/\/index\//);
    for (const name of names) damage(attacker, name);
    for (const id of [first, second]) {
      const {to, damaged, damagedObjects} = await attacker.client().restore(id);
      expect(describeTree(to)).toEqual(trees[id]);
      expect(damaged).toEqual([]);
      const [object = ''] = damagedObjects.map((found) => found.object);
      expect(names).toContain(object);
      expect(damagedObjects[0]?.problem).toMatch(/^it.*; the packs were read without it$/);
    }
    if (how !== 'lost') return;
    for (const [number, id] of dumpIds.entries()) {
      const {to, damaged} = await attacker.client().restore(id);
      expect(damaged).toEqual([]);
      expect(readFileSync(join(to, DUMP)).equals(dumps[number] as Buffer)).toBe(true);
    }
    const {ok, problems} = await attacker.client().verify('content');
    expect(ok).toBe(false);
    expect(new Set(problems.map(({object}) => object))).toEqual(new Set(names));
  });

  test('a file can be looked at without them', async () => {
    const attacker = new Attacker(machine);
    for (const name of attacker.objects(/\/index\//)) attacker.remove(name);
    const {history, trusted} = await attacker.client().look();
    const repository = await openRepository(attacker.target);
    const [source] = history.sources.filter((candidate) => candidate.source === 'files');
    const seal = source?.seals.at(-1);
    if (source === undefined || seal === undefined) throw new Error('no history');
    const opened: OpenedGeneration[] = [];
    const context = {
      repository,
      agents: trusted.keys,
      key: async () => machine.privateKey,
      onOpened: (one: OpenedGeneration) => opened.push(one),
    };
    const pieces: Uint8Array[] = [];
    for await (const piece of readFileContent(context, source, seal, 'folder/new')) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(noise(70_000, 'new'))).toBe(true);
    const {root, trees: listing} = await openForBrowsing(context, source, seal);
    expect(await listing.readTree(root.tree?.[0] as BlobId)).toHaveLength(FILES + 1);
    expect(opened.map(({problems}) => problems.length)).toEqual([2, 2]);
  });

  // A seal that the newest builds on is gone, too: nobody knows which packs and index objects are needed.
  test('lost, and a seal before it', async () => {
    const attacker = new Attacker(machine);
    for (const name of attacker.objects(/^files\/.*\/index\//)) attacker.remove(name);
    attacker.remove(attacker.object(/^files\/.*\/seals\/0+1-/));
    const {to, damaged} = await attacker.client().restore(second);
    expect(damaged).toEqual([]);
    expect(describeTree(to)).toEqual(trees[second]);
  });

  test('lost with a pack: only what lies in that pack is lost, by name', async () => {
    const attacker = new Attacker(machine);
    for (const name of attacker.objects(/\/index\//)) attacker.remove(name);
    const pack = largePack(attacker);
    attacker.remove(pack);
    const {to, damaged, damagedObjects} = await attacker.client().restore(second);
    expect(damaged.map(({path}) => path)).toEqual(inPack);
    expect(damagedObjects).toContainEqual({
      object: pack,
      problem: 'it is missing; what it held is lost, unless it lies elsewhere, too',
    });
    expect(readdirSync(to)).toHaveLength(FILES + 1 - inPack.length);
    expect(readFileSync(join(to, 'folder', 'new')).equals(noise(70_000, 'new'))).toBe(true);
    const {problems} = await attacker.client().verify('content');
    const affected = problems.flatMap(({affects}) => affects);
    expect(affected).toContain(`${second}:${inPack[0]}`);
    expect(affected).not.toContain(`${second}:folder/new`);
  });
});

// D1: what cannot be worked around: it is said what can be restored instead.
test.each([
  [/^files\/.*\/snapshots\//, /another snapshot/],
  [/^files\/.*\/generation\.pgp$/, /other generations do not need it/],
])('without %s, the hint says what is left', async (matching, hint) => {
  for (const how of ['remove', 'flip'] as const) {
    const attacker = new Attacker(machine);
    for (const name of attacker.objects(matching)) attacker[how](name, 100);
    await expect(attacker.client().restore('latest:files')).rejects.toMatchObject({
      code: 'DAMAGED',
      hint: expect.stringMatching(hint),
    });
    const {damaged} = await attacker.client().restore('latest:db');
    expect(damaged).toEqual([]);
  }
});

describe('packs', () => {
  /** Whether any file is lost by it; never are all of the pack's: none of these is in more than three frames. */
  const damages: [string, (bytes: Buffer) => Uint8Array, isLost: boolean][] = [
    ['cut off in the middle', (bytes) => bytes.subarray(0, bytes.length / 2), true],
    ['cut off at its last byte', (bytes) => bytes.subarray(0, -1), false],
    ['with more behind its end', (bytes) => Buffer.concat([bytes, bytes]), false],
    ['with a bit flipped in the middle', (bytes) => flip(bytes, bytes.length / 2), true],
    ['with a bit flipped in its first frame', (bytes) => flip(bytes, 1000), true],
    ['with a hole of zeros', (bytes) => bytes.fill(0, 1_000_000, 1_600_000), true],
    ['with two chunks in each other’s place', swapChunks, true],
  ];
  for (const without of [[], ['and no index']])
    test.each(damages)(`%s ${without.join()}`, async (_how, damage, isLost) => {
      const attacker = new Attacker(machine);
      const pack = largePack(attacker);
      attacker.edit(pack, damage);
      if (without.length > 0) for (const name of attacker.objects(/\/index\//)) attacker.remove(name);
      const {to, damaged, damagedObjects} = await attacker.client().restore(second);
      const back = readdirSync(to).filter((name) => name.startsWith('file-'));
      for (const name of back)
        expect(readFileSync(join(to, name)).equals(readFileSync(join(machine.source, name)))).toBe(true);
      const lost = damaged.map(({path}) => path);
      expect([...back, ...lost].sort()).toEqual(Array.from({length: FILES}, (_, at) => `file-${at + 10}`));
      expect(inPack).toEqual(expect.arrayContaining(lost));
      expect(lost.length > 0).toBe(isLost);
      expect(lost.length).toBeLessThan(inPack.length);
      expect(damagedObjects.map(({object}) => object)).toContain(pack);
      if (without.length > 0) return;
      // What verify says cannot be restored is what was not.
      const {problems} = await attacker.client().verify('content');
      const told = problems.flatMap(({affects}) => affects).filter((path) => path.startsWith(`${second}:`));
      expect([...new Set(told)].sort()).toEqual(lost.map((path) => `${second}:${path}`));
    });

  // Only who restores reads on: a repack, say, does not.
  test('without being asked to, nothing of a pack that was cut off is read', async () => {
    const attacker = new Attacker(machine);
    const pack = largePack(attacker);
    attacker.edit(pack, (bytes) => bytes.subarray(0, -1));
    const {reader} = await open(attacker, 'latest:files', false);
    const name = (/([0-9a-f]{64})\.pgp$/.exec(pack)?.[1] ?? '') as PackName;
    const [frame] = reader.index.pack(name)?.frames ?? [];
    if (frame === undefined) throw new Error('the index does not describe it');
    await expect(reader.read(reader.index.idOf(frame, 0))).rejects.toMatchObject({
      code: 'DAMAGED',
      object: pack,
    });
    expect(reader.salvaged).toEqual([]);
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  bytes[Math.floor(at)] = (bytes[Math.floor(at)] ?? 0) ^ 1;
  return bytes;
}

/** Two AEAD chunks that are whole in themselves. */
function swapChunks(bytes: Buffer): Buffer {
  const length = 2 ** 18 + 16;
  const [a, b] = [200 + 3 * length, 200 + 6 * length];
  const kept = Buffer.from(bytes.subarray(a, a + length));
  bytes.copyWithin(a, b, b + length);
  kept.copy(bytes, b);
  return bytes;
}
