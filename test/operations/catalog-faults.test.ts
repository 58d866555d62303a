import {createHmac} from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import Database from 'better-sqlite3';
import {describe, expect, test} from 'vitest';
import {Catalog} from '../../src/catalog/catalog.ts';
import {initRepository} from '../../src/operations/init.ts';
import {rebuildCatalog} from '../../src/operations/rebuild-catalog.ts';
import {restoreToFolder} from '../../src/operations/restore.ts';
import {verify} from '../../src/operations/verify.ts';
import {TrustFile} from '../../src/repository/trust.ts';
import type {Target} from '../../src/targets/target.ts';
import {SavedState} from '../support/crash-points.ts';
import {recording} from '../support/faulty-target.ts';
import {Machine} from '../support/machine.ts';
import {describeTree, noise} from '../support/trees.ts';

/** Snapshots of 300 KB each, in packs of their own. */
async function machineWithSnapshots(count: number): Promise<Machine> {
  const machine = await Machine.create();
  for (let n = 1; n <= count; n++) await snapshotNumber(machine, n);
  return machine;
}

/** A file that changed less than 50 ms before a backup is read again by the next one. */
const settle = () => delay(80);

async function snapshotNumber(machine: Machine, n: number) {
  mkdirSync(join(machine.source, `folder-${n}`));
  for (let i = 0; i < 3; i++)
    writeFileSync(join(machine.source, `folder-${n}`, `file-${i}`), noise(100_000, `${n} ${i}`));
  await settle();
  return machine.backup();
}

function deleteCatalog(machine: Machine): void {
  machine.catalog[Symbol.dispose]();
  for (const side of ['', '-wal', '-shm']) rmSync(machine.catalogPath + side, {force: true});
  machine.openState();
}

function catalogRows(machine: Machine) {
  const database = new Database(machine.catalogPath, {readonly: true});
  try {
    return {
      packs: database.prepare('SELECT name, size, record FROM pack ORDER BY name').all(),
      blobs: database
        .prepare('SELECT hex(blob.id) AS id, pack.name FROM blob JOIN pack ON pack.id = blob.pack ORDER BY 1')
        .all(),
      index: database.prepare('SELECT name, size FROM index_object ORDER BY name').all(),
      generations: database
        .prepare('SELECT name, created, hex(blob_id_key), chunker, secrets, recipients FROM generation')
        .all(),
      seals: database
        .prepare('SELECT source, sequence, id, seal_sha256, seal FROM snapshot ORDER BY sequence')
        .all(),
    };
  } finally {
    database.close();
  }
}

/** Backs up, and counts what is stored. */
async function countedBackup(machine: Machine, options = {}) {
  const log = recording(machine.target);
  const done = await machine.backup(options, {}, {repository: {...machine.repository, target: log.target}});
  const bytes = log.calls
    .filter(({operation}) => operation === 'put')
    .reduce((sum, {sizeBytes}) => sum + sizeBytes, 0);
  return {done, bytes};
}

async function expectWhole(machine: Machine, reference = 'latest'): Promise<void> {
  const to = join(machine.folder, 'restored');
  rmSync(to, {recursive: true, force: true});
  expect(await machine.restore(reference, to)).toMatchObject({warnings: [], damaged: []});
  expect(describeTree(to)).toEqual(describeTree(machine.source));
}

function packFiles(machine: Machine, kind: 'packs' | 'index' = 'packs'): string[] {
  return readdirSync(machine.repositoryFolder, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.includes(`/${kind}/`) && name.endsWith('.pgp'))
    .map((name) => join(machine.repositoryFolder, name));
}

const TREES_AND_SEAL_BYTES = 20_000;

// C1
test('a deleted catalog is rebuilt: the same rows; all files are read again, almost nothing is stored', async () => {
  await using machine = await machineWithSnapshots(2);
  const before = catalogRows(machine);
  deleteCatalog(machine);
  await rebuildCatalog(machine, await machine.history());
  expect(catalogRows(machine)).toEqual(before);

  const {done, bytes} = await countedBackup(machine);
  expect(done).toMatchObject({kind: 'incremental', sequence: 3, bytes: {read: 600_000, new: 0}});
  expect(bytes).toBeLessThan(TREES_AND_SEAL_BYTES);
  expect(await machine.verify()).toMatchObject({ok: true, problems: [], snapshots: 3});
  expect(await machine.backup()).toMatchObject({bytes: {read: 0}, entries: {unchanged: 8}});
});

// C1, C3: without a rebuild that anybody asked for.
test.each([
  ['deleted', deleteCatalog],
  [
    'no database',
    (machine: Machine) => {
      machine.catalog[Symbol.dispose]();
      writeFileSync(machine.catalogPath, 'not a database'.repeat(1000));
      machine.openState();
    },
  ],
  [
    'empty',
    (machine: Machine) => {
      machine.catalog[Symbol.dispose]();
      writeFileSync(machine.catalogPath, '');
      machine.openState();
    },
  ],
])('a backup whose catalog is %s goes on from the repository', async (_, damage) => {
  await using machine = await machineWithSnapshots(2);
  damage(machine);
  const {done, bytes} = await countedBackup(machine);
  expect(done).toMatchObject({kind: 'incremental', sequence: 3, bytes: {read: 600_000, new: 0}});
  expect(bytes).toBeLessThan(TREES_AND_SEAL_BYTES);
  expect(await machine.verify()).toMatchObject({ok: true, problems: [], snapshots: 3});
  await expectWhole(machine);
});

// C2
test('a lost machine: a new one joins, sees and keeps the old history, and starts a generation of its own', async () => {
  await using machine = await machineWithSnapshots(2);
  const oldAgent = machine.agent.fingerprint;
  const [first] = (await machine.history()).sources[0]?.seals ?? [];
  const before = describeTree(machine.source);
  machine.catalog[Symbol.dispose]();
  rmSync(join(machine.folder, 'state'), {recursive: true});
  const options = {recipients: machine.recipients, now: machine.now, agentPath: () => machine.agentPath};
  await expect(initRepository(machine.target, {...options, join: false})).rejects.toMatchObject({
    exitCode: 2,
  });
  const joined = await initRepository(machine.target, {...options, join: true});
  expect(joined).toMatchObject({created: false, otherAgents: [oldAgent]});
  expect(joined.agent.fingerprint).not.toBe(oldAgent);
  machine.agent = joined.agent;
  machine.openState();
  machine.trust.approve([joined.agent.fingerprint, oldAgent]);

  expect(await machine.history()).toMatchObject({
    problems: [],
    sources: [{seals: [{sequence: 1}, {sequence: 2}]}],
  });
  const rebuilt = await rebuildCatalog(machine, await machine.history());
  expect(rebuilt).toMatchObject({generations: 0, snapshots: 2, skipped: [{generation: first?.generation}]});
  const full = await machine.backup();
  expect(full).toMatchObject({kind: 'full', sequence: 3, warnings: []});
  expect(full.generation).not.toBe(first?.generation);
  expect(await machine.backup()).toMatchObject({kind: 'incremental', sequence: 4, bytes: {read: 0}});

  // A client that knows both agents.
  const agents = (await machine.context()).agents;
  expect(agents).toHaveLength(2);
  const history = await machine.history();
  expect(
    await verify({repository: machine.repository, agents, key: machine.privateKey}, history, {
      level: 'content',
    }),
  ).toMatchObject({ok: true, problems: [], snapshots: 4});
  const [source] = history.sources;
  const seal = source?.seals[1];
  if (source === undefined || seal === undefined) throw new Error('The old history is gone.');
  const to = join(machine.folder, 'old');
  await restoreToFolder({repository: machine.repository, agents, key: machine.privateKey}, source, seal, to, {
    overwrite: 'never',
  });
  expect(describeTree(to)).toEqual(before);
});

// C4, C7
test('a catalog of last week adopts the newer seals before it backs up', async () => {
  await using machine = await machineWithSnapshots(1);
  const saved = new SavedState(machine);
  for (const n of [2, 3]) await snapshotNumber(machine, n);
  const [, , newest] = (await machine.history()).sources[0]?.seals ?? [];
  saved.restore(['state']);
  const {done, bytes} = await countedBackup(machine);
  expect(done).toMatchObject({
    kind: 'incremental',
    sequence: 4,
    parent: newest?.snapshot.id,
    bytes: {new: 0},
  });
  expect(bytes).toBeLessThan(TREES_AND_SEAL_BYTES);
  expect(machine.catalog.snapshots.count()).toBe(4);
  expect(await machine.verify()).toMatchObject({ok: true, problems: [], snapshots: 4});
  await expectWhole(machine);
});

// C6: what was pruned since; at another time, its size is wrong; or it is the index that is gone.
describe('a catalog of last week, of a storage that has since lost', () => {
  test.each<[string, (machine: Machine) => void]>([
    ['packs', (machine) => packFiles(machine).forEach((file) => void rmSync(file))],
    ['one pack', (machine) => rmSync(packFiles(machine)[0] as string)],
    ['the end of a pack', (machine) => writeFileSync(packFiles(machine)[0] as string, 'short')],
    ['index objects', (machine) => packFiles(machine, 'index').forEach((file) => void rmSync(file))],
    ['the oldest index object', (machine) => rmSync(oldest(packFiles(machine, 'index')))],
  ])('%s: what the next seal needs is stored again before it', async (_, lose) => {
    await using machine = await machineWithSnapshots(2);
    const saved = new SavedState(machine);
    await snapshotNumber(machine, 3);
    saved.restore(['state']);
    lose(machine);
    writeFileSync(join(machine.source, 'new'), 'new');
    expect(await machine.backup()).toMatchObject({kind: 'incremental', sequence: 4, warnings: []});
    await expectWhole(machine);
    const {problems} = await machine.verify();
    const newest = (await machine.elsewhere()).history.sources[0]?.seals.at(-1)?.snapshot.id;
    expect(problems.flatMap(({affects}) => affects).filter((id) => id.startsWith(String(newest)))).toEqual(
      [],
    );
    expect(await machine.backup()).toMatchObject({kind: 'incremental', bytes: {new: 0}});
    await expectWhole(machine);
  });

  // The seals say that nothing happened, so a backup does not look; verify does, and a rebuild heals.
  test('a pack without any new seal: verify finds it, a rebuild and a backup heal it', async () => {
    await using machine = await machineWithSnapshots(2);
    rmSync(packFiles(machine)[0] as string);
    expect(await machine.verify({level: 'structure'})).toMatchObject({ok: false});
    await rebuildCatalog(machine, await machine.history());
    await machine.backup();
    await expectWhole(machine);
  });
});

function oldest(files: readonly string[]): string {
  return [...files].sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)[0] as string;
}

/** Does something right before the first put of a matching object. */
function interrupted(target: Target, matching: RegExp, then: () => Promise<void>): Target {
  let isDone = false;
  return new Proxy(target, {
    get(of, property) {
      const value: unknown = Reflect.get(of, property, of);
      if (property !== 'put') return typeof value === 'function' ? value.bind(of) : value;
      return async (...args: Parameters<Target['put']>) => {
        if (!isDone && matching.test(args[0])) {
          isDone = true;
          await then();
        }
        await of.put(...args);
      };
    },
  });
}

// C8
describe('two clones of one machine', () => {
  /** Opens a copy of the machine's state; its backups run with it. */
  function clone(machine: Machine): {catalog: Catalog; trust: TrustFile} & Disposable {
    const folder = join(machine.folder, 'clone');
    machine.catalog[Symbol.dispose]();
    cpSync(join(machine.folder, 'state'), folder, {recursive: true});
    machine.openState();
    const catalog = Catalog.open(join(folder, 'catalog.db'), {repositoryId: machine.repository.id});
    const trust = new TrustFile(join(folder, 'seen.json'), machine.repository.id);
    return {catalog, trust, [Symbol.dispose]: () => catalog[Symbol.dispose]()};
  }

  test('of different names: the second is told of the first', async () => {
    await using machine = await machineWithSnapshots(1);
    using other = clone(machine);
    let told: unknown;
    const target = interrupted(machine.target, /\/snapshots\//, async () => {
      told = await machine
        .backup({}, {}, {catalog: other.catalog, trust: other.trust, host: 'clone'})
        .catch((error: unknown) => error);
    });
    const done = await machine.backup({}, {}, {repository: {...machine.repository, target}});
    expect(done).toMatchObject({sequence: 2});
    expect(told).toMatchObject({
      exitCode: 11,
      message: expect.stringMatching(
        new RegExp(`is being backed up by process ${process.pid} on test-host since 20\\d\\d-`),
      ),
    });
    // When it is over, the clone goes on from there.
    const {catalog, trust} = other;
    expect(await machine.backup({}, {}, {catalog, trust, host: 'clone'})).toMatchObject({
      sequence: 3,
      parent: done.id,
    });
    expect(await machine.verify()).toMatchObject({ok: true, snapshots: 3});
  });

  test('of the same name at the same time: the slower one does not seal', async () => {
    await using machine = await machineWithSnapshots(1);
    using other = clone(machine);
    writeFileSync(join(machine.source, 'new'), noise(50_000, 'new'));
    const target = interrupted(machine.target, /\/snapshots\//, async () => {
      await machine.backup({}, {}, {catalog: other.catalog, trust: other.trust});
    });
    await expect(machine.backup({}, {}, {repository: {...machine.repository, target}})).rejects.toMatchObject(
      {
        exitCode: 11,
        message: expect.stringContaining(
          'Another run sealed snapshot number 2 of files while this one was under way',
        ),
      },
    );
    expect(await machine.verify()).toMatchObject({ok: true, snapshots: 2});
    expect(await machine.backup()).toMatchObject({sequence: 3, bytes: {new: 0}});
    await expectWhole(machine);
  });

  test('of the same name at the same moment: both seals are kept, and each finds the fork', async () => {
    await using machine = await machineWithSnapshots(1);
    using other = clone(machine);
    writeFileSync(join(machine.source, 'new'), noise(50_000, 'new'));
    const target = interrupted(machine.target, /\/seals\//, async () => {
      await machine.backup({}, {}, {catalog: other.catalog, trust: other.trust});
    });
    await machine.backup({}, {}, {repository: {...machine.repository, target}});
    const fork = {
      exitCode: 4,
      message: expect.stringContaining('there are two seals number 2 of files: history was forked'),
    };
    await expect(machine.backup()).rejects.toMatchObject(fork);
    await expect(machine.backup({}, {}, {catalog: other.catalog, trust: other.trust})).rejects.toMatchObject(
      fork,
    );
    const {history} = await machine.elsewhere();
    const ends = history.sources[0]?.seals.filter(({sequence}) => sequence === 2) ?? [];
    expect(ends).toHaveLength(2);
    for (const end of ends) await expectWhole(machine, end.snapshot.id);
  });
});

// C10
describe('a catalog that lies', () => {
  test('about a blob that was never stored: verify --level content finds the file', async () => {
    await using machine = await machineWithSnapshots(1);
    const generation = machine.catalog.generations.newest('files');
    if (generation === undefined) throw new Error('There is no generation.');
    const content = noise(5000, 'never stored');
    const id = createHmac('sha256', generation.blobIdKey).update(content).digest();
    const [pack] = machine.catalog.blobs.packs(generation.id);
    if (pack === undefined) throw new Error('There is no pack.');
    machine.catalog.blobs.addPack(generation.id, pack, [id], null);
    writeFileSync(join(machine.source, 'new'), content);
    const {id: snapshot} = await machine.backup();
    expect(await machine.verify({level: 'ciphertext'})).toMatchObject({ok: true});
    const {ok, problems} = await machine.verify();
    expect(ok).toBe(false);
    expect(problems.flatMap(({affects}) => affects)).toEqual([`${snapshot}:new`]);
    // A new generation trusts nothing of it.
    await machine.backup({full: true});
    await expectWhole(machine);
  });

  test('about a folder that did change: a full backup reads it again', async () => {
    await using machine = await machineWithSnapshots(1);
    const file = join(machine.source, 'folder-1', 'file-0');
    appendFileSync(file, 'changed');
    await settle();
    const now = describeTree(machine.source);
    const database = new Database(machine.catalogPath);
    const rows = database.prepare('SELECT path, stats FROM directory').all() as {
      path: Buffer;
      stats: Buffer;
    }[];
    const row = rows.find(({path}) => path.toString() === 'folder-1');
    if (row === undefined) throw new Error('The folder is not in the catalog.');
    // What a walk will find, with the tree of before.
    const stats = new BigInt64Array(new Uint8Array(row.stats).buffer);
    const real = statSync(file, {bigint: true});
    [stats[0], stats[1], stats[2], stats[3]] = [real.size, real.mtimeNs, real.ctimeNs, real.ino];
    database
      .prepare('UPDATE directory SET stats = ? WHERE path = ?')
      .run(Buffer.from(stats.buffer), row.path);
    database.close();

    expect(await machine.backup()).toMatchObject({kind: 'incremental', bytes: {read: 0}});
    const to = join(machine.folder, 'stale');
    await machine.restore('latest', to);
    expect(describeTree(to), 'the lie was believed').not.toEqual(now);
    await machine.backup({full: true});
    await expectWhole(machine);
  });

  test('about the size of a pack is found out as soon as it is compared', async () => {
    await using machine = await machineWithSnapshots(1);
    const saved = new SavedState(machine);
    await snapshotNumber(machine, 2);
    saved.restore(['state']);
    const database = new Database(machine.catalogPath);
    database.prepare('UPDATE pack SET size = size + 1').run();
    database.close();
    await machine.backup();
    expect(await machine.verify()).toMatchObject({ok: true, problems: []});
    await expectWhole(machine);
  });
});

// H1, H3
describe('one run at a time', () => {
  const lease = (machine: Machine) => join(machine.repositoryFolder, 'leases', 'files.json');

  function writeLease(machine: Machine, holder: object): void {
    mkdirSync(join(machine.repositoryFolder, 'leases'), {recursive: true, mode: 0o700});
    writeFileSync(lease(machine), JSON.stringify(holder));
  }

  test('of a source; another source can be backed up meanwhile, and neither disturbs the other', async () => {
    await using machine = await machineWithSnapshots(1);
    const elsewhere = join(machine.folder, 'elsewhere');
    mkdirSync(join(elsewhere, 'deep'), {recursive: true});
    writeFileSync(join(elsewhere, 'deep', 'file'), noise(10_000, 'other'));
    writeFileSync(join(machine.source, 'new'), 'new');
    await settle();
    let second: unknown;
    const other = {name: 'other', folder: elsewhere};
    const target = interrupted(machine.target, /\/snapshots\//, async () => {
      second = await machine.backup().catch((error: unknown) => error);
      await machine.backup({}, other);
    });
    await machine.backup({}, {}, {repository: {...machine.repository, target}});
    expect(second).toMatchObject({
      exitCode: 11,
      code: 'LOCKED',
      message: expect.stringMatching(
        new RegExp(
          `^The source files is being backed up by process ${process.pid} on test-host since 20\\d\\d-\\d\\d-`,
        ),
      ),
    });
    for (const source of [{}, other])
      expect(await machine.backup({}, source)).toMatchObject({
        entries: {new: 0, changed: 0, removed: 0},
        bytes: {read: 0},
      });
    expect(await machine.verify()).toMatchObject({ok: true, snapshots: 5});
    const to = join(machine.folder, 'restored-other');
    await machine.restore('latest:other', to);
    expect(describeTree(to)).toEqual(describeTree(elsewhere));
  });

  test.each([
    ['a process that is gone', 4_194_300, 'some boot:1'],
    ['a process whose number is now another one’s', process.pid, 'some boot:1'],
  ])('and the lock of %s is taken over', async (_, pid, processStarted) => {
    await using machine = await machineWithSnapshots(1);
    const holder = {pid, processStarted, host: 'test-host', since: new Date().toISOString()};
    expect(machine.catalog.locks.take('files', holder, () => true)).toBeUndefined();
    expect(await machine.backup()).toMatchObject({sequence: 2});
  });

  test('and the lease of another host holds until it was not renewed for half an hour', async () => {
    await using machine = await machineWithSnapshots(1);
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    const holder = {agent: 'a'.repeat(64), host: 'db7', pid: 4711, started: minutesAgo(300)};
    writeLease(machine, {...holder, renewed: minutesAgo(29)});
    await expect(machine.backup()).rejects.toMatchObject({
      exitCode: 11,
      message: `The source files is being backed up by process 4711 on db7 since ${holder.started}.`,
      hint: expect.stringContaining('30 minutes'),
    });
    writeLease(machine, {...holder, renewed: minutesAgo(31)});
    expect(await machine.backup()).toMatchObject({sequence: 2});
    expect(readdirSync(machine.repositoryFolder), 'released').not.toContain('leases');
  });

  test('and a lease of a clock that is far ahead is over when the storage calls it old, or is ahead itself', async () => {
    await using machine = await machineWithSnapshots(1);
    const ahead = new Date(Date.now() + 5 * 365 * 86_400_000).toISOString();
    const holder = {agent: 'a'.repeat(64), host: 'db7', pid: 4711, started: ahead, renewed: ahead};
    writeLease(machine, holder);
    await expect(machine.backup()).rejects.toMatchObject({exitCode: 11});
    const then = Date.now() / 1000 - 31 * 60;
    utimesSync(lease(machine), then, then);
    expect(await machine.backup()).toMatchObject({sequence: 2});
    writeLease(machine, holder);
    utimesSync(lease(machine), new Date(ahead), new Date(ahead));
    expect(await machine.backup()).toMatchObject({sequence: 3});
  });

  test('and a lease that cannot be read holds as long as it is young', async () => {
    await using machine = await machineWithSnapshots(1);
    writeLease(machine, ['what is this?']);
    await expect(machine.backup()).rejects.toMatchObject({
      exitCode: 11,
      message: expect.stringContaining('an unknown host'),
    });
    const then = Date.now() / 1000 - 31 * 60;
    utimesSync(lease(machine), then, then);
    expect(await machine.backup()).toMatchObject({sequence: 2});
  });
});
