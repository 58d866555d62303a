/**
 * MongoDB (TESTING.md G4, G7, G16, J2). No package here has mongod or mongodump, so archives are written by the specification of mongo-tools
 * (common/archive/spec.md), and scripts stand in for mongodump and mongorestore. The suite for the real ones runs where HOLDFAST_TEST_MONGODB is a server's address.
 */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {parseMongodbUri, serverUri} from '../../src/config/mongodb-uri.ts';
import type {MongodbConnection, MongodbSourceConfig} from '../../src/config/source-types.ts';
import {stdinSource} from '../../src/config/sources.ts';
import {SourceError} from '../../src/errors.ts';
import {
  type RestoreDatabaseOptions,
  type RestoreDatabaseResult,
  restoreToDatabase,
} from '../../src/operations/restore-database.ts';
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
const header = (collection: string, EOF = false, db = 'shop'): Buffer =>
  document({db, collection, EOF, CRC: EOF ? -7n : 0n});
const metadata = (collection: string, text = '{}', db = 'shop'): Buffer =>
  document({db, collection, metadata: text, size: 1});
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

const connection: MongodbConnection = {
  uri: 'mongodb://backup@127.0.0.1:1/?replicaSet=rs0',
  password: undefined,
  programs: undefined,
};

const source = (overrides: Partial<MongodbSourceConfig> = {}): MongodbSourceConfig => ({
  ...stdinSource('mongo', 'unused', Number.POSITIVE_INFINITY),
  kind: 'mongodb',
  connection,
  database: undefined,
  oplog: true,
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
  vi.stubEnv('SHOP_PASSWORD', 'canary'); // Where the config has it from.
  const {id} = await machine.backupDump(
    source({
      connection: {
        ...connection,
        programs: folder,
        password: new Secret('canary "\\ 1'),
        hidden: ['SHOP_PASSWORD'],
      },
    }),
  );
  vi.unstubAllEnvs();
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
  const broken = source({
    connection: {...connection, programs: programs(script), password: new Secret('canary')},
  });
  await expect(machine.backupDump(broken)).rejects.toThrow(problem);
  expect((await machine.history()).sources.flatMap(({seals}) => seals)).toEqual([]);
});

test('an address may name several hosts, and holds no password', () => {
  const uri = parseMongodbUri('mongodb://a%40b@H1:27018,h2/shop?replicaSet=rs0&tls=true');
  expect(uri).toMatchObject({hosts: ['h1:27018', 'h2:27017'], database: 'shop', password: undefined});
  expect(uri && serverUri(uri)).toBe('mongodb://a%40b@h1:27018,h2:27017/?replicaSet=rs0&tls=true');
  expect(parseMongodbUri('mongodb+srv://a:b%2F@c.example.org')).toMatchObject({
    hosts: ['c.example.org'],
    password: 'b%2F',
  });
  for (const wrong of ['redis://a', 'mongodb://', 'mongodb://a,,b', 'mongodb://a b/'])
    expect(parseMongodbUri(wrong), wrong).toBeUndefined();
});

// G7, G16
test('no program is said; a server alone is told to be of no one moment', async () => {
  const error = await machine
    .backupDump(source({connection: {...connection, programs: '/no/such/folder'}, oplog: false}))
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SourceError);
  expect(error).toMatchObject({
    message: expect.stringContaining('the program is not there'),
    hint: expect.stringContaining('mongodb-database-tools'),
  });
  expect(machine.notes.join()).toContain('not of one moment');
});

/** What mongodump says of a database with these orders. */
const copyOf = (db: string, ids: readonly number[], serverVersion = '7.0.2'): Buffer => {
  const names = ids.length === 0 ? [] : ['orders', 'people', 'empty'];
  return Buffer.concat([
    Buffer.from('6de29981', 'hex'),
    document({
      concurrent_collections: 4,
      version: '0.1',
      server_version: serverVersion,
      tool_version: '100.9.4',
    }),
    ...names.map((name) => metadata(name, '{}', db)),
    TERMINATOR,
    ...(ids.length === 0 ? [] : [header('orders', false, db), ...ids.map(order), TERMINATOR]),
    ...(ids.length === 0 ? [] : [header('people', false, db), document({_id: 1, name: 'Ü'}), TERMINATOR]),
    ...names.flatMap((name) => [header(name, true, db), TERMINATOR]),
  ]);
};

describe('a restore into a database, with scripts in the place of the programs', () => {
  let folder: string;
  const where = 'mongodb://root@db2:27017/';

  /** A server whose database is `before` first, and `after` once mongorestore has run. */
  async function restore(
    [before, after]: readonly [Buffer, Buffer],
    database: string,
    {uri: address = where, ...options}: Partial<RestoreDatabaseOptions> & {uri?: string} = {},
  ): Promise<RestoreDatabaseResult> {
    writeFileSync(join(folder, 'now'), before);
    writeFileSync(join(folder, 'after'), after);
    rmSync(join(folder, 'loaded'), {force: true});
    const script = (name: string, text: string): void =>
      writeFileSync(join(folder, name), `#!/bin/bash\ncd ${folder}\n${text}\n`, {mode: 0o755});
    script('mongodump', 'cat now');
    script('mongorestore', 'cat >loaded; printf "%s\\n" "$@" >restoring; env >>restoring; cp after now');
    const {history, agents, repository} = await machine.elsewhere();
    const [found] = history.sources;
    const seal = found?.seals.at(-1);
    if (found === undefined || seal === undefined) throw new Error('no history');
    return restoreToDatabase(
      {repository, agents, key: machine.privateKey},
      found,
      seal,
      {
        kind: 'mongodb',
        database,
        connection: {uri: address, password: new Secret('canary'), programs: folder},
      },
      {now: () => new Date(), ...options},
    );
  }

  beforeEach(async () => {
    folder = programs('cat archive');
    const uris = {...connection, uri: 'mongodb://backup@db1,db3:27018/?replicaSet=rs0', programs: folder};
    await machine.backupDump(source({connection: uris}));
  });

  // G14
  test('has the archive under another name, and what came back otherwise is named', async () => {
    const copy = copyOf('copy', [1, 2, 3]);
    expect(await restore([copyOf('copy', []), copy], 'copy')).toMatchObject({
      database: 'copy',
      tables: 3,
      problems: [],
      warnings: [],
    });
    expect(readFileSync(join(folder, 'loaded')).equals(archive)).toBe(true);
    const given = readFileSync(join(folder, 'restoring'), 'utf8');
    for (const argument of [
      '--archive',
      '--nsInclude=shop.*',
      '--nsFrom=shop.*',
      '--nsTo=copy.*',
      `--uri=${where}`,
    ])
      expect(given.split('\n')).toContain(argument);
    expect(given).not.toMatch(/canary|--drop/);

    const less = await restore([copyOf('copy', []), copyOf('copy', [1, 2])], 'copy');
    expect(less.problems).toEqual(['The collection orders has 2 documents; the dump has 3.']);
    const other = await restore([copyOf('copy', []), copyOf('copy', [1, 2, 4])], 'copy');
    expect(other.problems).toEqual([
      'The collection orders has other content than the dump, in 3 documents.',
    ]);
    const none = await restore([copyOf('copy', []), copyOf('copy', [])], 'copy');
    expect(none.problems).toContain('The collection people is missing.');
  });

  test('refuses what has content, what was dumped, and an older server; nothing is loaded', async () => {
    const full = [copyOf('copy', [9]), copyOf('copy', [1, 2, 3])] as const;
    await expect(restore(full, 'copy')).rejects.toThrow('is there already, and is not empty');
    const own = {uri: 'mongodb://root@DB1:27017/'};
    await expect(restore(full, 'shop', own)).rejects.toThrow('is the database that was dumped');
    const older = [copyOf('copy', [], '6.0.1'), copyOf('copy', [1])] as const;
    await expect(restore(older, 'copy')).rejects.toThrow('the server is 6.0.1, which is older');
    expect(existsSync(join(folder, 'loaded'))).toBe(false);

    expect(await restore(full, 'copy', {overwrite: true})).toMatchObject({problems: []});
    expect(readFileSync(join(folder, 'restoring'), 'utf8')).toMatch(/^--drop$/m);
    const back = [copyOf('shop', [9]), copyOf('shop', [1, 2, 3])] as const;
    expect(await restore(back, 'shop', {...own, inPlace: true})).toMatchObject({problems: []});
  });
});

describe.runIf(uri)('a real server', {timeout: 120_000}, () => {
  test('its databases come back through mongorestore', async () => {
    const {id} = await machine.backupDump(
      source({connection: {...connection, uri: String(uri)}, oplog: String(uri).includes('replicaSet')}),
    );
    const before = await witness();
    const to = join(machine.folder, 'real');
    await machine.restore(String(id), to);
    execFileSync('mongorestore', [`--uri=${uri}`, `--archive=${join(to, 'mongodb.archive')}`, '--drop']);
    await machine.backupDump(source({connection: {...connection, uri: String(uri)}, oplog: false}));
    expect(await witness()).toMatchObject({collections: (before as {collections: unknown}).collections});
  });
});
