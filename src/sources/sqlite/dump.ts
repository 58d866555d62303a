/** Copies a SQLite database as one consistent state, whatever writes to it meanwhile, and reads the witness of that copy. */
import {createReadStream, existsSync, mkdtempSync, readdirSync, rmSync, statSync, unlinkSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {basename, join} from 'node:path';
import type {Database} from 'better-sqlite3';
import type {SqliteSourceConfig} from '../../config/source-types.ts';
import {SourceError} from '../../errors.ts';
import type {Json} from '../../repository/canonical.ts';
import type {Dump, DumpContext} from '../stream/dump.ts';
import {readSqliteWitness} from './witness.ts';

/** A database up to this size is copied in memory: no plaintext ever lies on a disk. */
const IN_MEMORY_BYTES = 256 * 2 ** 20;
/** Where the header says how the database is written. */
const MODE_AT = 18;
const PIECE_BYTES = 2 ** 20;
const BUSY_MS = 60_000;
const COPY_PREFIX = 'holdfast-copy-';

interface Copy extends AsyncDisposable {
  readonly database: Database;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export async function* dumpSqlite(source: SqliteSourceConfig, context: DumpContext): Dump {
  const {file} = source;
  if (!existsSync(file)) {
    throw new SourceError(`The database ${file} is not there.`, {
      hint: 'Check the path in the configuration.',
    });
  }
  let copy: Copy;
  try {
    copy = await copyOf(source, context.signal);
  } catch (cause) {
    if (cause instanceof SourceError) throw cause;
    context.signal?.throwIfAborted();
    throw new SourceError(`The database ${file} cannot be copied: ${(cause as Error).message}.`, {
      cause,
      hint: 'Check that it is a SQLite database, and who may read it and write beside it.',
    });
  }
  await using held = copy;
  const {database} = held;
  const [first] = database.pragma('integrity_check(1)') as {integrity_check: string}[];
  if (first?.integrity_check !== 'ok') {
    throw new SourceError(
      `The database ${file} is damaged: ${first?.integrity_check}. No snapshot was made.`,
      {
        hint: 'Older snapshots hold it as it was. "sqlite3 FILE .recover" saves what can be read.',
      },
    );
  }
  const witness = readSqliteWitness(database, source.witness, () => context.now().getTime());
  const chunkBytes = Math.max(8192, Number(database.pragma('page_size', {simple: true})));
  const name = basename(file);
  yield {name, bytes: held.bytes, chunkBytes};
  const tables = witness.tables.map(([table, rows]) => ({file: name, name: table, rows}));
  return {witness: {kind: 'sqlite', file: name, ...witness} as unknown as Json, tables};
}

async function copyOf({file, copyIn}: SqliteSourceConfig, signal: AbortSignal | undefined): Promise<Copy> {
  const {default: BetterSqlite} = await import('better-sqlite3');
  const original = new BetterSqlite(file, {readonly: true, fileMustExist: true, timeout: BUSY_MS});
  try {
    const size = statSync(file).size + (statSync(`${file}-wal`, {throwIfNoEntry: false})?.size ?? 0);
    if (copyIn === undefined) {
      if (size > IN_MEMORY_BYTES) {
        throw new SourceError(`The database ${file} is too large to be copied in memory.`, {
          hint: 'Name a folder for its copy: sqlite: { file: …, copyIn: DIR }. The copy is plaintext, and is removed at the end.',
        });
      }
      const bytes = original.serialize();
      const database = openInMemory(BetterSqlite, bytes);
      return {database, bytes: piecesOf(bytes), [Symbol.asyncDispose]: async () => void database.close()};
    }
    for (const left of readdirSync(copyIn).filter((name) => name.startsWith(COPY_PREFIX)))
      rmSync(join(copyIn, left), {recursive: true, force: true}); // Of a run that was killed.
    const folder = mkdtempSync(join(copyIn, COPY_PREFIX));
    try {
      const path = join(folder, 'copy.db');
      await original.backup(path, {
        progress: () => {
          signal?.throwIfAborted();
          return 4096;
        },
      });
      const database = new BetterSqlite(path, {readonly: true});
      database.pragma('schema_version'); // It holds the file open from now on.
      const handle = await open(path);
      unlinkSync(path);
      const bytes = createReadStream('', {
        fd: handle,
        highWaterMark: PIECE_BYTES,
        autoClose: false,
        start: 0,
      });
      return {
        database,
        bytes,
        [Symbol.asyncDispose]: async () => {
          await handle.close();
          database.close();
        },
      };
    } finally {
      rmSync(folder, {recursive: true, force: true});
    }
  } finally {
    original.close();
  }
}

/** A database in memory knows no write-ahead log: it is opened without the two bytes that ask for one. */
function openInMemory(
  BetterSqlite: new (bytes: Buffer, options: {readonly: boolean}) => Database,
  bytes: Buffer,
): Database {
  const mode = Buffer.from(bytes.subarray(MODE_AT, MODE_AT + 2));
  bytes.fill(1, MODE_AT, MODE_AT + 2);
  try {
    return new BetterSqlite(bytes, {readonly: true});
  } finally {
    mode.copy(bytes, MODE_AT);
  }
}

async function* piecesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
