/** Checks a restored SQLite database: its own integrity check, and the witness of its copy. */
import {join} from 'node:path';
import {RestoreError} from '../../errors.ts';
import {readSqliteWitness, type SqliteWitness} from '../../sources/sqlite/witness.ts';
import {compareTables} from '../../sources/stream/table-witness.ts';
import type {FullCheck, Stage} from './stage.ts';

export interface StoredSqliteWitness extends SqliteWitness {
  readonly file: string;
}

export interface CheckedSqlite {
  readonly stage: Partial<Stage>;
  readonly checks: readonly FullCheck[];
  readonly tools: readonly (readonly [string, string])[];
}

export async function checkSqlite(
  folder: string,
  source: string,
  witness: StoredSqliteWitness,
  now: () => Date,
): Promise<CheckedSqlite> {
  const {default: BetterSqlite} = await import('better-sqlite3');
  const path = join(folder, witness.file);
  const database = new BetterSqlite(path, {fileMustExist: true});
  let integrity: string[];
  let version: string;
  let problems: string[];
  try {
    const rows = database.pragma('integrity_check(100)') as {integrity_check: string}[];
    integrity = rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
    version = database.prepare('SELECT sqlite_version()').pluck().get() as string;
    const limits = {rows: 'all', timeoutMs: Number.POSITIVE_INFINITY} as const;
    problems = compareSqlite(
      witness,
      readSqliteWitness(database, limits, () => now().getTime()),
    );
  } catch (cause) {
    throw new RestoreError(
      `The restored database of ${source} cannot be read: ${(cause as Error).message}.`,
      {cause},
    );
  } finally {
    database.close();
  }
  const rows = witness.tables.reduce((sum, [, count]) => sum + (count ?? 0), 0);
  return {
    stage: {
      query: async (sql) => {
        const again = new BetterSqlite(path, {fileMustExist: true});
        try {
          return again.prepare(sql).pluck().get();
        } catch (cause) {
          throw new RestoreError(`The query failed: ${(cause as Error).message}.`, {cause});
        } finally {
          again.close();
        }
      },
      rowsAtDump: (table) => witness.tables.find(([name]) => name === table)?.[1] ?? undefined,
    },
    checks: [
      {
        name: 'PRAGMA integrity_check',
        ok: integrity.length === 0,
        detail: integrity.length === 0 ? 'ok' : `${integrity.length} faults`,
        more: integrity,
      },
      {
        name: 'same as witness',
        ok: problems.length === 0,
        detail:
          problems.length === 0
            ? `${witness.tables.length} tables, ${rows} rows and their checksums`
            : `${problems.length} differences`,
        more: problems,
      },
    ],
    tools: [['sqlite', version]],
  };
}

/** What differs in a copy from what was seen at the dump; each as one sentence. */
export function compareSqlite(expected: SqliteWitness, actual: SqliteWitness): string[] {
  const problems = compareTables(expected.tables, actual.tables);
  if (expected.schema !== actual.schema) problems.push('The definitions are not those of the dump.');
  if (expected.userVersion !== actual.userVersion)
    problems.push(`The user version is ${actual.userVersion}; the dump's is ${expected.userVersion}.`);
  return problems;
}
