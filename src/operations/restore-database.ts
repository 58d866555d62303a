/** Restores a dump into a database server, and compares the copy with the snapshot's witness. */
import {writeFile} from 'node:fs/promises';
import {availableParallelism} from 'node:os';
import {join} from 'node:path';
import type {MongodbConnection, MysqlConnection, PostgresConnection} from '../config/source-types.ts';
import {NotFoundError, RestoreError, SourceError} from '../errors.ts';
import type {BlobReader} from '../repository/blob-reader.ts';
import type {SourceHistory} from '../repository/history.ts';
import {openSealedGeneration, readSealedSnapshot} from '../repository/open-snapshot.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import type {TreeEntry} from '../repository/tree.ts';
import type {TreeSource} from '../repository/tree-walk.ts';
import {nameIsSound} from '../sources/folder/outcome.ts';
import {ARCHIVE_FILE, type MongodbWitness} from '../sources/mongodb/dump.ts';
import {restoreMongodb} from '../sources/mongodb/restore.ts';
import type {MysqlWitness} from '../sources/mysql/dump.ts';
import {type MysqlRestore, restoreMysql} from '../sources/mysql/restore.ts';
import {GLOBALS_FILE, type PostgresWitness} from '../sources/postgres/dump.ts';
import {type PostgresRestore, restorePostgres} from '../sources/postgres/restore.ts';
import {whyFailed} from '../system/system-error.ts';
import {damagedObjects, type MetDamage, salvageProgress} from './damaged-objects.ts';
import type {RestoreContext} from './restore.ts';
import {ContentAhead} from './restore-ahead.ts';

/** Where a dump is restored to; without `database`, under the name that it had. */
export type DatabaseTarget =
  | {
      readonly kind: 'postgres';
      readonly connection: PostgresConnection;
      readonly database: string | undefined;
    }
  | {readonly kind: 'mysql'; readonly connection: MysqlConnection; readonly database: string | undefined}
  | {
      readonly kind: 'mongodb';
      readonly connection: MongodbConnection;
      readonly database: string | undefined;
    };

type DatabasesWitness = PostgresWitness | MysqlWitness | MongodbWitness;

/** A database of a dump, whatever its kind. */
interface DumpedDatabase {
  readonly name: string;
  readonly file: string;
  readonly tables: readonly unknown[];
}

export interface RestoreDatabaseOptions {
  /** Which database of the dump; needed where it has several, and none is called like the target. */
  readonly from?: string | undefined;
  readonly overwrite?: boolean;
  readonly inPlace?: boolean;
  /** Make the roles that the server lacks. */
  readonly roles?: boolean;
  /** How many processes load a dump of the directory format at once; one per processor by default. */
  readonly jobs?: number | undefined;
  /** Where the files of such a dump lie meanwhile; in memory by default. */
  readonly work?: string | undefined;
  readonly now: () => Date;
}

export interface RestoreDatabaseResult {
  readonly snapshot: string;
  readonly source: string;
  readonly database: string;
  readonly tables: number;
  readonly bytes: number;
  /** What could not be brought back as it was. */
  readonly warnings: readonly string[];
  /** Where the copy differs from what was dumped. */
  readonly problems: readonly string[];
  /** Objects of the repository that are damaged or missing, and were worked around. */
  readonly damagedObjects: readonly MetDamage[];
}

const GLOBALS_MOST_BYTES = 64 * 2 ** 20;

/** @throws {@link RestoreError} if it cannot be restored there; {@link NotFoundError} if there is no such database in the snapshot */
export async function restoreToDatabase(
  {repository, agents, key, signal, onProgress, measure = (content) => content}: RestoreContext,
  history: SourceHistory,
  seal: CheckedSeal,
  target: DatabaseTarget,
  options: RestoreDatabaseOptions,
): Promise<RestoreDatabaseResult> {
  const opened = await openSealedGeneration(repository, agents, history, seal, key, {
    salvage: true,
    onSalvage: salvageProgress(onProgress),
    signal,
  });
  const {reader, trees} = opened;
  const {root, witness} = await readSealedSnapshot(repository, agents, seal, reader);
  if (!isOfKind(witness, target.kind)) {
    throw new NotFoundError(
      `Snapshot ${seal.snapshot.id} of ${seal.source} holds no dump of a database of this kind.`,
      {hint: 'Restore it as files with --to DIR.'},
    );
  }
  const database = chooseDatabase(databasesOf(witness), options.from, target.database);
  const files = await listingOf(trees, root);
  const entry = files.get(database.file);
  if (entry === undefined || (entry.type !== 'file' && entry.type !== 'directory')) {
    throw new NotFoundError(`Snapshot ${seal.snapshot.id} of ${seal.source} has no file ${database.file}.`);
  }
  const globals = files.get(GLOBALS_FILE);
  const parts = entry.type === 'file' ? undefined : [...(await listingOf(trees, entry)).values()];
  const total = (parts ?? [entry]).reduce((sum, {size = 0}) => sum + size, 0);
  const ahead = new ContentAhead(reader);
  let bytes = 0;
  async function* contentOf(part: TreeEntry): AsyncGenerator<Uint8Array> {
    using file = ahead.of(part);
    for await (const piece of measure(file.read(signal))) {
      bytes += piece.length;
      onProgress?.({
        phase: 'restore',
        files: {done: 0, total: 1},
        bytes: {done: bytes, total},
        current: database.file,
      });
      yield Buffer.from(piece); // It is on its way to a program when the next is read.
    }
  }
  const name = target.database ?? database.name;
  const common = {
    name,
    overwrite: options.overwrite ?? false,
    inPlace: options.inPlace ?? false,
    now: options.now,
    signal,
  };
  const done = (restored: {warnings: readonly string[]; problems: readonly string[]}) => ({
    snapshot: seal.snapshot.id,
    source: seal.source,
    database: name,
    tables: database.tables.length,
    bytes,
    ...restored,
    damagedObjects: damagedObjects(opened),
  });
  try {
    if (target.kind === 'mysql') {
      const dump = {witness, database} as unknown as MysqlRestore['dump'];
      const problems = await restoreMysql({
        ...common,
        content: contentOf(entry),
        connection: target.connection,
        dump,
      });
      return done({warnings: [], problems});
    }
    if (target.kind === 'mongodb') {
      const restored = await restoreMongodb({
        ...common,
        content: contentOf(entry),
        connection: target.connection,
        from: database.name,
        witness: witness as MongodbWitness,
      });
      return done(restored);
    }
    const restored = await restorePostgres({
      ...common,
      content:
        parts === undefined
          ? contentOf(entry)
          : {
              bytes: total,
              jobs: options.jobs ?? availableParallelism(),
              work: options.work,
              writeTo: (folder) => writeParts(folder, parts, contentOf),
            },
      connection: target.connection,
      dump: {witness, database} as unknown as PostgresRestore['dump'],
      globals: options.roles === false || globals === undefined ? undefined : await textOf(reader, globals),
    });
    return done(restored);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw new RestoreError(error.message, {cause: error, hint: error.hint});
  }
}

function isOfKind(witness: unknown, kind: DatabaseTarget['kind']): witness is DatabasesWitness {
  return typeof witness === 'object' && witness !== null && 'kind' in witness && witness.kind === kind;
}

/** MongoDB has all databases in one archive, with its own among them. */
function databasesOf(witness: DatabasesWitness): readonly DumpedDatabase[] {
  if (witness.kind !== 'mongodb') return witness.databases;
  const byName = Map.groupBy(witness.collections, ([name]) => name.slice(0, name.indexOf('.')));
  return [...byName]
    .filter(([name]) => !['', 'admin', 'config', 'local'].includes(name))
    .map(([name, tables]) => ({name, file: ARCHIVE_FILE, tables}));
}

function chooseDatabase(
  databases: readonly DumpedDatabase[],
  from: string | undefined,
  target: string | undefined,
): DumpedDatabase {
  const [only, another] = databases;
  const named = databases.find(({name}) => name === (from ?? target));
  if (named !== undefined) return named;
  if (from === undefined && only !== undefined && another === undefined) return only;
  throw new NotFoundError(
    from === undefined ? 'The dump has several databases.' : `The dump has no database ${from}.`,
    {
      hint: `Choose one with --from: ${databases.map(({name}) => name).join(', ')}.`,
    },
  );
}

async function listingOf(trees: TreeSource, directory: TreeEntry): Promise<Map<string, TreeEntry>> {
  const entries = new Map<string, TreeEntry>();
  for (const id of directory.tree ?? [])
    for (const entry of await trees.readTree(id)) entries.set(entry.name.toString(), entry);
  return entries;
}

/** Writes the files of a dump; they are in one folder. */
async function writeParts(
  folder: string,
  parts: readonly TreeEntry[],
  contentOf: (part: TreeEntry) => AsyncIterable<Uint8Array>,
): Promise<void> {
  for (const part of parts) {
    if (part.type !== 'file' || !nameIsSound(part.name))
      throw new RestoreError(`The dump holds ${part.name.toString()}, which belongs in none.`);
    const path = join(folder, part.name.toString());
    try {
      await writeFile(path, contentOf(part), {flag: 'wx', mode: 0o600});
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
      throw new RestoreError(`${path} cannot be written: ${whyFailed(cause)}.`, {
        cause,
        hint: 'Name a folder with room for the files of the dump with --work DIR.',
      });
    }
  }
}

async function textOf(reader: BlobReader, entry: TreeEntry): Promise<string> {
  if ((entry.size ?? 0) > GLOBALS_MOST_BYTES)
    throw new RestoreError(`${GLOBALS_FILE} is too large to be one.`);
  using file = new ContentAhead(reader).of(entry);
  const pieces: Uint8Array[] = [];
  for await (const piece of file.read()) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString();
}
