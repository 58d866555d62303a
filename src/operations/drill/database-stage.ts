/** Restores a dump into a throwaway server, or an empty one that was named, and checks the copy. */
import type {MysqlConnection, PostgresConnection} from '../../config/source-types.ts';
import {RestoreError} from '../../errors.ts';
import type {Snapshot} from '../../repository/snapshot.ts';
import {MysqlAccess} from '../../sources/mysql/connection.ts';
import type {MysqlWitness} from '../../sources/mysql/dump.ts';
import {identifier as mysqlIdentifier} from '../../sources/mysql/session.ts';
import {PostgresAccess} from '../../sources/postgres/connection.ts';
import type {PostgresWitness} from '../../sources/postgres/dump.ts';
import {PostgresSession, SqlError} from '../../sources/postgres/session.ts';
import {collectOutput} from '../../sources/stream/program.ts';
import {type DatabaseTarget, restoreToDatabase} from '../restore-database.ts';
import {type DrillServer, givenMysql, givenPostgres, withMysql} from './given-server.ts';
import type {Picked} from './pick.ts';
import type {RestoredStage, StageContext} from './restore-stage.ts';
import {findProgram} from './server.ts';
import {damageChecks, type FullCheck, type Stage} from './stage.ts';
import {startMysql} from './throwaway-mysql.ts';
import {postgresPlaces, startPostgres} from './throwaway-postgres.ts';

export async function restorePostgresStage(
  context: StageContext,
  picked: Picked,
  snapshot: Snapshot,
): Promise<RestoredStage> {
  const {place, meter, programs, into, signal} = context;
  const witness = snapshot.witness as unknown as PostgresWitness;
  const server = await meter.during(
    'prepare',
    async (): Promise<DrillServer<PostgresConnection> & {programs?: string}> =>
      into === undefined
        ? throwaway(await startPostgres(place, picked.seal.source, witness, programs, signal))
        : givenPostgres(place, into, witness, signal),
  );
  const amcheck = findProgram(['pg_amcheck'], postgresPlaces(server.programs, programs));
  return restoreStage(context, picked, server, {
    kind: 'postgres',
    program: 'postgres',
    databases: witness.databases,
    check: amcheck === undefined ? undefined : (database) => checkHeap(amcheck, server, database, signal),
    query: async (sql, database) => {
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
    },
    rowsOf: ({tables}, table) =>
      tables.find(([schema, name]) => name === table || `${schema}.${name}` === table)?.[2],
  });
}

export async function restoreMysqlStage(
  context: StageContext,
  picked: Picked,
  snapshot: Snapshot,
): Promise<RestoredStage> {
  const {place, meter, programs, into, signal} = context;
  const witness = snapshot.witness as unknown as MysqlWitness;
  const server = await meter.during(
    'prepare',
    async (): Promise<DrillServer<MysqlConnection>> =>
      into === undefined
        ? throwaway(await startMysql(place, picked.seal.source, witness, programs, signal))
        : givenMysql(place, into, witness, signal),
  );
  const checker = findProgram(['mariadb-check', 'mysqlcheck'], programs);
  return restoreStage(context, picked, server, {
    kind: 'mysql',
    program: 'mariadb',
    databases: witness.databases,
    check: checker === undefined ? undefined : (database) => checkTables(checker, server, database, signal),
    query: (sql, database) =>
      withMysql(server.connection, signal, async (session) => {
        await session.run(`USE ${mysqlIdentifier(server.nameOf(database))}`);
        const [value] = await session.one<unknown[]>(`SELECT JSON_ARRAY((${sql}))`);
        return value;
      }),
    rowsOf: ({tables}, table) => tables.find(([name]) => name === table)?.[1],
  });
}

/** It has the names of the dump, and ends with the workplace. */
function throwaway<Started>(server: Started): Started & Pick<DrillServer<unknown>, 'nameOf' | 'close'> {
  return {...server, nameOf: (name) => name, close: async () => {}};
}

/** What differs between the kinds of databases. */
interface Engine<Database> {
  readonly kind: DatabaseTarget['kind'];
  /** What it is called in reports. */
  readonly program: string;
  /** What the witness knows of each. */
  readonly databases: readonly Database[];
  /** The server's own check; undefined where its program is not there. */
  readonly check: ((database: string) => Promise<FullCheck>) | undefined;
  query(sql: string, database: string): Promise<unknown>;
  rowsOf(database: Database, table: string): number | null | undefined;
}

async function restoreStage<Database extends {readonly name: string}>(
  context: StageContext,
  picked: Picked,
  server: DrillServer<PostgresConnection | MysqlConnection>,
  {kind, program, databases, check, query, rowsOf}: Engine<Database>,
): Promise<RestoredStage> {
  const names = databases.map(({name}) => name);
  const stage: Stage = {
    source: picked.seal.source,
    url: server.url,
    query: (sql, database = names[0] ?? '') => query(sql, database),
    rowsAtDump: (table, database = names[0]) => {
      const known = databases.find(({name}) => name === database);
      return (known && rowsOf(known, table)) ?? undefined;
    },
  };
  try {
    const restored = await restoreAll(context, picked, names, server, kind);
    const checks = [...restored.checks];
    if (restored.isWhole && check !== undefined)
      for (const name of names) checks.push(await context.meter.during('check', () => check(name)));
    const close = () => server.close();
    return {...restored, checks, stage, tools: [[program, server.version]], close};
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Restores every database of the dump; each is compared with its witness. */
async function restoreAll(
  context: StageContext,
  {history, seal}: Picked,
  names: readonly string[],
  {connection, nameOf}: DrillServer<PostgresConnection | MysqlConnection>,
  kind: DatabaseTarget['kind'],
): Promise<{checks: FullCheck[]; files: number; bytes: number; isWhole: boolean}> {
  const {meter, now, into, place} = context;
  const checks: FullCheck[] = [];
  let bytes = 0;
  for (const name of names) {
    const target = {kind, connection, database: nameOf(name)} as DatabaseTarget;
    const done = await meter.during('load', () =>
      restoreToDatabase({...context, measure: (content) => meter.content(content)}, history, seal, target, {
        from: name,
        roles: into === undefined, // A server that is not ours keeps the roles it has.
        work: place.folder,
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
    checks.push(...damageChecks(done.damagedObjects));
  }
  return {checks, files: names.length, bytes, isWhole: checks.every(({ok}) => ok)};
}

async function checkHeap(
  file: string,
  {connection, nameOf}: DrillServer<PostgresConnection>,
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
  {connection, nameOf}: DrillServer<MysqlConnection>,
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
