/** Dumps MariaDB and MySQL databases, and reads their witness in a snapshot of the same moment. */
import type {MysqlSourceConfig} from '../../config/source-types.ts';
import {SourceError} from '../../errors.ts';
import type {Json} from '../../repository/canonical.ts';
import {type Dump, type DumpContext, type DumpFile, fileName} from '../stream/dump.ts';
import {demandEnd} from '../stream/end-marker.ts';
import {runProgram} from '../stream/program.ts';
import type {TableWitness} from '../stream/table-witness.ts';
import {MysqlAccess, type MysqlPrograms} from './connection.ts';
import {literal, MysqlSession} from './session.ts';
import {type DatabaseWitness, readFacts, readSchema, readTableList, readTables} from './witness.ts';

/** What is stored of a dump beside its files. */
export interface MysqlWitness {
  readonly kind: 'mysql';
  /** As the server says it, such as `10.11.6-MariaDB-log`. */
  readonly version: string;
  /** Tells servers apart. */
  readonly server: string;
  readonly databases: readonly DatabaseWitness[];
  /** Where the binary log was at the moment of the last dump; empty without one, or without the right to see it. */
  readonly position: Readonly<Record<string, string>>;
}

export interface MysqlServer {
  readonly version: string;
  readonly server: string;
}

const SYSTEM = ['information_schema', 'performance_schema', 'mysql', 'sys'];
const TRANSACTIONAL = new Set(['InnoDB', 'ROCKSDB', 'TokuDB', 'SEQUENCE']);

export async function* dumpMysql(source: MysqlSourceConfig, context: DumpContext): Dump {
  using access = new MysqlAccess(source.connection);
  const programs = await access.programs();
  let server: MysqlServer;
  let names: readonly string[];
  let canLock: boolean;
  {
    await using session = await MysqlSession.open(access, programs.client, context.signal);
    server = await readServer(session);
    canLock = await mayLock(session);
    names = source.databases === 'all' ? await databasesOf(session) : source.databases;
    await refuseMissing(session, names);
  }
  if (!canLock && source.witness.rows !== 'none')
    context.onNote(
      'no rows are read for the witness: without the right RELOAD they would be of another moment than the dump',
    );
  const databases: DatabaseWitness[] = [];
  let position: Record<string, string> = {};
  for (const name of names) {
    const dumped = yield* dumpDatabase(source, access, programs, context, name, server, canLock);
    databases.push(dumped.witness);
    position = dumped.position;
  }
  if (source.users) yield {name: 'users.sql', bytes: dumpUsers(source, access, programs, context)};
  const witness: MysqlWitness = {kind: 'mysql', ...server, databases, position};
  const tables = databases.flatMap(({file, tables}) => tables.map(([name, rows]) => ({file, name, rows})));
  return {witness: witness as unknown as Json, tables};
}

export function readServer(session: MysqlSession): Promise<MysqlServer> {
  return session.one(
    `SELECT JSON_OBJECT('version', VERSION(), 'server', MD5(CONCAT_WS('|', @@hostname, @@port, @@datadir, @@server_id)))`,
  );
}

function databasesOf(session: MysqlSession): Promise<string[]> {
  return session.run(
    `SELECT JSON_QUOTE(schema_name) FROM information_schema.schemata
     WHERE schema_name NOT IN (${SYSTEM.map(literal).join()}) ORDER BY BINARY schema_name`,
  );
}

async function refuseMissing(session: MysqlSession, names: readonly string[]): Promise<void> {
  const present = new Set(await databasesOf(session));
  const missing = names.find((name) => !present.has(name) && !SYSTEM.includes(name));
  if (missing !== undefined)
    throw new SourceError(`There is no database ${missing}, or this user may not see it.`, {
      hint: 'Check the name in the configuration, and the rights of the user.',
    });
}

/** Whether all writers may be stopped for the moment in which the snapshots begin. */
async function mayLock(session: MysqlSession): Promise<boolean> {
  const rights =
    await session.run<string>(`SELECT JSON_QUOTE(privilege_type) FROM information_schema.user_privileges
    WHERE REPLACE(grantee, '''', '') = CURRENT_USER() AND privilege_type IN ('RELOAD', 'SUPER')`);
  return rights.length > 0;
}

async function* dumpDatabase(
  source: MysqlSourceConfig,
  access: MysqlAccess,
  programs: MysqlPrograms,
  context: DumpContext,
  name: string,
  server: MysqlServer,
  canLock: boolean,
): AsyncGenerator<DumpFile, {witness: DatabaseWitness; position: Record<string, string>}> {
  const {client} = programs;
  const now = () => context.now().getTime();
  const witnessed = canLock && source.witness.rows !== 'none';
  await using reader = await MysqlSession.open(access, client, context.signal);
  const excluded = new Set(source.excludeTables);
  const tables = (await readTableList(reader, name)).filter(
    (table) => !excluded.has(`${name}.${table.name}`),
  );
  warnUnsafe(
    tables.filter(({engine}) => !TRANSACTIONAL.has(engine ?? '')),
    name,
    context,
  );
  const file = `${fileName(name)}.sql`;
  const label = `${programs.isMariaDb ? 'mariadb-dump' : 'mysqldump'} of ${name}`;
  const dump = runProgram({
    label,
    file: programs.dump,
    args: [...access.options, ...dumpOptions(source, programs), '--', name],
    env: access.env,
    secrets: access.secrets,
    timeoutMs: source.timeoutMs,
    signal: context.signal,
    onSaid: (lines) => context.onNote(`${label} said: ${lines.join('; ')}`),
  });
  const whole = demandEnd(dump, label, (text) => /\n-- Dump completed\b/.test(text));
  let position: Record<string, string> = {};
  let observed: Promise<TableWitness[]> | undefined;

  /**
   * Nobody may write while both snapshots begin: ours, and that of the dump, which has begun when its first output comes (the tool buffers
   * more than its head).
   */
  async function* atOneMoment(): AsyncGenerator<Uint8Array> {
    if (!witnessed) return yield* whole;
    await using lock = await MysqlSession.open(access, client, context.signal);
    await lock.run('FLUSH TABLES WITH READ LOCK');
    position = await readPosition(lock, server);
    await reader.run(
      'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT',
    );
    for await (const piece of whole) {
      if (observed === undefined) {
        await lock.run('UNLOCK TABLES');
        observed = readTables(reader, name, tables, source.witness, now);
        // It is awaited when the dump has ended, and fails there; until then it must not count as a rejection that nobody handles.
        observed.catch(() => {});
      }
      yield piece;
    }
  }

  const facts = await readFacts(reader, name);
  yield {name: file, bytes: atOneMoment()};
  const rows: readonly TableWitness[] =
    observed === undefined ? tables.map((table) => [table.name, null, null]) : await observed;
  const schema = excluded.size > 0 ? null : await readSchema(reader, name);
  const witness = {
    name,
    file,
    ...facts,
    schema,
    tables: rows,
    rows: witnessed ? source.witness.rows : 'none',
  } as const;
  return {witness, position};
}

function dumpOptions({excludeTables}: MysqlSourceConfig, {isMariaDb}: MysqlPrograms): string[] {
  return [
    '--single-transaction',
    '--quick',
    '--routines',
    '--events',
    '--triggers',
    '--hex-blob',
    '--no-tablespaces',
    '--tz-utc',
    '--default-character-set=utf8mb4',
    ...(isMariaDb ? [] : ['--set-gtid-purged=OFF']),
    ...excludeTables.map((table) => `--ignore-table=${table}`),
  ];
}

/** Where the binary log is; asked for while nobody can write. */
async function readPosition(session: MysqlSession, {version}: MysqlServer): Promise<Record<string, string>> {
  if (!version.includes('MariaDB'))
    return session.one(`SELECT JSON_OBJECT('gtid_executed', @@GLOBAL.gtid_executed)`);
  const variables = await session.run<[string, string]>(
    `SELECT JSON_ARRAY(LOWER(variable_name), variable_value) FROM information_schema.global_variables
     WHERE variable_name IN ('GTID_BINLOG_POS', 'GTID_CURRENT_POS') AND variable_value <> ''`,
  );
  return Object.fromEntries(variables);
}

/** Accounts and rights, of MariaDB. */
function dumpUsers(
  source: MysqlSourceConfig,
  access: MysqlAccess,
  programs: MysqlPrograms,
  context: DumpContext,
): AsyncIterable<Uint8Array> {
  const output = runProgram({
    label: 'mariadb-dump of users',
    file: programs.dump,
    args: [...access.options, '--system=users', '--insert-ignore'],
    env: access.env,
    secrets: access.secrets,
    timeoutMs: source.timeoutMs,
    signal: context.signal,
  });
  return demandEnd(output, 'mariadb-dump of users', (text) => /\n-- Dump completed\b/.test(text));
}

function warnUnsafe(
  tables: readonly {name: string; engine: string | null}[],
  database: string,
  {onWarning}: DumpContext,
): void {
  if (tables.length === 0) return;
  const some = tables.slice(0, 3).map(({name, engine}) => `${name} (${engine ?? 'no engine'})`);
  onWarning(
    `${database}: ${tables.length} tables know no transactions, so their rows may be of different moments: ${some.join(', ')}${tables.length > 3 ? ', …' : ''}`,
  );
}
