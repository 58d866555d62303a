/** Facts about a database that a restored copy must share. */
import type {WitnessConfig} from '../../config/source-types.ts';
import {SCHEMA_SQL} from './schema-sql.ts';
import {identifier, literal, type PostgresSession, SqlError} from './session.ts';

/** One table: schema, name, rows, checksum of the rows in any order; null where it was not read. */
export type TableWitness = readonly [
  schema: string,
  name: string,
  rows: number | null,
  checksum: string | null,
];

export interface DatabaseWitness {
  readonly name: string;
  /** The file of the dump. */
  readonly file: string;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  readonly provider: string;
  readonly icuLocale: string | null;
  readonly extensions: Readonly<Record<string, string>>;
  /** By kind of object, a hash of their definitions; null if only a part was dumped. */
  readonly schema: Readonly<Record<string, string>> | null;
  readonly tables: readonly TableWitness[];
  /** What each sequence had given before the dump began; the dump may hold more. */
  readonly sequences: readonly (readonly [schema: string, name: string, last: string | null])[];
  /** How many, and a checksum; null if they are no part of the dump or cannot be read. */
  readonly largeObjects: readonly [count: number, checksum: string] | null;
  readonly rows: WitnessConfig['rows'];
}

/** Facts about the database itself, cheap to read. */
export type DatabaseFacts = Omit<DatabaseWitness, 'file' | 'tables' | 'largeObjects' | 'schema' | 'rows'>;

export function readFacts(session: PostgresSession): Promise<DatabaseFacts> {
  return session.one<DatabaseFacts>(
    `SELECT json_build_object(
       'name', d.datname, 'encoding', pg_encoding_to_char(d.encoding), 'collate', d.datcollate, 'ctype', d.datctype,
       'provider', coalesce(to_jsonb(d)->>'datlocprovider', 'c'),
       'icuLocale', coalesce(to_jsonb(d)->>'daticulocale', to_jsonb(d)->>'datlocale'),
       'extensions', (SELECT coalesce(json_object_agg(extname, extversion ORDER BY extname), '{}') FROM pg_extension),
       'sequences', (SELECT coalesce(json_agg(json_build_array(schemaname, sequencename, last_value::text)
                       ORDER BY schemaname COLLATE "C", sequencename COLLATE "C"), '[]') FROM pg_sequences))
     FROM pg_database d WHERE d.datname = current_database()`,
  );
}

/** A hash of the definitions of each kind of object, in terms that a restored copy has in common. */
export function readSchema(session: PostgresSession): Promise<Record<string, string>> {
  return session.one(SCHEMA_SQL);
}

/** Every hundredth row, by a hash of its primary key: the same rows in every copy. */
const SAMPLE = 100;

/**
 * Reads the rows of the tables until the time is up.
 * @param now milliseconds
 */
export async function readTables(
  session: PostgresSession,
  tables: readonly {schema: string; name: string}[],
  {rows, timeoutMs}: WitnessConfig,
  now: () => number,
): Promise<TableWitness[]> {
  const deadline = now() + timeoutMs;
  const read: TableWitness[] = [];
  for (const {schema, name} of tables) {
    const leftMs = deadline - now();
    const isSkipped = rows === 'none' || leftMs <= 0;
    const [count, checksum] = isSkipped ? [null, null] : await readTable(session, schema, name, rows, leftMs);
    read.push([schema, name, count, checksum]);
  }
  return read;
}

async function readTable(
  session: PostgresSession,
  schema: string,
  name: string,
  rows: 'all' | 'sampled' | 'counts',
  timeoutMs: number,
): Promise<[number | null, string | null]> {
  const table = `${identifier(schema)}.${identifier(name)}`;
  const hash = `sum(hashtextextended((holdfast_row.*)::text COLLATE "C", 0))`;
  const keys = rows === 'sampled' ? await keyColumns(session, table) : [];
  const checksum =
    rows === 'all'
      ? `coalesce(${hash}, 0)::text`
      : keys.length === 0
        ? 'null'
        : `coalesce(${hash} FILTER (WHERE hashtextextended(ROW(${keys.join()})::text COLLATE "C", 0) % ${SAMPLE} = 0), 0)::text`;
  return (
    (await attempt(session, timeoutMs, () =>
      session.one<[number, string | null]>(
        `SELECT json_build_array(count(*), ${checksum}) FROM ONLY ${table} AS holdfast_row`,
      ),
    )) ?? [null, null]
  );
}

function keyColumns(session: PostgresSession, table: string): Promise<string[]> {
  return session.run<string>(
    `SELECT to_json('holdfast_row.' || quote_ident(a.attname)) FROM pg_index i
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indisprimary AND i.indrelid = ${literal(table)}::regclass ORDER BY a.attnum`,
  );
}

export function readLargeObjects(
  session: PostgresSession,
  rows: WitnessConfig['rows'],
  timeoutMs: number,
): Promise<[number, string] | undefined> {
  const checksum =
    rows === 'all'
      ? `coalesce(sum(hashtextextended(oid || encode(sha256(lo_get(oid)), 'hex'), 0)), 0)::text`
      : `''`;
  return attempt(session, timeoutMs, () =>
    session.one<[number, string]>(
      `SELECT json_build_array(count(*), ${checksum}) FROM pg_largeobject_metadata`,
    ),
  );
}

/** What it takes too long for, or no right is had for, is left out, and the transaction lives on. */
async function attempt<T>(
  session: PostgresSession,
  timeoutMs: number,
  read: () => Promise<T>,
): Promise<T | undefined> {
  const limit = Math.min(Math.max(1, Math.ceil(timeoutMs)), 2 ** 31 - 1);
  await session.run(`SAVEPOINT holdfast; SET LOCAL statement_timeout = ${limit}`);
  try {
    const value = await read();
    await session.run('SET LOCAL statement_timeout = 0; RELEASE SAVEPOINT holdfast');
    return value;
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    await session.run('ROLLBACK TO SAVEPOINT holdfast; SET LOCAL statement_timeout = 0');
    return undefined;
  }
}

/** Reads of a copy what is known of the dump. */
export async function observeCopy(
  session: PostgresSession,
  expected: DatabaseWitness,
  timeoutMs: number,
  now: () => number,
): Promise<DatabaseWitness> {
  await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  const present: {schema: string; name: string}[] = [];
  for (const [schema, name] of expected.tables) {
    const table = literal(`${identifier(schema)}.${identifier(name)}`);
    if (await session.one<boolean>(`SELECT to_json(to_regclass(${table}) IS NOT NULL)`))
      present.push({schema, name});
  }
  const {rows, file} = expected;
  const tables = await readTables(session, present, {rows, timeoutMs}, now);
  const largeObjects = expected.largeObjects && (await readLargeObjects(session, rows, timeoutMs));
  const facts = await readFacts(session);
  const schema = expected.schema && (await readSchema(session));
  await session.run('COMMIT');
  return {...facts, file, tables, schema, largeObjects: largeObjects ?? null, rows};
}

/** What differs in a copy from what was seen at the dump; each as one sentence. */
export function compareWitness(expected: DatabaseWitness, actual: DatabaseWitness): string[] {
  const problems: string[] = [];
  const found = new Map(actual.tables.map((table) => [`${table[0]}.${table[1]}`, table]));
  for (const [schema, name, rows, checksum] of expected.tables) {
    const copy = found.get(`${schema}.${name}`);
    if (copy === undefined) problems.push(`The table ${schema}.${name} is missing.`);
    else if (rows !== null && copy[2] !== rows) {
      const has = copy[2] === null ? 'cannot be counted' : `has ${copy[2]} rows`;
      problems.push(`The table ${schema}.${name} ${has}; the dump has ${rows}.`);
    } else if (checksum !== null && copy[3] !== checksum) {
      problems.push(`The table ${schema}.${name} has other content than the dump, in ${rows} rows.`);
    }
  }
  const given = new Map(actual.sequences.map(([schema, name, last]) => [`${schema}.${name}`, last]));
  for (const [schema, name] of expected.schema === null ? [] : expected.sequences)
    if (!given.has(`${schema}.${name}`)) problems.push(`The sequence ${schema}.${name} is missing.`);
  for (const kind of Object.keys(expected.schema ?? {})) {
    if (actual.schema?.[kind] !== expected.schema?.[kind])
      problems.push(`The ${kind} are not those of the dump.`);
  }
  const [objects, copied] = [expected.largeObjects, actual.largeObjects];
  if (
    objects !== null &&
    (copied === null || copied[0] !== objects[0] || (objects[1] !== '' && copied[1] !== objects[1]))
  )
    problems.push(`The large objects are not those of the dump, which has ${objects[0]}.`);
  if (expected.encoding !== actual.encoding)
    problems.push(`The encoding is ${actual.encoding}; the dump's is ${expected.encoding}.`);
  return problems;
}
