/**
 * MongoDB (TESTING.md G4, G7, G16, J2). No package here has mongod or mongodump, so archives are written by the specification of mongo-tools
 * (common/archive/spec.md), and a script stands in for mongodump. The suite for the real ones runs where HOLDFAST_TEST_MONGODB is a server's address.
 */
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {MongodbSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {SourceError} from '../../src/errors.ts';
import {openSealedGeneration, readSealedSnapshot} from '../../src/repository/open-snapshot.ts';
import {ArchiveError, ArchiveReader} from '../../src/sources/mongodb/archive.ts';
import {Secret} from '../../src/system/secret.ts';
import {Machine} from '../support/machine.ts';
import {leftOut} from '../support/skips.ts';

const uri = process.env['HOLDFAST_TEST_MONGODB'];
if (!uri)
  leftOut(
    'MongoDB',
    'HOLDFAST_TEST_MONGODB is not set; run a mongod and install mongodb-database-tools, both from MongoDB, and set it to mongodb://127.0.0.1:27017',
    {tolerated: true},
  );

/** A BSON document of strings, integers and booleans. */
function document(fields: Readonly<Record<string, string | number | boolean | bigint>>): Buffer {
  const parts = Object.entries(fields).map(([name, value]) => {
    const key = Buffer.from(`${name}\0`);
    if (typeof value === 'boolean') return Buffer.concat([Buffer.of(8), key, Buffer.of(value ? 1 : 0)]);
    if (typeof value === 'string') {
      const length = Buffer.alloc(4);
      length.writeInt32LE(Buffer.byteLength(value) + 1);
      return Buffer.concat([Buffer.of(2), key, length, Buffer.from(`${value}\0`)]);
    }
    const number = Buffer.alloc(typeof value === 'bigint' ? 8 : 4);
    if (typeof value === 'bigint') number.writeBigInt64LE(value);
    else number.writeInt32LE(value);
    return Buffer.concat([Buffer.of(typeof value === 'bigint' ? 0x12 : 0x10), key, number]);
  });
  const length = Buffer.alloc(4);
  const body = Buffer.concat(parts);
  length.writeInt32LE(body.length + 5);
  return Buffer.concat([length, body, Buffer.of(0)]);
}

const TERMINATOR = Buffer.from('ffffffff', 'hex');
const header = (collection: string, EOF = false): Buffer =>
  document({db: 'shop', collection, EOF, CRC: EOF ? -7n : 0n});
const metadata = (collection: string, text = '{}'): Buffer =>
  document({db: 'shop', collection, metadata: text, size: 1});
const order = (id: number): Buffer => document({_id: id, note: `order ${id}`});

/** Two collections, one of them in two segments, an empty one, and a view. */
const archive = Buffer.concat([
  Buffer.from('6de29981', 'hex'),
  document({concurrent_collections: 4, version: '0.1', server_version: '7.0.2', tool_version: '100.9.4'}),
  ...['orders', 'people', 'empty'].map((name) => metadata(name)),
  metadata('view', '{"options":{"viewOn":"orders"},"type":"view"}'),
  TERMINATOR,
  ...[header('orders'), order(1), order(2), TERMINATOR],
  ...[header('people'), document({_id: 1, name: 'Ü'}), TERMINATOR],
  ...[header('orders'), order(3), TERMINATOR],
  ...['orders', 'empty', 'people'].flatMap((name) => [header(name, true), TERMINATOR]),
]);

function read(bytes: Buffer, piece: number): ReturnType<ArchiveReader['end']> {
  const reader = new ArchiveReader(true);
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  return reader.end();
}

// G4
describe('an archive', () => {
  test('is whole, in pieces of any size, and its documents are counted in any order', () => {
    const facts = read(archive, archive.length);
    expect(facts).toMatchObject({serverVersion: '7.0.2', toolVersion: '100.9.4'});
    expect(facts.collections.map(([name, documents]) => [name, documents])).toEqual([
      ['shop.empty', 0],
      ['shop.orders', 3],
      ['shop.people', 1],
    ]);
    for (const piece of [1, 3, 64]) expect(read(archive, piece)).toEqual(facts);
  });

  test('that is cut anywhere, or goes on, is not', () => {
    for (let length = 0; length < archive.length; length++)
      expect(() => read(archive.subarray(0, length), 50), `${length} bytes`).toThrow(ArchiveError);
    for (const more of ['00', 'ffffffff', 'feffffff', '0500000000'])
      expect(() => read(Buffer.concat([archive, Buffer.from(more, 'hex')]), 50), more).toThrow(ArchiveError);
  });
});

let machine: Machine;
beforeEach(async () => {
  machine = await Machine.create();
});
afterEach(() => machine[Symbol.asyncDispose]());

const source = (overrides: Partial<MongodbSourceConfig> = {}): MongodbSourceConfig => ({
  ...stdinSource('mongo', 'unused', Number.POSITIVE_INFINITY),
  kind: 'mongodb',
  uri: 'mongodb://backup@127.0.0.1:1/?replicaSet=rs0',
  password: undefined,
  database: undefined,
  oplog: true,
  programs: undefined,
  witness: {rows: 'all', timeoutMs: 60_000},
  ...overrides,
});

/** A script in the place of mongodump. */
function programs(script: string): string {
  const folder = join(machine.folder, 'programs');
  mkdirSync(folder);
  writeFileSync(join(folder, 'archive'), archive);
  writeFileSync(join(folder, 'mongodump'), `#!/bin/bash\ncd ${folder}\n${script}\n`, {mode: 0o755});
  return folder;
}

async function witness(): Promise<unknown> {
  const {history, agents, repository} = await machine.elsewhere();
  const [found] = history.sources;
  const seal = found?.seals.at(-1);
  if (found === undefined || seal === undefined) throw new Error('no history');
  const {reader} = await openSealedGeneration(repository, agents, found, seal, machine.privateKey);
  return (await readSealedSnapshot(repository, agents, seal, reader)).witness;
}

test('the archive is stored as it is, with what is in it; the password is in no argument', async () => {
  const folder = programs(
    `tr '\\0' '\\n' </proc/$$/cmdline >arguments; env >>arguments; for a; do case "$a" in --config=*) cat "\${a#--config=}" >options;; esac; done; cat archive`,
  );
  const {id} = await machine.backupDump(source({programs: folder, password: new Secret('canary "\\ 1')}));
  const given = readFileSync(join(folder, 'arguments'), 'utf8');
  expect(given).toMatch(/^--archive$/m);
  expect(given).toMatch(/^--oplog$/m);
  expect(given).not.toContain('canary');
  expect(JSON.parse(readFileSync(join(folder, 'options'), 'utf8'))).toEqual({password: 'canary "\\ 1'});
  const to = join(machine.folder, 'restored');
  await machine.restore(String(id), to);
  expect(readFileSync(join(to, 'mongodb.archive')).equals(archive)).toBe(true);
  expect(await witness()).toMatchObject({
    kind: 'mongodb',
    version: '7.0.2',
    collections: [
      ['shop.empty', 0, '0'],
      ['shop.orders', 3, expect.stringMatching(/^\d+$/)],
      ['shop.people', 1, expect.any(String)],
    ],
  });
});

test.each([
  [
    'G1: it fails',
    'cat archive; echo "auth failed: canary" >&2; exit 1',
    /exit code 1 \(auth failed: \[redacted\]\)/,
  ],
  ['G3: it gives nothing', 'exit 0', /no whole archive/],
  ['G4: it gives a part', 'head -c 700 archive', /no whole archive/],
])('%s: no snapshot', async (_name, script, problem) => {
  const broken = source({programs: programs(script), password: new Secret('canary')});
  await expect(machine.backupDump(broken)).rejects.toThrow(problem);
  expect((await machine.history()).sources.flatMap(({seals}) => seals)).toEqual([]);
});

// G7, G16
test('no program is said; a server alone is told to be of no one moment', async () => {
  const error = await machine
    .backupDump(source({programs: '/no/such/folder', oplog: false}))
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SourceError);
  expect(error).toMatchObject({
    message: expect.stringContaining('the program is not there'),
    hint: expect.stringContaining('mongodb-database-tools'),
  });
  expect(machine.notes.join()).toContain('not of one moment');
});

describe.runIf(uri)('a real server', {timeout: 120_000}, () => {
  test('its databases come back through mongorestore', async () => {
    const {id} = await machine.backupDump(
      source({uri: String(uri), oplog: String(uri).includes('replicaSet')}),
    );
    const before = await witness();
    const to = join(machine.folder, 'real');
    await machine.restore(String(id), to);
    execFileSync('mongorestore', [`--uri=${uri}`, `--archive=${join(to, 'mongodb.archive')}`, '--drop']);
    await machine.backupDump(source({uri: String(uri), oplog: false}));
    expect(await witness()).toMatchObject({collections: (before as {collections: unknown}).collections});
  });
});
