/** Restores a dump into a throwaway server, or an empty one that was named, and checks the copy. */
import {randomBytes} from 'node:crypto';
import type {MysqlConnection, PostgresConnection} from '../../config/sources.ts';
import {RestoreError} from '../../errors.ts';
import type {Snapshot} from '../../repository/snapshot.ts';
import {MysqlAccess} from '../../sources/mysql/connection.ts';
import {type MysqlWitness, readServer} from '../../sources/mysql/dump.ts';
import {MysqlSession, identifier as mysqlIdentifier} from '../../sources/mysql/session.ts';
import {PostgresAccess} from '../../sources/postgres/connection.ts';
import type {PostgresWitness} from '../../sources/postgres/dump.ts';
import {identifier, PostgresSession, SqlError} from '../../sources/postgres/session.ts';
import {collectOutput} from '../../sources/stream/program.ts';
import {type DatabaseTarget, restoreToDatabase} from '../restore-database.ts';
import type {Picked} from './pick.ts';
import type {RestoredStage, StageContext} from './restore-stage.ts';
import {findProgram} from './server.ts';
import type {FullCheck, Stage} from './stage.ts';
import {startMysql} from './throwaway-mysql.ts';
import {startPostgres} from './throwaway-postgres.ts';

/** What restores and checks need of a server, whatever its kind. */
interface Server<Connection> {
  readonly connection: Connection;
  readonly version: string;
  readonly url: Stage['url'];
  /** What a database of the dump is called there. */
  nameOf(database: string): string;
  close(): Promise<void>;
}

export async function restorePostgresStage(
  context: StageContext,
  picked: Picked,
  snapshot: Snapshot,
): Promise<RestoredStage> {
  const {place, meter, programs, into, signal} = context;
  const {source} = picked.seal;
  const witness = snapshot.witness as unknown as PostgresWitness;
  const server = await meter.during(
    'prepare',
    async (): Promise<Server<PostgresConnection> & {programs?: string}> => {
      if (into !== undefined) return givenPostgres(into, witness, signal);
      const made = await startPostgres(place, source, witness, programs, signal);
      return {...made, nameOf: (name) => name, close: async () => {}};
    },
  );
  const names = witness.databases.map(({name}) => name);
  const restored = await restoreAll(context, picked, names, server, 'postgres');
  const checks = [...restored.checks];
  if (restored.isWhole) {
    const amcheck = findProgram(['pg_amcheck'], {...programs, folder: server.programs ?? programs.folder});
    for (const name of names)
      if (amcheck !== undefined)
        checks.push(await meter.during('check', () => checkHeap(amcheck, server, name, signal)));
  }
  const query = async (sql: string, database = names[0] ?? ''): Promise<unknown> => {
    using access = new PostgresAccess(server.connection);
    await using session = await PostgresSession.open(access, server.nameOf(database), signal);
    try {
      await session.run('SET search_path = "$user", public');
      return await session.one(`SELECT to_json((${sql}))`);
    } catch (error) {
      if (error instanceof SqlError)
        throw new RestoreError(`The query failed: ${error.message}.`, {cause: error});
      throw error;
    }
  };
  const rowsAtDump = (table: string, database = names[0]): number | undefined => {
    const tables = witness.databases.find(({name}) => name === database)?.tables ?? [];
    return tables.find(([schema, name]) => name === table || `${schema}.${name}` === table)?.[2] ?? undefined;
  };
  return {
    ...restored,
    checks,
    stage: {source, url: server.url, query, rowsAtDump},
    tools: [['postgres', server.version]],
    close: () => server.close(),
  };
}

export async function restoreMysqlStage(
  context: StageContext,
  picked: Picked,
  snapshot: Snapshot,
): Promise<RestoredStage> {
  const {place, meter, programs, into, signal} = context;
  const {source} = picked.seal;
  const witness = snapshot.witness as unknown as MysqlWitness;
  const server = await meter.during('prepare', async (): Promise<Server<MysqlConnection>> => {
    if (into !== undefined) return givenMysql(into, witness, signal);
    const made = await startMysql(place, source, witness, programs, signal);
    return {...made, nameOf: (name) => name, close: async () => {}};
  });
  const names = witness.databases.map(({name}) => name);
  const restored = await restoreAll(context, picked, names, server, 'mysql');
  const checks = [...restored.checks];
  const checker = findProgram(['mariadb-check', 'mysqlcheck'], programs);
  if (restored.isWhole && checker !== undefined)
    for (const name of names)
      checks.push(await meter.during('check', () => checkTables(checker, server, name, signal)));
  const query = async (sql: string, database = names[0] ?? ''): Promise<unknown> =>
    withMysql(server.connection, signal, async (session) => {
      await session.run(`USE ${mysqlIdentifier(server.nameOf(database))}`);
      const [value] = await session.one<unknown[]>(`SELECT JSON_ARRAY((${sql}))`);
      return value;
    });
  const rowsAtDump = (table: string, database = names[0]): number | undefined => {
    const tables = witness.databases.find(({name}) => name === database)?.tables ?? [];
    return tables.find(([name]) => name === table)?.[1] ?? undefined;
  };
  return {
    ...restored,
    checks,
    stage: {source, url: server.url, query, rowsAtDump},
    tools: [['mariadb', server.version]],
    close: () => server.close(),
  };
}

/** Restores every database of the dump; each is compared with its witness. */
async function restoreAll(
  context: StageContext,
  {history, seal}: Picked,
  names: readonly string[],
  {connection, nameOf}: Server<PostgresConnection | MysqlConnection>,
  kind: DatabaseTarget['kind'],
): Promise<{checks: FullCheck[]; files: number; bytes: number; isWhole: boolean}> {
  const {meter, now, into} = context;
  const checks: FullCheck[] = [];
  let bytes = 0;
  for (const name of names) {
    const target = {kind, connection, database: nameOf(name)} as DatabaseTarget;
    const done = await meter.during('load', () =>
      restoreToDatabase({...context, measure: (content) => meter.content(content)}, history, seal, target, {
        from: name,
        roles: into === undefined, // A server that is not ours keeps the roles it has.
        now,
      }),
    );
    bytes += done.bytes;
    checks.push({
      name: 'same as witness',
      ok: done.problems.length === 0,
      detail:
        done.problems.length === 0
          ? `${done.tables} tables: rows, checksums and definitions`
          : `${done.problems.length} differences in ${done.tables} tables`,
      more: [...done.problems, ...done.warnings],
    });
  }
  return {checks, files: names.length, bytes, isWhole: checks.every(({ok}) => ok)};
}

async function checkHeap(
  file: string,
  {connection, nameOf}: Server<PostgresConnection>,
  database: string,
  signal: AbortSignal | undefined,
): Promise<FullCheck> {
  using access = new PostgresAccess(connection);
  const said = await tool('pg_amcheck', {
    file,
    args: ['--install-missing', '--no-password', '--database', nameOf(database)],
    env: access.environment(undefined),
    signal,
  });
  return engineCheck('pg_amcheck', said);
}

async function checkTables(
  file: string,
  {connection, nameOf}: Server<MysqlConnection>,
  database: string,
  signal: AbortSignal | undefined,
): Promise<FullCheck> {
  using access = new MysqlAccess(connection);
  const said = await tool('CHECK TABLE', {
    file,
    args: [...access.options, '--check', '--silent', nameOf(database)],
    env: {},
    signal,
  });
  return engineCheck('CHECK TABLE', said);
}

function engineCheck(name: string, problems: readonly string[]): FullCheck {
  return {
    name,
    ok: problems.length === 0,
    detail: problems.length === 0 ? 'no fault' : `${problems.length} faults`,
    more: problems,
  };
}

/** @returns the lines in which a program complains */
async function tool(
  label: string,
  program: {
    file: string;
    args: readonly string[];
    env: Readonly<Record<string, string | undefined>>;
    signal: AbortSignal | undefined;
  },
): Promise<string[]> {
  const text = await collectOutput({label, timeoutMs: Number.POSITIVE_INFINITY, succeeds: [2], ...program});
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** Databases get names of the drill there, and are dropped at its end. */
function drillNames(): {prefix: string; nameOf(database: string): string} {
  const prefix = `holdfast_drill_${randomBytes(4).toString('hex')}_`;
  return {prefix, nameOf: (database) => (prefix + database).slice(0, 63)};
}

/** @throws {@link RestoreError} if it is the server that was dumped */
async function givenPostgres(
  into: DatabaseTarget,
  witness: PostgresWitness,
  signal: AbortSignal | undefined,
): Promise<Server<PostgresConnection>> {
  if (into.kind !== 'postgres') throw otherKind();
  const {connection} = into;
  const control = async <T>(work: (session: PostgresSession) => Promise<T>): Promise<T> => {
    using access = new PostgresAccess(connection);
    await using session = await PostgresSession.open(access, 'postgres', signal);
    return await work(session);
  };
  const facts = await control((session) =>
    session.one<{version: string; cluster: string}>(
      `SELECT json_build_object('version', current_setting('server_version'), 'cluster', system_identifier::text) FROM pg_control_system()`,
    ),
  );
  if (witness.cluster === null || facts.cluster === witness.cluster) throw isSource();
  const {nameOf} = drillNames();
  const made = witness.databases.map(({name}) => nameOf(name));
  return {
    connection,
    version: facts.version,
    url: undefined,
    nameOf,
    close: () =>
      control(async (session) => {
        for (const name of made) await session.run(`DROP DATABASE IF EXISTS ${identifier(name)}`);
      }),
  };
}

/** @throws {@link RestoreError} if it is the server that was dumped */
async function givenMysql(
  into: DatabaseTarget,
  witness: MysqlWitness,
  signal: AbortSignal | undefined,
): Promise<Server<MysqlConnection>> {
  if (into.kind !== 'mysql') throw otherKind();
  const {connection} = into;
  const facts = await withMysql(connection, signal, readServer);
  if (facts.server === witness.server) throw isSource();
  const {nameOf} = drillNames();
  const made = witness.databases.map(({name}) => nameOf(name));
  return {
    connection,
    version: facts.version,
    url: undefined,
    nameOf,
    close: () =>
      withMysql(connection, signal, async (session) => {
        for (const name of made) await session.run(`DROP DATABASE IF EXISTS ${mysqlIdentifier(name)}`);
      }),
  };
}

async function withMysql<T>(
  connection: MysqlConnection,
  signal: AbortSignal | undefined,
  work: (session: MysqlSession) => Promise<T>,
): Promise<T> {
  using access = new MysqlAccess(connection);
  await using session = await MysqlSession.open(access, (await access.programs()).client, signal);
  return await work(session);
}

function isSource(): RestoreError {
  return new RestoreError(
    'The server that the drill should restore into is the one that was dumped, or may be.',
    {
      hint: 'Leave out "into": the drill then starts a server of its own. Or name another server.',
    },
  );
}

function otherKind(): RestoreError {
  return new RestoreError('The dump is of another kind of database than the server that "into" names.', {
    hint: 'Leave out "into", or name a server of the same kind.',
  });
}
