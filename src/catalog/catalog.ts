import {chmodSync, closeSync, existsSync, fchmodSync, openSync, renameSync, statSync} from 'node:fs';
import {dirname} from 'node:path';
import Database from 'better-sqlite3';
import {ConfigError, NewerFormatError} from '../errors.ts';
import {makeFolders} from '../system/folders.ts';
import {BlobTable} from './blobs.ts';
import {DirectoryTable} from './directories.ts';
import {unusable, writing} from './failures.ts';
import {GenerationTable} from './generations.ts';
import {LockTable} from './locks.ts';
import {MarkTable} from './marks.ts';
import {PlaceTable} from './places.ts';
import {ProofTable} from './proofs.ts';
import {MIGRATIONS} from './schema.ts';
import {SelfCheckTable} from './self-checks.ts';
import {SizeTable} from './sizes.ts';
import {SnapshotTable} from './snapshots.ts';

export interface CatalogOptions {
  readonly repositoryId: string;
  /** Told when the file was unusable and has been moved aside, so that it must be rebuilt. */
  onMovedAside?(movedTo: string, problem: string): void;
}

/** What `catalog info` says. */
export interface CatalogFacts {
  readonly path: string;
  readonly snapshots: number;
  readonly blobs: number;
  /** With its write-ahead log. */
  readonly bytes: number;
  /** `ok`, or what SQLite's full check says. */
  readonly integrity: string;
}

/** The local cache: SQLite in WAL mode, synchronous=FULL on every connection (a reopened one would have NORMAL). */
export class Catalog implements Disposable {
  readonly path: string;
  readonly generations: GenerationTable;
  readonly blobs: BlobTable;
  readonly directories: DirectoryTable;
  readonly snapshots: SnapshotTable;
  readonly locks: LockTable;
  readonly places: PlaceTable;
  readonly proofs: ProofTable;
  readonly selfChecks: SelfCheckTable;
  readonly sizes: SizeTable;
  readonly marks: MarkTable;
  readonly #database: Database.Database;

  private constructor(path: string, database: Database.Database) {
    this.path = path;
    this.#database = database;
    this.generations = new GenerationTable(database);
    this.blobs = new BlobTable(database);
    this.directories = new DirectoryTable(database);
    this.snapshots = new SnapshotTable(database);
    this.locks = new LockTable(database);
    this.places = new PlaceTable(database);
    this.proofs = new ProofTable(database);
    this.selfChecks = new SelfCheckTable(database);
    this.sizes = new SizeTable(database);
    this.marks = new MarkTable(database);
  }

  /**
   * Opens the catalog, or makes an empty one. A file that is damaged is moved aside, never used and never deleted.
   * @throws {@link NewerFormatError}, {@link ConfigError} (another repository's), CatalogError (disk, rights)
   */
  static open(path: string, {repositoryId, onMovedAside}: CatalogOptions): Catalog {
    makePrivate(path);
    try {
      return new Catalog(path, load(path, repositoryId));
    } catch (error) {
      if (!isCorrupt(error)) throw error instanceof Database.SqliteError ? unusable(path, error) : error;
      const movedTo = moveAside(path);
      onMovedAside?.(movedTo, (error as Error).message);
      makePrivate(path);
      return new Catalog(path, load(path, repositoryId));
    }
  }

  /**
   * Runs the writes of `work` in one transaction. `work` must not await.
   * @throws CatalogError if the disk fails; LockedError if another process does not let go of the catalog
   */
  transaction<T>(work: () => T): T {
    return writing(this.#database, () => this.#database.transaction(work).immediate());
  }

  /** `ok`, or what SQLite's full check says. */
  integrity(): string {
    const rows = this.#database.pragma('integrity_check(5)') as {integrity_check: string}[];
    return rows.map((row) => row.integrity_check).join('; ');
  }

  /** What it holds, and whether SQLite finds it sound. */
  facts(): CatalogFacts {
    return {
      path: this.path,
      snapshots: this.snapshots.count(),
      blobs: this.blobs.count(),
      bytes: this.sizeBytes(),
      integrity: this.integrity(),
    };
  }

  sizeBytes(): number {
    return [this.path, `${this.path}-wal`].reduce(
      (sum, file) => sum + (existsSync(file) ? statSync(file).size : 0),
      0,
    );
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** A check reads the whole file: 0.3 s for a million blobs. Larger catalogs are checked once a day, and after a run that ended badly. */
const CHECK_ALWAYS_BYTES = 64 * 2 ** 20;

function load(path: string, repositoryId: string): Database.Database {
  const endedBadly = (statSync(`${path}-wal`, {throwIfNoEntry: false})?.size ?? 0) > 0;
  const database = new Database(path, {timeout: 10_000});
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.pragma('cache_size = -8000');
    const isLarge = statSync(path).size >= CHECK_ALWAYS_BYTES;
    if (endedBadly || !isLarge) check(database);
    adopt(database, path, repositoryId);
    if (!endedBadly && isLarge && isCheckDue(database)) {
      check(database);
      database.exec("INSERT OR REPLACE INTO meta VALUES ('checked', unixepoch())");
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** @throws an error that {@link isCorrupt} knows */
function check(database: Database.Database): void {
  const [result] = database.pragma('quick_check(1)') as {quick_check: string}[];
  if (result?.quick_check !== 'ok')
    throw Object.assign(new Error(result?.quick_check), {code: 'SQLITE_CORRUPT'});
}

/** Whether the last one was not within a day. */
function isCheckDue(database: Database.Database): boolean {
  const checked =
    "SELECT 1 FROM meta WHERE key = 'checked' AND value BETWEEN unixepoch() - 86400 AND unixepoch()";
  return database.prepare(checked).get() === undefined;
}

/** Makes the tables, or checks whose they are; what is not ours is not written to. */
function adopt(database: Database.Database, path: string, repositoryId: string): void {
  if (isCurrent(database, path, repositoryId)) return;
  database
    .transaction(() => {
      // Another process may have done it meanwhile.
      if (isCurrent(database, path, repositoryId)) return;
      const version = schemaVersion(database);
      for (const step of MIGRATIONS.slice(version)) database.exec(step);
      database.pragma(`user_version = ${MIGRATIONS.length}`);
      database.prepare("INSERT OR IGNORE INTO meta VALUES ('repository', ?)").run(repositoryId);
    })
    .immediate();
}

/**
 * Whether there is nothing to do. False for a new file, and for an older catalog of this repository.
 * @throws {@link NewerFormatError}, {@link ConfigError}
 */
function isCurrent(database: Database.Database, path: string, repositoryId: string): boolean {
  const version = schemaVersion(database);
  const tables = new Set(database.prepare('SELECT name FROM sqlite_schema').pluck().all() as string[]);
  if (version === 0 && tables.size === 0) return false;
  const isNewer = version > MIGRATIONS.length && tables.has('meta');
  if (!isNewer && !OUR_TABLES.every((table) => tables.has(table))) {
    throw new ConfigError(`${path} is a database of another program.`, {
      hint: 'Set "catalog" to a path of its own.',
    });
  }
  if (isNewer) {
    throw new NewerFormatError(`The catalog ${path} was written by a newer Holdfast (schema ${version}).`, {
      hint: 'Upgrade Holdfast on this machine, or move the catalog away and run "holdfast catalog rebuild".',
    });
  }
  const known = database.prepare("SELECT value FROM meta WHERE key = 'repository'").pluck().get();
  if (known !== repositoryId) {
    throw new ConfigError(`The catalog ${path} belongs to another repository (${known}).`, {
      hint: 'Set "catalog" to a path of its own for each repository.',
    });
  }
  return version === MIGRATIONS.length;
}

const OUR_TABLES = ['meta', 'generation', 'pack', 'snapshot'];

function schemaVersion(database: Database.Database): number {
  return database.pragma('user_version', {simple: true}) as number;
}

/** SQLite makes its files with the umask's rights; ours are for nobody else. */
function makePrivate(path: string): void {
  try {
    makeFolders(dirname(path), 0o700);
    const file = openSync(path, 'a', 0o600);
    fchmodSync(file, 0o600);
    closeSync(file);
    for (const side of [`${path}-wal`, `${path}-shm`]) if (existsSync(side)) chmodSync(side, 0o600);
  } catch (error) {
    throw unusable(path, error);
  }
}

function moveAside(path: string): string {
  let movedTo = `${path}.damaged`;
  for (let n = 2; existsSync(movedTo); n++) movedTo = `${path}.damaged-${n}`;
  renameSync(path, movedTo);
  for (const side of ['-wal', '-shm']) if (existsSync(path + side)) renameSync(path + side, movedTo + side);
  return movedTo;
}

function isCorrupt(error: unknown): boolean {
  return ['SQLITE_CORRUPT', 'SQLITE_NOTADB'].some((code) =>
    String((error as {code?: string}).code).startsWith(code),
  );
}
