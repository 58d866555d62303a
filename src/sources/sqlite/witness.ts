/** Facts about a SQLite database that a restored copy must share. */
import {createHash, hash as oneHash} from 'node:crypto';
import type {Database} from 'better-sqlite3';
import type {WitnessConfig} from '../../config/source-types.ts';
import type {TableWitness} from '../stream/table-witness.ts';

export interface SqliteWitness {
  readonly version: string;
  readonly encoding: string;
  readonly userVersion: number;
  /** Hash of all definitions. */
  readonly schema: string;
  readonly tables: readonly TableWitness[];
}

/** @param now milliseconds */
export function readSqliteWitness(
  database: Database,
  {rows, timeoutMs}: WitnessConfig,
  now: () => number,
): SqliteWitness {
  const deadline = now() + timeoutMs;
  const definitions = database
    .prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name")
    .raw()
    .all();
  const names = database
    .prepare(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .pluck()
    .all() as string[];
  return {
    version: database.prepare('SELECT sqlite_version()').pluck().get() as string,
    encoding: database.pragma('encoding', {simple: true}) as string,
    userVersion: Number(database.pragma('user_version', {simple: true})),
    schema: createHash('sha256').update(JSON.stringify(definitions)).digest('hex'),
    tables: names.map((name) => [name, ...readTable(database, name, rows, () => now() > deadline)]),
  };
}

function readTable(
  database: Database,
  name: string,
  rows: WitnessConfig['rows'],
  isLate: () => boolean,
): [number | null, string | null] {
  if (rows === 'none' || isLate()) return [null, null];
  const table = `"${name.replaceAll('"', '""')}"`;
  if (rows === 'counts')
    return [database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number, null];
  let count = 0;
  let sum = 0n;
  const select = database.prepare(`SELECT * FROM ${table}`).raw().safeIntegers();
  for (const row of select.iterate() as Iterable<unknown[]>) {
    count++;
    if (count % 4096 === 0 && isLate()) return [null, null];
    sum += hashOf(row);
  }
  return [count, sum.toString()];
}

/** 64 bits of a hash of a row, in which each value has its type. */
function hashOf(row: readonly unknown[]): bigint {
  let text = '';
  const hash = row.some((value) => Buffer.isBuffer(value)) ? createHash('md5') : undefined;
  for (const value of row) {
    if (value === null) text += 'n;';
    else if (Buffer.isBuffer(value)) {
      hash?.update(`${text}b${value.length};`).update(value);
      text = '';
    } else {
      const words = String(value);
      const type = typeof value === 'string' ? 's' : typeof value === 'bigint' ? 'i' : 'r';
      text += `${type}${words.length};${words}`;
    }
  }
  // Rows without blobs in one call: a quarter less time.
  const digest = hash === undefined ? oneHash('md5', text, 'buffer') : hash.update(text).digest();
  return digest.readBigUInt64LE();
}
