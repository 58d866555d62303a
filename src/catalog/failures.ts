/** What goes wrong with the catalog's file, in words for whoever runs a backup. */
import {type Database, SqliteError} from 'better-sqlite3';
import {CatalogError, type HoldfastError, LockedError} from '../errors.ts';
import {systemWords, whyFailed} from '../system/system-error.ts';

/** What SQLite's codes mean to whoever runs a backup. */
const WORDS: readonly (readonly [code: string, problem: string, hint: string])[] = [
  ['SQLITE_FULL', 'the disk is full', 'Make room on it, and run this again.'],
  [
    'SQLITE_READONLY',
    'it cannot be written',
    'Make its file system writable, or set "catalog" to another place.',
  ],
  ['SQLITE_CANTOPEN', 'it cannot be opened', 'Check its folder, and who may write there.'],
  [
    'SQLITE_IOERR',
    'the disk reported an error',
    'Check the disk and whether it is full; the catalog must lie on a local disk.',
  ],
  ['SQLITE_CORRUPT', 'it is damaged', 'Move it away and run "holdfast catalog rebuild".'],
  ['SQLITE_NOTADB', 'it is damaged', 'Move it away and run "holdfast catalog rebuild".'],
];

/** The catalog cannot be used: disk, rights, or another process. */
export function unusable(path: string, cause: unknown): HoldfastError {
  const code = String((cause as {code?: string}).code);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new LockedError(`Another process keeps the catalog ${path} locked.`, {
      cause,
      hint: 'Wait for it to end, and run this again.',
    });
  }
  const [, problem, hint] = WORDS.find(([begin]) => code.startsWith(begin)) ?? [];
  return new CatalogError(
    `The catalog ${path} cannot be used: ${problem === undefined ? whyFailed(cause) : `${problem} (${code})`}.`,
    {
      cause,
      hint:
        hint ??
        systemWords(cause)?.hint ??
        'Check that its folder exists, is writable and has room; the catalog must lie on a local disk.',
    },
  );
}

/**
 * Runs what writes to the database.
 * @throws {@link CatalogError} if the disk fails; {@link LockedError} if another process does not let go
 */
export function writing<T>(database: Database, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw error instanceof SqliteError ? unusable(database.name, error) : error;
  }
}
