/** Facts about a database that a restored copy must share. */
import {createHash} from 'node:crypto';
import type {WitnessConfig} from '../../config/source-types.ts';
import {compareTables, type TableWitness} from '../stream/table-witness.ts';
import {identifier, literal, type MysqlSession} from './session.ts';

export interface DatabaseWitness {
  readonly name: string;
  /** The file of the dump. */
  readonly file: string;
  readonly charset: string;
  readonly collation: string;
  /** By kind of object, a hash of their definitions; null if only a part was dumped. */
  readonly schema: Readonly<Record<string, string>> | null;
  readonly tables: readonly TableWitness[];
  readonly rows: WitnessConfig['rows'];
}

export interface Table {
  readonly name: string;
  readonly engine: string | null;
  readonly bytes: number;
}

/** What is surely read in a second. */
const BYTES_PER_SECOND = 10_000_000;

export function readTableList(session: MysqlSession, database: string): Promise<Table[]> {
  return session.run<Table>(
    `SELECT JSON_OBJECT('name', table_name, 'engine', engine, 'bytes', COALESCE(data_length, 0)) FROM information_schema.tables
     WHERE table_schema = ${literal(database)} AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY BINARY table_name`,
  );
}

/** @param now milliseconds */
export async function readTables(
  session: MysqlSession,
  database: string,
  tables: readonly Table[],
  {rows, timeoutMs}: WitnessConfig,
  now: () => number,
): Promise<TableWitness[]> {
  const deadline = now() + timeoutMs;
  const read: TableWitness[] = [];
  for (const {name, bytes} of tables) {
    const isTime = (deadline - now()) / 1000 > bytes / BYTES_PER_SECOND;
    if (rows === 'none' || !isTime) read.push([name, null, null]);
    else read.push([name, ...(await readTable(session, database, name, rows))]);
  }
  return read;
}

/** The checksum is the sum of 60 bits of a hash of each row: of the hashes of its columns, so that long values count whole. */
async function readTable(
  session: MysqlSession,
  database: string,
  name: string,
  rows: 'all' | 'sampled' | 'counts',
): Promise<[number, string | null]> {
  const table = `${identifier(database)}.${identifier(name)}`;
  const columns = await session.run<{name: string; isKey: number}>(
    `SELECT JSON_OBJECT('name', column_name, 'isKey', column_key = 'PRI') FROM information_schema.columns
     WHERE table_schema = ${literal(database)} AND table_name = ${literal(name)} ORDER BY ordinal_position`,
  );
  const hashOf = (names: readonly string[]): string =>
    `CAST(CONV(LEFT(MD5(CONCAT_WS(',', ${names.map((column) => `COALESCE(MD5(${identifier(column)}), '-')`).join()})), 15), 16, 10) AS UNSIGNED)`;
  const hash = hashOf(columns.map((column) => column.name));
  const keys = columns.filter(({isKey}) => isKey === 1).map((column) => column.name);
  const checksum =
    rows === 'all'
      ? `CAST(COALESCE(SUM(${hash}), 0) AS CHAR)`
      : rows === 'counts' || keys.length === 0
        ? 'NULL'
        : `CAST(COALESCE(SUM(IF(${hashOf(keys)} % 100 = 0, ${hash}, 0)), 0) AS CHAR)`;
  return session.one<[number, string | null]>(`SELECT JSON_ARRAY(COUNT(*), ${checksum}) FROM ${table}`);
}

export async function readFacts(
  session: MysqlSession,
  database: string,
): Promise<{charset: string; collation: string}> {
  return session.one(
    `SELECT JSON_OBJECT('charset', default_character_set_name, 'collation', default_collation_name)
     FROM information_schema.schemata WHERE schema_name = ${literal(database)}`,
  );
}

/** What a dump and a restore leave as it is; the name of the database is no part of it. */
const DEFINITIONS: Readonly<Record<string, string>> = {
  columns: `JSON_ARRAY(table_name, ordinal_position, column_name, column_type, is_nullable, character_set_name, collation_name, extra)
    FROM information_schema.columns WHERE table_schema = @db`,
  indexes: `JSON_ARRAY(table_name, index_name, seq_in_index, column_name, non_unique, sub_part, index_type)
    FROM information_schema.statistics WHERE table_schema = @db`,
  keys: `JSON_ARRAY(table_name, constraint_name, referenced_table_name, update_rule, delete_rule)
    FROM information_schema.referential_constraints WHERE constraint_schema = @db`,
  triggers: `JSON_ARRAY(trigger_name, event_object_table, event_manipulation, action_timing, MD5(action_statement))
    FROM information_schema.triggers WHERE trigger_schema = @db`,
  routines: `JSON_ARRAY(routine_name, routine_type, dtd_identifier, MD5(routine_definition))
    FROM information_schema.routines WHERE routine_schema = @db`,
  views: `JSON_ARRAY(table_name, security_type) FROM information_schema.views WHERE table_schema = @db`,
  events: `JSON_ARRAY(event_name, event_type, interval_value, interval_field, MD5(event_definition))
    FROM information_schema.events WHERE event_schema = @db`,
};

export async function readSchema(session: MysqlSession, database: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const [kind, select] of Object.entries(DEFINITIONS)) {
    const rows = await session.run<unknown>(`SELECT ${select.replace('@db', literal(database))}`);
    const lines = rows.map((row) => JSON.stringify(row)).sort();
    if (lines.length > 0) hashes[kind] = createHash('sha256').update(lines.join('\n')).digest('hex');
  }
  return hashes;
}

/** Reads of a copy what is known of the dump. */
export async function observeCopy(
  session: MysqlSession,
  database: string,
  expected: DatabaseWitness,
  now: () => number,
): Promise<DatabaseWitness> {
  await session.run('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  const {rows, file} = expected;
  const wanted = new Set(expected.tables.map(([name]) => name));
  const present = (await readTableList(session, database)).filter(({name}) => wanted.has(name));
  const tables = await readTables(
    session,
    database,
    present,
    {rows, timeoutMs: Number.POSITIVE_INFINITY},
    now,
  );
  const facts = await readFacts(session, database);
  const schema = expected.schema && (await readSchema(session, database));
  await session.run('COMMIT');
  return {name: database, file, ...facts, schema, tables, rows};
}

/** What differs in a copy from what was seen at the dump; each as one sentence. */
export function compareWitness(expected: DatabaseWitness, actual: DatabaseWitness): string[] {
  const problems = compareTables(expected.tables, actual.tables);
  for (const kind of Object.keys(expected.schema ?? {}))
    if (actual.schema?.[kind] !== expected.schema?.[kind])
      problems.push(`The ${kind} are not those of the dump.`);
  if (expected.charset !== actual.charset || expected.collation !== actual.collation)
    problems.push(`The database's collation is ${actual.collation}; the dump's is ${expected.collation}.`);
  return problems;
}
