/** A database server that was named for a drill, instead of one that the drill starts. */
import {randomBytes} from 'node:crypto';
import type {MysqlConnection, PostgresConnection} from '../../config/source-types.ts';
import {RestoreError} from '../../errors.ts';
import {MysqlAccess} from '../../sources/mysql/connection.ts';
import {type MysqlWitness, readServer} from '../../sources/mysql/dump.ts';
import {MysqlSession, identifier as mysqlIdentifier} from '../../sources/mysql/session.ts';
import {PostgresAccess} from '../../sources/postgres/connection.ts';
import type {PostgresWitness} from '../../sources/postgres/dump.ts';
import {identifier, PostgresSession} from '../../sources/postgres/session.ts';
import type {DatabaseTarget} from '../restore-database.ts';
import type {Stage} from './stage.ts';
import type {Workplace} from './workplace.ts';

/** What restores and checks need of a server, whatever its kind. */
export interface DrillServer<Connection> {
  readonly connection: Connection;
  readonly version: string;
  readonly url: Stage['url'];
  /** What a database of the dump is called there. */
  nameOf(database: string): string;
  /** Also after an interruption. */
  close(): Promise<void>;
}

/** Databases get names of the drill there, and are dropped at its end. */
function drillNames(
  place: Workplace,
  databases: readonly {readonly name: string}[],
  {host, port}: PostgresConnection | MysqlConnection,
): {made: string[]; nameOf(database: string): string} {
  const prefix = `holdfast_drill_${randomBytes(4).toString('hex')}_`;
  const names = new Map(databases.map(({name}, index) => [name, `${prefix}${index + 1}`]));
  const made = [...names.values()];
  const server = [host ?? 'this machine', ...(port === undefined ? [] : [port])].join(':');
  place.keepElsewhere(made.map((name) => `the database ${name} on ${server}`));
  return {
    made,
    nameOf: (database) => {
      const name = names.get(database);
      if (name === undefined) throw new RestoreError(`The dump has no database ${database}.`);
      return name;
    },
  };
}

/** @throws {@link RestoreError} if it is the server that was dumped */
export async function givenPostgres(
  place: Workplace,
  into: DatabaseTarget,
  witness: PostgresWitness,
  signal: AbortSignal | undefined,
): Promise<DrillServer<PostgresConnection>> {
  if (into.kind !== 'postgres') throw otherKind();
  const {connection} = into;
  const facts = await withPostgres(connection, signal, (session) =>
    session.one<{version: string; cluster: string}>(
      `SELECT json_build_object('version', current_setting('server_version'), 'cluster', system_identifier::text) FROM pg_control_system()`,
    ),
  );
  if (witness.cluster === null || facts.cluster === witness.cluster) throw isSource();
  const {made, nameOf} = drillNames(place, witness.databases, connection);
  const evenIfUsed = Number.parseInt(facts.version, 10) >= 13 ? ' WITH (FORCE)' : '';
  return {
    connection,
    version: facts.version,
    url: undefined,
    nameOf,
    close: () =>
      withPostgres(connection, undefined, async (session) => {
        for (const name of made)
          await session.run(`DROP DATABASE IF EXISTS ${identifier(name)}${evenIfUsed}`);
      }),
  };
}

/** @throws {@link RestoreError} if it is the server that was dumped */
export async function givenMysql(
  place: Workplace,
  into: DatabaseTarget,
  witness: MysqlWitness,
  signal: AbortSignal | undefined,
): Promise<DrillServer<MysqlConnection>> {
  if (into.kind !== 'mysql') throw otherKind();
  const {connection} = into;
  const facts = await withMysql(connection, signal, readServer);
  if (facts.server === witness.server) throw isSource();
  const {made, nameOf} = drillNames(place, witness.databases, connection);
  return {
    connection,
    version: facts.version,
    url: undefined,
    nameOf,
    close: () =>
      withMysql(connection, undefined, async (session) => {
        for (const name of made) await session.run(`DROP DATABASE IF EXISTS ${mysqlIdentifier(name)}`);
      }),
  };
}

async function withPostgres<T>(
  connection: PostgresConnection,
  signal: AbortSignal | undefined,
  work: (session: PostgresSession) => Promise<T>,
): Promise<T> {
  using access = new PostgresAccess(connection);
  await using session = await PostgresSession.open(access, 'postgres', signal);
  return await work(session);
}

export async function withMysql<T>(
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
