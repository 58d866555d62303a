/** Restores a dump into a database server, and compares the copy with the snapshot's witness. */

import type {MysqlConnection, PostgresConnection} from '../config/source-types.ts';
import {NotFoundError, RestoreError, SourceError} from '../errors.ts';
import type {BlobReader} from '../repository/blob-reader.ts';
import type {SourceHistory} from '../repository/history.ts';
import {openSealedGeneration, readSealedSnapshot} from '../repository/open-snapshot.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import type {TreeEntry} from '../repository/tree.ts';
import type {MysqlWitness} from '../sources/mysql/dump.ts';
import {type MysqlRestore, restoreMysql} from '../sources/mysql/restore.ts';
import {GLOBALS_FILE, type PostgresWitness} from '../sources/postgres/dump.ts';
import {type PostgresRestore, restorePostgres} from '../sources/postgres/restore.ts';
import type {RestoreContext} from './restore.ts';
import {ContentAhead} from './restore-ahead.ts';

/** Where a dump is restored to; without `database`, under the name that it had. */
export type DatabaseTarget =
  | {
      readonly kind: 'postgres';
      readonly connection: PostgresConnection;
      readonly database: string | undefined;
    }
  | {readonly kind: 'mysql'; readonly connection: MysqlConnection; readonly database: string | undefined};

type DatabasesWitness = PostgresWitness | MysqlWitness;

export interface RestoreDatabaseOptions {
  /** Which database of the dump; needed where it has several, and none is called like the target. */
  readonly from?: string | undefined;
  readonly overwrite?: boolean;
  readonly inPlace?: boolean;
  /** Make the roles that the server lacks. */
  readonly roles?: boolean;
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
  const {reader, trees} = await openSealedGeneration(repository, agents, history, seal, key);
  const {root, witness} = await readSealedSnapshot(repository, agents, seal, reader);
  if (!isOfKind(witness, target.kind)) {
    throw new NotFoundError(
      `Snapshot ${seal.snapshot.id} of ${seal.source} holds no dump of a database of this kind.`,
      {hint: 'Restore it as files with --to DIR.'},
    );
  }
  const database = chooseDatabase(witness, options.from, target.database);
  const files = new Map<string, TreeEntry>();
  for (const id of root.tree ?? [])
    for (const entry of await trees.readTree(id)) files.set(entry.name.toString(), entry);
  const entry = fileNamed(files, database.file, seal);
  const globals = files.get(GLOBALS_FILE);
  let bytes = 0;
  async function* content(): AsyncGenerator<Uint8Array> {
    using file = new ContentAhead(reader).of(entry);
    for await (const piece of measure(file.read(signal))) {
      bytes += piece.length;
      onProgress?.({
        phase: 'restore',
        files: {done: 0, total: 1},
        bytes: {done: bytes, total: entry.size},
        current: database.file,
      });
      yield Buffer.from(piece); // It is on its way to a program when the next is read.
    }
  }
  const name = target.database ?? database.name;
  const common = {
    name,
    content: content(),
    overwrite: options.overwrite ?? false,
    inPlace: options.inPlace ?? false,
    now: options.now,
    signal,
  };
  const done = {
    snapshot: seal.snapshot.id,
    source: seal.source,
    database: name,
    tables: database.tables.length,
  };
  try {
    if (target.kind === 'mysql') {
      const dump = {witness, database} as MysqlRestore['dump'];
      const problems = await restoreMysql({...common, connection: target.connection, dump});
      return {...done, bytes, warnings: [], problems};
    }
    const restored = await restorePostgres({
      ...common,
      connection: target.connection,
      dump: {witness, database} as PostgresRestore['dump'],
      globals: options.roles === false || globals === undefined ? undefined : await textOf(reader, globals),
    });
    return {...done, bytes, ...restored};
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw new RestoreError(error.message, {cause: error, hint: error.hint});
  }
}

function isOfKind(witness: unknown, kind: DatabaseTarget['kind']): witness is DatabasesWitness {
  return typeof witness === 'object' && witness !== null && 'kind' in witness && witness.kind === kind;
}

function chooseDatabase(
  {databases}: DatabasesWitness,
  from: string | undefined,
  target: string | undefined,
): DatabasesWitness['databases'][number] {
  const [only, another] = databases;
  const named = [...databases].find(({name}) => name === (from ?? target));
  if (named !== undefined) return named;
  if (from === undefined && only !== undefined && another === undefined) return only;
  throw new NotFoundError(
    from === undefined ? 'The dump has several databases.' : `The dump has no database ${from}.`,
    {
      hint: `Choose one with --from: ${databases.map(({name}) => name).join(', ')}.`,
    },
  );
}

function fileNamed(files: ReadonlyMap<string, TreeEntry>, name: string, seal: CheckedSeal): TreeEntry {
  const entry = files.get(name);
  if (entry?.type === 'file') return entry;
  throw new NotFoundError(`Snapshot ${seal.snapshot.id} of ${seal.source} has no file ${name}.`);
}

async function textOf(reader: BlobReader, entry: TreeEntry): Promise<string> {
  if ((entry.size ?? 0) > GLOBALS_MOST_BYTES)
    throw new RestoreError(`${GLOBALS_FILE} is too large to be one.`);
  using file = new ContentAhead(reader).of(entry);
  const pieces: Uint8Array[] = [];
  for await (const piece of file.read()) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString();
}
