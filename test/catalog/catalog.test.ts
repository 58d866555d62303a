import {spawnSync} from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {Catalog} from '../../src/catalog/catalog.ts';
import type {GenerationRow} from '../../src/catalog/generations.ts';
import {MIGRATIONS} from '../../src/catalog/schema.ts';
import {mayMount} from '../support/skips.ts';

const REPOSITORY = '0123456789abcdef0123456789abcdef';
const OTHER = 'f'.repeat(32);

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-catalog-'));
  path = join(folder, 'state', 'catalog.db');
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, {recursive: true, force: true});
});

const GENERATION: GenerationRow = {
  source: 'files',
  name: '20261120T023000Z-abcd',
  created: '2026-11-20T02:30:00.000Z',
  publicKey: 'key',
  blobIdKey: Buffer.alloc(32, 1),
  chunker: {seed: 'c2VlZA==', min: 1, maskBits: 2, max: 3},
  secrets: [],
  recipients: [],
};

const blob = (n: number): Buffer => Buffer.alloc(32, `blob ${n} `);

/** Fills a catalog with some hundred pages. */
function fill(catalog: Catalog): void {
  const {id} = catalog.generations.add(GENERATION);
  catalog.transaction(() => {
    for (let pack = 0; pack < 100; pack++) {
      const ids = Array.from({length: 50}, (_, n) => blob(pack * 50 + n));
      catalog.blobs.addPack(id, {name: String(pack).padStart(64, '0'), size: pack}, ids, null);
    }
  });
}

function open(repositoryId = REPOSITORY, at = path): {catalog: Catalog; movedAside: string[]} {
  const movedAside: string[] = [];
  const catalog = Catalog.open(at, {repositoryId, onMovedAside: (to) => movedAside.push(to)});
  return {catalog, movedAside};
}

function make(repositoryId = REPOSITORY, at = path): void {
  using catalog = open(repositoryId, at).catalog;
  fill(catalog);
}

/** What an open refuses, and how. */
function refusal(): unknown {
  try {
    open().catalog[Symbol.dispose]();
  } catch (error) {
    return error;
  }
  return undefined;
}

// A10, M9: a reopened WAL database has synchronous=NORMAL unless told again.
test('every connection writes through a WAL and syncs each commit', () => {
  for (const time of ['new', 'reopened']) {
    const pragma = vi.spyOn(Database.prototype, 'pragma');
    using _ = open().catalog;
    const database = pragma.mock.contexts[0] as Database.Database;
    pragma.mockRestore();
    const settings = ['journal_mode', 'synchronous', 'foreign_keys'].map((name) =>
      database.pragma(name, {simple: true}),
    );
    expect(settings, time).toEqual(['wal', 2, 1]);
  }
});

// A4: what a killed process had not committed is not there; what it had is.
test('a transaction that does not end leaves nothing', () => {
  using catalog = open().catalog;
  fill(catalog);
  const generation = catalog.generations.newest('files');
  const write = (): never => {
    catalog.blobs.addPack(generation?.id ?? 0, {name: 'f'.repeat(64), size: 1}, [blob(9999)], null);
    throw new Error('killed');
  };
  expect(() => catalog.transaction(write)).toThrow('killed');
  expect(catalog.blobs.has(generation?.id ?? 0, blob(9999))).toBe(false);
  expect(catalog.blobs.packs(generation?.id ?? 0)).toHaveLength(100);
});

// A10: SIGKILL while commits and checkpoints follow each other.
test('a process that is killed in the middle of commits leaves a whole catalog with all that it reported', async () => {
  const script = `
    import {Catalog} from ${JSON.stringify(join(import.meta.dirname, '../../src/catalog/catalog.ts'))};
    const catalog = Catalog.open(${JSON.stringify(path)}, {repositoryId: '${REPOSITORY}'});
    const {id} = catalog.generations.add({...${JSON.stringify({...GENERATION, blobIdKey: null})}, blobIdKey: Buffer.alloc(32)});
    for (let n = 0; ; n++) {
      const ids = Array.from({length: 200}, (_, i) => Buffer.alloc(32, 'blob ' + n + ' ' + i + ' '));
      catalog.transaction(() => catalog.blobs.addPack(id, {name: String(n).padStart(64, '0'), size: n}, ids, null));
      process.stdout.write(n + '\\n');
    }`;
  const {stdout, signal} = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 1500,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  expect(signal).toBe('SIGKILL');
  const reported = stdout.split('\n').length - 1;
  expect(reported).toBeGreaterThan(10);
  const {catalog, movedAside} = open();
  using _ = catalog;
  expect(movedAside).toEqual([]);
  expect(catalog.integrity()).toBe('ok');
  const packs = catalog.blobs.packs(catalog.generations.newest('files')?.id ?? 0).length;
  expect([reported, reported + 1]).toContain(packs);
  expect(catalog.blobs.count()).toBe(packs * 200);
});

// J3
test('the files are for nobody else, whatever the umask and whoever widened them', () => {
  const umask = process.umask(0);
  try {
    const {catalog} = open();
    fill(catalog);
    const modes = () =>
      readdirSync(join(folder, 'state'))
        .sort()
        .map((name) => [name, (statSync(join(folder, 'state', name)).mode & 0o777).toString(8)]);
    const all = ['catalog.db', 'catalog.db-shm', 'catalog.db-wal'].map((name) => [name, '600']);
    expect(modes()).toEqual(all);
    expect((statSync(join(folder, 'state')).mode & 0o777).toString(8)).toBe('700');
    for (const [name] of all) chmodSync(join(folder, 'state', name as string), 0o666);
    const again = open().catalog;
    expect(modes()).toEqual(all);
    again[Symbol.dispose]();
    catalog[Symbol.dispose]();
  } finally {
    process.umask(umask);
  }
});

// C3: moved aside, never used and never deleted; a new one is made.
describe('a catalog that is', () => {
  test.each<[string, () => void]>([
    ['not SQLite', () => writeFileSync(path, 'hello, this is no database. '.repeat(200))],
    ['cut in the middle', () => truncateSync(path, Math.floor(statSync(path).size / 2 / 4096) * 4096)],
    ['cut within a page', () => truncateSync(path, Math.floor(statSync(path).size / 2) + 1)],
    ['cut within its header', () => truncateSync(path, 50)],
    [
      'overwritten in the middle',
      () => {
        const bytes = readFileSync(path);
        bytes.fill(0xa5, 4096 * 20, 4096 * 60);
        writeFileSync(path, bytes);
      },
    ],
    [
      'zeroed at its start',
      () => {
        const bytes = readFileSync(path);
        bytes.fill(0, 0, 4096);
        writeFileSync(path, bytes);
      },
    ],
  ])('%s is moved aside, and a new one is made', (_, damage) => {
    make();
    damage();
    const damaged = readFileSync(path);
    const {catalog, movedAside} = open();
    expect(movedAside).toEqual([`${path}.damaged`]);
    expect(readFileSync(`${path}.damaged`)).toEqual(damaged);
    expect(catalog.blobs.count()).toBe(0);
    fill(catalog);
    expect(catalog.integrity()).toBe('ok');
    catalog[Symbol.dispose]();
    // The second damaged one does not replace the first.
    writeFileSync(path, 'no database'.repeat(100));
    const next = open();
    expect(next.movedAside).toEqual([`${path}.damaged-2`]);
    next.catalog[Symbol.dispose]();
  });

  test('a large one is looked through once a day, and after a run that ended badly', () => {
    open().catalog[Symbol.dispose]();
    const edit = (sql: string): void => {
      const database = new Database(path);
      database.exec(sql);
      database.close();
    };
    edit("INSERT INTO meta VALUES ('padding', hex(zeroblob(40 << 20)))");
    const checked = (): unknown => {
      const database = new Database(path, {readonly: true});
      using _closing = {[Symbol.dispose]: () => database.close()};
      return database.prepare("SELECT value FROM meta WHERE key = 'checked'").pluck().get();
    };
    expect(checked()).toBeUndefined();
    open().catalog[Symbol.dispose]();
    const first = Number(checked());
    expect(Math.abs(first - Date.now() / 1000)).toBeLessThan(600);
    edit(`UPDATE meta SET value = ${first - 3600} WHERE key = 'checked'`);
    open().catalog[Symbol.dispose]();
    expect(Number(checked())).toBe(first - 3600);
    for (const ageSeconds of [90_000, -90_000]) {
      edit(`UPDATE meta SET value = ${first - ageSeconds} WHERE key = 'checked'`);
      open().catalog[Symbol.dispose]();
      expect(Number(checked())).toBeGreaterThanOrEqual(first);
      expect(Number(checked())).toBeLessThan(first + 600);
    }
  });

  test('empty is a new one', () => {
    mkdirSync(join(folder, 'state'));
    writeFileSync(path, '');
    const {catalog, movedAside} = open();
    expect([movedAside, catalog.blobs.count(), catalog.integrity()]).toEqual([[], 0, 'ok']);
    catalog[Symbol.dispose]();
  });

  // SQLite replays any WAL whose checksums are right onto any database.
  test.each([REPOSITORY, OTHER])(
    'beside a WAL that is not its own is not used as if it were (%s)',
    (owner) => {
      make();
      const elsewhere = join(folder, 'elsewhere', 'catalog.db');
      const other = open(owner, elsewhere).catalog;
      fill(other);
      cpSync(`${elsewhere}-wal`, `${path}-wal`);
      other[Symbol.dispose]();
      expect(statSync(`${path}-wal`).size).toBeGreaterThan(100_000);
      const movedAside: string[] = [];
      try {
        using catalog = Catalog.open(path, {
          repositoryId: REPOSITORY,
          onMovedAside: (to) => movedAside.push(to),
        });
        expect(catalog.integrity()).toBe('ok');
        expect([0, 5000]).toContain(catalog.blobs.count());
      } catch (error) {
        expect(error).toMatchObject({exitCode: owner === OTHER ? 2 : 0});
      }
    },
  );
});

// C5, I7
describe('what is not ours is refused with exit 2, and not touched:', () => {
  test.each<[string, () => void, RegExp]>([
    [
      'a newer schema',
      () => {
        make();
        const database = new Database(path);
        database.exec('CREATE TABLE from_the_future (x)');
        database.pragma(`user_version = ${MIGRATIONS.length + 1}`);
        database.close();
      },
      /was written by a newer Holdfast \(schema \d+\)/,
    ],
    ["another repository's", () => make(OTHER), new RegExp(`belongs to another repository \\(${OTHER}\\)`)],
    [
      "another program's",
      () => {
        mkdirSync(join(folder, 'state'));
        const database = new Database(path);
        database.pragma('journal_mode = WAL');
        database.exec('CREATE TABLE customers (name TEXT)');
        database.close();
      },
      /is a database of another program/,
    ],
    [
      "another program's, which counts its schemas, too",
      () => {
        mkdirSync(join(folder, 'state'));
        const database = new Database(path);
        database.pragma('journal_mode = WAL');
        database.exec(
          "CREATE TABLE meta (key TEXT, value TEXT); INSERT INTO meta VALUES ('repository', 'x')",
        );
        database.pragma(`user_version = ${MIGRATIONS.length}`);
        database.close();
      },
      /is a database of another program/,
    ],
  ])('%s', (_, prepare, message) => {
    prepare();
    const before = readFileSync(path);
    expect(refusal()).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(join(folder, 'state')).filter((name) => name.includes('damaged'))).toEqual([]);
  });
});

// A15
describe('a migration', () => {
  test.each(MIGRATIONS.map((_, version) => version))('leads from schema %i to the newest', (version) => {
    mkdirSync(join(folder, 'state'));
    const database = new Database(path);
    for (const step of MIGRATIONS.slice(0, version)) database.exec(step);
    if (version > 0) database.prepare("INSERT INTO meta VALUES ('repository', ?)").run(REPOSITORY);
    database.pragma(`user_version = ${version}`);
    database.close();
    const {catalog, movedAside} = open();
    expect(movedAside).toEqual([]);
    fill(catalog);
    catalog[Symbol.dispose]();
    expect(new Database(path, {readonly: true}).pragma('user_version', {simple: true})).toBe(
      MIGRATIONS.length,
    );
  });

  test('that breaks off leaves the old schema, with its rows', () => {
    make();
    const steps = MIGRATIONS as string[];
    steps.push('CREATE TABLE half_done (x); DROP TABLE blob; SELECT no_such_function()');
    try {
      expect(refusal()).toMatchObject({exitCode: 1, code: 'CATALOG'});
    } finally {
      steps.pop();
    }
    using catalog = open().catalog;
    expect(catalog.blobs.count()).toBe(5000);
  });
});

// H7
test('a catalog that another process does not let go of is exit 11; one that is only read can be opened', () => {
  make();
  const {pragma} = Database.prototype;
  vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, ...args) {
    const result: unknown = pragma.apply(this, args);
    pragma.call(this, 'busy_timeout = 50'); // Ten seconds are long for a test.
    return result;
  });
  const other = new Database(path);
  other.exec('BEGIN IMMEDIATE');
  using catalog = open().catalog;
  expect(catalog.blobs.count()).toBe(5000);
  const locked = {exitCode: 11, message: `Another process keeps the catalog ${path} locked.`};
  const holder = {pid: 1, processStarted: '', host: 'here', since: '2026-11-20T02:30:00.000Z'};
  for (const write of [
    () => fill(catalog),
    () => catalog.transaction(() => 1),
    () => catalog.locks.take('files', holder, () => true),
  ]) {
    expect(write).toThrow(expect.objectContaining(locked));
  }
  other.close();
});

// C12
describe('a disk that', () => {
  const mounts = mayMount('the catalog on full and read-only disks');
  let mounted: string | undefined;

  function mountSmall(size: string): void {
    mounted = join(folder, 'small');
    mkdirSync(mounted);
    const {status, stderr} = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', mounted], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    path = join(mounted, 'catalog.db');
  }

  afterEach(() => {
    if (mounted !== undefined) spawnSync('umount', ['-l', mounted]);
    mounted = undefined;
  });

  test.runIf(mounts)('is full from the start is named', () => {
    mountSmall('32k');
    expect(refusal()).toMatchObject({
      exitCode: 1,
      code: 'CATALOG',
      message: expect.stringMatching(
        /^The catalog .*catalog\.db cannot be used: the disk (is full|reported an error) \(SQLITE_\w+\)\.$/,
      ),
    });
  });

  test.runIf(mounts)('is full in the middle loses the transaction alone', () => {
    mountSmall('1500k');
    using catalog = open().catalog;
    const {id} = catalog.generations.add(GENERATION);
    let packs = 0;
    const add = (): void =>
      catalog.transaction(() => {
        const ids = Array.from({length: 500}, (_, n) => blob(packs * 500 + n));
        catalog.blobs.addPack(id, {name: String(packs).padStart(64, '0'), size: 1}, ids, null);
      });
    let failure: unknown;
    for (; packs < 1000 && failure === undefined; packs++) {
      try {
        add();
      } catch (error) {
        failure = error;
      }
    }
    expect(failure).toMatchObject({
      exitCode: 1,
      code: 'CATALOG',
      message: expect.stringMatching(/the disk (is full|reported an error)/),
    });
    expect(catalog.blobs.packs(id)).toHaveLength(packs - 1);
    expect(catalog.integrity()).toBe('ok');
  });

  test.runIf(mounts)('is full when the next run begins is named before that run does anything', () => {
    mountSmall('1m');
    make();
    writeFileSync(join(mounted as string, 'other'), Buffer.alloc(400_000));
    expect(() => {
      for (let n = 0; n < 300; n++) writeFileSync(join(mounted as string, `page-${n}`), Buffer.alloc(4096));
    }).toThrow('ENOSPC');
    const holder = {pid: 1, processStarted: '', host: 'here', since: '2026-11-20T02:30:00.000Z'};
    let failure: unknown;
    try {
      using catalog = open().catalog;
      catalog.locks.take('files', holder, () => true);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({
      exitCode: 1,
      code: 'CATALOG',
      message: expect.stringMatching(/the disk (is full|reported)/),
    });
  });

  test.runIf(mounts)('is read-only is named', () => {
    mountSmall('4m');
    make();
    spawnSync('mount', ['-o', 'remount,ro', mounted as string]);
    expect(refusal()).toMatchObject({exitCode: 1, code: 'CATALOG', message: expect.stringContaining(path)});
  });
});
