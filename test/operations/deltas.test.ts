/** Dumps whose last version is at hand: what changed is stored as deltas (issue 5, docs/decisions/0012). */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {CommandSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import type {BackedUp, BackupOptions} from '../../src/operations/backup.ts';
import {rebuildCatalog} from '../../src/operations/rebuild-catalog.ts';
import type {BlobIndex} from '../../src/repository/blob-index.ts';
import {DeltaError, decodeDelta, encodeDelta} from '../../src/repository/delta.ts';
import type {BlobId} from '../../src/repository/layout.ts';
import {openSealedGeneration} from '../../src/repository/open-snapshot.ts';
import {Machine} from '../support/machine.ts';
import {noise} from '../support/trees.ts';

let machine: Machine;
let restores = 0;

beforeEach(async () => {
  machine = await Machine.create();
});
afterEach(() => machine[Symbol.asyncDispose]());

const ROWS = 30_000;
const CANARY = 'canary-in-every-row';

/** A table of which some rows were changed, in one version after the other. */
function dump(version: number): Buffer {
  const random = noise(ROWS * 40, 'rows').toString('hex');
  let text = '';
  for (let row = 0; row < ROWS; row++) {
    const changes = Array.from({length: version}, (_, n) => n + 1).filter(
      (n) => (row * 7919 + n) % 499 === 0,
    );
    text += `${row}\t${random.slice(row * 80, row * 80 + 80)}\t${CANARY}\tchanged in ${changes.join()}\n`;
  }
  return Buffer.from(text);
}

async function store(content: Buffer, options: BackupOptions = {}, cacheBytes = 1e9): Promise<BackedUp> {
  const path = join(machine.folder, 'content');
  writeFileSync(path, content);
  const source: CommandSourceConfig = {
    ...stdinSource('db', 'db.sql', Number.POSITIVE_INFINITY),
    kind: 'command',
    command: {words: ['cat', path]},
    end: undefined,
    cacheBytes,
  };
  return machine.backupDump(source, options);
}

async function restored(reference: string | null): Promise<Buffer> {
  const to = join(machine.folder, `restored-${++restores}`);
  expect(await machine.restore(String(reference), to)).toMatchObject({warnings: [], damaged: []});
  return readFileSync(join(to, 'db.sql'));
}

/** What the newest snapshot's index says: ids of deltas with their bases and packs. */
async function deltas(): Promise<
  {id: BlobId; base: BlobId; pack: string; basePack: string; isDeep: boolean}[]
> {
  const {history, agents, repository} = await machine.elsewhere();
  const [source] = history.sources;
  const seal = source?.seals.at(-1);
  if (source === undefined || seal === undefined) throw new Error('no history');
  const opened = await openSealedGeneration(repository, agents, source, seal, machine.privateKey);
  await using reader = opened.reader;
  const index: BlobIndex = reader.index;
  return [...index.packs].flatMap((pack) =>
    pack.frames.flatMap((frame) =>
      index.deltasOf(frame).flatMap((at) => {
        const id = index.idOf(frame, at);
        const base = index.find(id)?.base;
        if (base === undefined) return []; // It was stored whole, later.
        const place = index.find(base);
        return {
          id,
          base,
          pack: pack.name,
          basePack: place?.frame.pack.name ?? '',
          isDeep: place?.base !== undefined,
        };
      }),
    ),
  );
}

function packPath(name: string): string {
  const found = readdirSync(machine.repositoryFolder, {recursive: true, encoding: 'utf8'});
  return join(machine.repositoryFolder, found.find((path) => path.endsWith(`${name}.pgp`)) ?? '');
}

const cachePath = (): string => `${machine.catalogPath}.bases/db.db`;

test('later versions are stored as deltas on whole blobs, and every version comes back', async () => {
  const versions = [0, 1, 2, 3].map(dump);
  const made: BackedUp[] = [];
  for (const version of versions) made.push(await store(version));
  const [first, second, third] = made;
  expect(second?.bytes.new).toBeGreaterThan((first?.bytes.new ?? 0) / 4);
  // A cut that moves with a changed row costs a whole chunk, a fortieth of this dump.
  expect(second?.bytes.stored).toBeLessThan((first?.bytes.stored ?? 0) / 4);
  expect(third?.bytes.stored).toBeLessThan((first?.bytes.stored ?? 0) / 4);
  const found = await deltas();
  expect(found.length).toBeGreaterThan(20);
  expect(found.filter(({isDeep, basePack}) => isDeep || basePack === '')).toEqual([]);
  for (const [at, content] of versions.entries())
    expect((await restored(made[at]?.id ?? '')).equals(content)).toBe(true);
  expect(await machine.verify()).toMatchObject({ok: true, problems: []});
  expect((await store(dump(3))).bytes.new).toBeLessThan(5000); // The same again: the tree alone.
});

test('the cache is for this user alone, encrypted, and bounded', async () => {
  await store(dump(0));
  expect(statSync(cachePath()).mode & 0o777).toBe(0o600);
  for (const name of readdirSync(`${machine.catalogPath}.bases`)) {
    const bytes = readFileSync(join(`${machine.catalogPath}.bases`, name));
    expect(bytes.includes(CANARY)).toBe(false);
    expect(bytes.includes('db.sql')).toBe(false);
  }
  await store(dump(1), {full: true}, 1_000_000);
  expect(statSync(cachePath()).size).toBeLessThan(2_000_000);
  const {bytes} = await store(dump(2), {}, 1_000_000);
  expect(await deltas()).not.toEqual([]);
  expect(bytes.stored).toBeGreaterThan(100_000);
  await store(dump(2), {}, 0);
  expect(existsSync(cachePath())).toBe(false);
});

test.each([
  ['deleted', () => rmSync(cachePath())],
  ['damaged', () => writeFileSync(cachePath(), noise(100_000, 'damage'))],
  ['of another key', () => writeFileSync(cachePath(), '')],
  [
    'with flipped bits',
    () => {
      const bytes = readFileSync(cachePath());
      for (let at = 40_000; at < bytes.length; at += 3000) bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(cachePath(), bytes);
    },
  ],
])('a cache that is %s costs room, and nothing else', async (_what, harm) => {
  await store(dump(0));
  harm();
  for (const version of [1, 2]) {
    const {id} = await store(dump(version));
    expect((await restored(id)).equals(dump(version))).toBe(true);
  }
  expect(await machine.verify()).toMatchObject({ok: true, problems: []});
});

test('a new generation builds on nothing of the last one; a dry run changes nothing', async () => {
  await store(dump(0));
  await store(dump(1), {dryRun: true, full: true});
  const dry = await store(dump(1), {dryRun: true});
  expect((await store(dump(1))).bytes.stored).toBeLessThan(2 * dry.bytes.stored + 10_000);
  const {id} = await store(dump(2), {full: true});
  expect(await deltas()).toEqual([]);
  expect((await restored(id)).equals(dump(2))).toBe(true);
});

describe('damage', () => {
  test('of a base is told with the files that build on it', async () => {
    const {id: first} = await store(dump(0));
    const {id: second} = await store(dump(1));
    const [{basePack = ''} = {}] = await deltas();
    const path = packPath(basePack);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
    writeFileSync(path, bytes);
    const {ok, problems} = await machine.verify();
    expect(ok).toBe(false);
    const affected = problems.flatMap(({affects}) => affects);
    for (const id of [first, second]) expect(affected).toContain(`${id}:db.sql`);
    expect(new Set(problems.map(({object}) => object)).size).toBe(1);
    const {damaged} = await machine.restore(String(second), join(machine.folder, 'damaged'));
    expect(damaged).not.toEqual([]);
  });

  test('a pack of bases that is gone is stored again, with what builds on it', async () => {
    await store(dump(0));
    await store(dump(1));
    const [{basePack = ''} = {}] = await deltas();
    rmSync(packPath(basePack));
    expect(await machine.verify()).toMatchObject({ok: false});
    machine.catalog[Symbol.dispose]();
    rmSync(machine.catalogPath);
    machine.openState();
    await rebuildCatalog(await machine.context(), await machine.history());
    const {id} = await store(dump(1));
    expect((await restored(id)).equals(dump(1))).toBe(true);
    expect((await deltas()).every(({basePack: pack, isDeep}) => pack !== '' && !isDeep)).toBe(true);
  });
});

describe('the form of a delta', () => {
  const base = 'ab'.repeat(32) as BlobId;

  test('whatever the contents, it comes back', () => {
    let made = 0;
    fc.assert(
      fc.property(
        fc.uint8Array({minLength: 1, maxLength: 3000, size: 'max'}),
        fc.nat(3000),
        fc.uint8Array(),
        (bytes, at, more) => {
          const dictionary = Buffer.from(bytes);
          const content = Buffer.concat([dictionary.subarray(0, at), more, dictionary.subarray(at / 2)]);
          const member = encodeDelta(content, base, dictionary);
          if (member === undefined) return true; // It would take no less than half.
          made++;
          return decodeDelta(member, base, dictionary, content.length).equals(content);
        },
      ),
    );
    expect(made).toBeGreaterThan(20);
  });

  test('a base that zstd would take for a dictionary of its own kind is none', () => {
    const content = noise(100_000, 'content');
    const dictionary = Buffer.concat([Buffer.from('37a430ec', 'hex'), content]);
    expect(encodeDelta(content, base, dictionary)).toBeUndefined();
    expect(encodeDelta(content, base, dictionary.subarray(1))).toBeDefined();
    expect(encodeDelta(content, base, content.subarray(0, 4))).toBeUndefined();
  });

  test('what is not as the index says is refused', () => {
    const dictionary = noise(100_000, 'base');
    const content = Buffer.concat([dictionary.subarray(5), Buffer.from('new')]);
    const member = Buffer.from(encodeDelta(content, base, dictionary) ?? []);
    const other = 'cd'.repeat(32) as BlobId;
    const flipped = Buffer.from(member);
    flipped[90] = (flipped[90] ?? 0) ^ 0xff;
    for (const [what, of, length] of [
      [member, other, content.length],
      [member, base, content.length - 1],
      [member, base, content.length + 1],
      [member.subarray(0, 60), base, content.length],
      [flipped, base, content.length],
    ] as const)
      expect(() => decodeDelta(what, of, dictionary, length)).toThrow(DeltaError);
  });

  test('the stock zstd decodes it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-delta-'));
    try {
      const dictionary = dump(0).subarray(0, 200_000);
      const content = dump(1).subarray(0, 200_300);
      writeFileSync(join(folder, 'base'), dictionary);
      writeFileSync(join(folder, 'delta'), encodeDelta(content, base, dictionary) ?? '');
      const decoded = execFileSync('zstd', ['-d', '-c', '-D', join(folder, 'base'), join(folder, 'delta')], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(decoded.equals(content)).toBe(true);
      expect(statSync(join(folder, 'delta')).size).toBeLessThan(content.length / 50);
    } finally {
      rmSync(folder, {recursive: true});
    }
  });
});
