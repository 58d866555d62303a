/** Dumps PostgreSQL databases with pg_dump, and reads their witness in the very snapshot of the dump. */
import type {PostgresSourceConfig} from '../../config/source-types.ts';
import {SourceError} from '../../errors.ts';
import type {Json} from '../../repository/canonical.ts';
import {type Dump, type DumpContext, type DumpFile, fileName} from '../stream/dump.ts';
import {demandEnd} from '../stream/end-marker.ts';
import {type Program, runProgram} from '../stream/program.ts';
import {ArchiveError, type ArchiveHead, ArchiveReader} from './archive.ts';
import {PostgresAccess, type PostgresProgram} from './connection.ts';
import {demandPlace, dumpDirectory} from './directory.ts';
import {PostgresSession, SqlError} from './session.ts';
import {type DatabaseWitness, readFacts, readLargeObjects, readSchema, readTables} from './witness.ts';

/** What is stored of a dump beside its files. */
export interface PostgresWitness {
  readonly kind: 'postgres';
  /** As the server says it. */
  readonly version: string;
  readonly versionNumber: number;
  /** The number that a cluster gets when it is made; null if it cannot be read. */
  readonly cluster: string | null;
  readonly client: number;
  readonly databases: readonly DatabaseWitness[];
  /** Whether roles and table spaces are in `globals.sql`. */
  readonly globals: boolean;
}

export const GLOBALS_FILE = 'globals.sql';
/** Of the file of a database, or of its folder. */
const ENDINGS = {custom: 'dump', plain: 'sql', directory: 'dir'} as const;
/** Older servers lack the functions that the witness is made with. */
const OLDEST_VERSION = 110_000;
const LOCK_TIMEOUT_MS = 600_000;

interface Server {
  readonly version: string;
  readonly versionNumber: number;
  readonly cluster: string | null;
  readonly databases: readonly string[];
  /** Whether the passwords of roles can be read. */
  readonly passwords: boolean;
}

export async function* dumpPostgres(source: PostgresSourceConfig, context: DumpContext): Dump {
  using access = new PostgresAccess(source.connection);
  const listed = source.databases === 'all' ? undefined : source.databases;
  // Each of PostgreSQL's programs takes a while to start: both at once, and the session is the first database's own.
  const telling = access.clientMajor('pg_dump');
  await using session = await openBeside(telling, access, listed?.[0] ?? 'postgres', context);
  const client = await telling;
  const server = await readServer(session);
  guardVersion(server, client);
  const names = listed ?? server.databases;
  if (listed === undefined) await session[Symbol.asyncDispose]();
  const {directory} = source;
  if (directory !== undefined) {
    const isPart = isPartial(source);
    await demandPlace(access, names, {scratch: directory.scratch, isPart}, context);
  }
  const databases: DatabaseWitness[] = [];
  for (const [at, name] of names.entries()) {
    const greeted = at === 0 && listed !== undefined ? session : undefined;
    databases.push(yield* dumpDatabase(source, access, context, {name, greeted}));
  }
  if (source.globals) yield {name: GLOBALS_FILE, bytes: dumpGlobals(source, access, context, server)};
  const {version, versionNumber, cluster} = server;
  const witness: PostgresWitness = {
    kind: 'postgres',
    version,
    versionNumber,
    cluster,
    client,
    databases,
    globals: source.globals,
  };
  const tables = databases.flatMap(({file, tables}) =>
    tables.map(([schema, name, rows]) => ({file, name: `${schema}.${name}`, rows})),
  );
  return {witness: witness as unknown as Json, tables};
}

/** Opens a session while the client tells its version. @throws what is wrong with the client first */
async function openBeside(
  telling: Promise<number>,
  access: PostgresAccess,
  database: string,
  {signal}: DumpContext,
): Promise<PostgresSession> {
  const [told, opened] = await Promise.allSettled([telling, PostgresSession.open(access, database, signal)]);
  if (opened.status === 'rejected') throw told.status === 'rejected' ? told.reason : opened.reason;
  return opened.value;
}

async function readServer(session: PostgresSession): Promise<Server> {
  return await session.one<Server>(
    `SELECT json_build_object(
       'version', current_setting('server_version'), 'versionNumber', current_setting('server_version_num')::int,
       'cluster', CASE WHEN has_function_privilege('pg_control_system()', 'execute') THEN (SELECT system_identifier::text FROM pg_control_system()) END,
       'databases', (SELECT json_agg(datname ORDER BY datname COLLATE "C") FROM pg_database WHERE datallowconn AND NOT datistemplate),
       'passwords', has_table_privilege('pg_authid', 'select'))`,
  );
}

function guardVersion({version, versionNumber}: Server, client: number): void {
  const major = Math.floor(versionNumber / 10_000);
  if (versionNumber < OLDEST_VERSION)
    throw new SourceError(`PostgreSQL ${version} is too old: 11 is the oldest that can be backed up.`);
  if (client >= major) return;
  throw new SourceError(`pg_dump is of version ${client}, but the server is PostgreSQL ${version}.`, {
    hint: `Install the package postgresql-client-${major} (from apt.postgresql.org if Debian lacks it), or name the folder of its programs as "programs".`,
  });
}

async function* dumpDatabase(
  source: PostgresSourceConfig,
  access: PostgresAccess,
  context: DumpContext,
  {name, greeted}: {name: string; greeted: PostgresSession | undefined},
): AsyncGenerator<DumpFile, DatabaseWitness> {
  await using session = greeted ?? (await PostgresSession.open(access, name, context.signal));
  const now = () => context.now().getTime();
  const facts = await readFacts(session);
  await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  const [snapshot = ''] = await session.run<string>('SELECT to_json(pg_export_snapshot())');
  const isPart = isPartial(source);
  const file = `${fileName(name)}.${ENDINGS[source.format]}`;
  const label = `pg_dump of ${name}`;
  const program: Program = {
    label,
    file: access.program('pg_dump'),
    args: [
      `--snapshot=${snapshot}`,
      '--no-password',
      `--lock-wait-timeout=${LOCK_TIMEOUT_MS}`,
      ...filters(source),
    ],
    env: access.environment(name),
    secrets: access.secrets,
    timeoutMs: source.timeoutMs,
    signal: context.signal,
    onSaid: (lines) => context.onNote(`pg_dump of ${name} said: ${lines.join('; ')}`),
  };
  const run = (args: readonly string[]) => runProgram({...program, args: [...program.args, ...args]});

  /** Reads the witness while the dump flows: both see the same snapshot. */
  const observe = async (head: ArchiveHead): Promise<DatabaseWitness> => {
    const {rows} = source.witness;
    const tables = await readTables(session, dumpedTables(head, source.format), source.witness, now);
    const hasObjects = head.entries.some(({kind}) => kind === 'BLOBS' || kind === 'BLOB') || !isPart;
    const largeObjects =
      hasObjects && rows !== 'none'
        ? await readLargeObjects(session, rows, source.witness.timeoutMs)
        : undefined;
    return {
      ...facts,
      file,
      tables,
      schema: isPart ? null : await readSchema(session),
      largeObjects: largeObjects ?? null,
      rows,
    };
  };
  let observed: Promise<DatabaseWitness> | undefined;
  const onHead = (head: ArchiveHead): void => {
    observed = observe(head);
    // It is awaited when the dump has ended, and fails there; until then it must not count as a rejection that nobody handles.
    observed.catch(() => {});
  };

  if (source.format === 'custom') {
    yield {name: file, bytes: checkArchive(run(['--format=custom', '--compress=0']), label, onHead)};
  } else if (source.directory !== undefined) {
    yield* dumpDirectory(program, {...source.directory, folder: file}, context, onHead);
  } else {
    const definitions = run([
      '--format=custom',
      '--schema-only',
      ...source.only.excludeData.map((table) => `--exclude-table=${table}`),
    ]);
    for await (const _piece of checkArchive(definitions, label, onHead));
    const output = run(['--format=plain', '--encoding=UTF8']);
    yield {
      name: file,
      bytes: demandEnd(output, label, (text) => text.includes('\n-- PostgreSQL database dump complete\n')),
    };
  }
  if (observed === undefined) throw new SourceError(`${label} was not read to its end.`);
  try {
    const witness = await observed;
    await session.run('COMMIT');
    warnUnread(witness, context);
    return witness;
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw new SourceError(`The facts about ${name} cannot be read: ${error.message}.`, {
      cause: error,
      hint: 'Give the role of the backup the right to read (docs/databases/postgres.md), or set "witness: {rows: none}".',
    });
  }
}

/** Lets an archive pass that is whole. */
async function* checkArchive(
  stream: AsyncIterable<Uint8Array>,
  label: string,
  onHead: (head: ArchiveHead) => void,
): AsyncGenerator<Uint8Array> {
  const reader = new ArchiveReader();
  const checked = <T>(check: () => T): T => {
    try {
      return check();
    } catch (cause) {
      if (!(cause instanceof ArchiveError)) throw cause;
      throw new SourceError(`${label} gave no whole archive: ${cause.message}. No snapshot was made.`, {
        cause,
      });
    }
  };
  let isSeen = false;
  for await (const piece of stream) {
    checked(() => reader.push(piece));
    if (!isSeen && reader.head !== undefined) {
      isSeen = true;
      onHead(reader.head);
    }
    yield piece;
  }
  const head = checked(() => reader.end());
  if (!isSeen) onHead(head);
}

/** Roles and table spaces. Without the right to read them, roles come without passwords. */
function dumpGlobals(
  source: PostgresSourceConfig,
  access: PostgresAccess,
  context: DumpContext,
  {databases, passwords}: Server,
): AsyncIterable<Uint8Array> {
  if (!passwords) context.onNote('the passwords of roles are not dumped: this role may not read them');
  const program: PostgresProgram = 'pg_dumpall';
  const database =
    source.databases === 'all' ? (databases[0] ?? 'postgres') : (source.databases[0] as string);
  const output = runProgram({
    label: program,
    file: access.program(program),
    args: ['--globals-only', '--no-password', ...(passwords ? [] : ['--no-role-passwords'])],
    env: {...access.environment(database), PGDATABASE: undefined},
    secrets: access.secrets,
    timeoutMs: source.timeoutMs,
    signal: context.signal,
  });
  return demandEnd(output, program, (text) =>
    text.includes('\n-- PostgreSQL database cluster dump complete\n'),
  );
}

function isPartial({only}: PostgresSourceConfig): boolean {
  return Object.values(only).some((patterns) => patterns.length > 0);
}

function filters({only}: PostgresSourceConfig): string[] {
  return [
    ...only.schemas.map((pattern) => `--schema=${pattern}`),
    ...only.excludeSchemas.map((pattern) => `--exclude-schema=${pattern}`),
    ...only.tables.map((pattern) => `--table=${pattern}`),
    ...only.excludeTables.map((pattern) => `--exclude-table=${pattern}`),
    ...only.excludeData.map((pattern) => `--exclude-table-data=${pattern}`),
  ];
}

/** The tables whose rows are in the dump. */
function dumpedTables(
  {entries}: ArchiveHead,
  format: PostgresSourceConfig['format'],
): {schema: string; name: string}[] {
  const kind = format === 'plain' ? 'TABLE' : 'TABLE DATA';
  return entries
    .filter((entry) => entry.kind === kind)
    .map(({schema, name}) => ({schema: schema ?? 'public', name}))
    .sort((a, b) => (`${a.schema}\0${a.name}` < `${b.schema}\0${b.name}` ? -1 : 1));
}

function warnUnread({rows, tables, name}: DatabaseWitness, {onNote}: DumpContext): void {
  const unread = tables.filter(([, , count]) => count === null);
  if (rows === 'none' || unread.length === 0) return;
  const some = unread.slice(0, 3).map(([schema, table]) => `${schema}.${table}`);
  onNote(
    `${name}: ${unread.length} tables were not counted for the witness (${some.join(', ')}): no time, or no right`,
  );
}
