/** Restores a dumped database into a server, and compares the copy with the witness. */
import type {MysqlConnection} from '../../config/source-types.ts';
import {RestoreError} from '../../errors.ts';
import {runProgram} from '../stream/program.ts';
import {MysqlAccess} from './connection.ts';
import {type MysqlWitness, readServer} from './dump.ts';
import {identifier, literal, MysqlSession} from './session.ts';
import {compareWitness, type DatabaseWitness, observeCopy} from './witness.ts';

export interface MysqlRestore {
  readonly connection: MysqlConnection;
  /** The name of the database to make. */
  readonly name: string;
  readonly dump: {readonly witness: MysqlWitness; readonly database: DatabaseWitness};
  readonly content: AsyncIterable<Uint8Array>;
  /** Empty a database that has content, first. */
  readonly overwrite: boolean;
  /** The same for the very database that was dumped. */
  readonly inPlace: boolean;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
}

/** @throws {@link RestoreError} if it cannot be restored there. @returns what differs from the dump's witness */
export async function restoreMysql(options: MysqlRestore): Promise<string[]> {
  const {connection, name, dump, content, signal, now} = options;
  using access = new MysqlAccess(connection);
  const programs = await access.programs();
  await using session = await MysqlSession.open(access, programs.client, signal);
  await guard(options, session);
  const {charset, collation} = dump.database;
  await session.run(
    `CREATE DATABASE ${identifier(name)} CHARACTER SET ${identifier(charset)} COLLATE ${identifier(collation)}`,
  );
  const load = runProgram({
    label: 'The client of MariaDB or MySQL',
    file: programs.client,
    args: [...access.options, '--batch', `--database=${name}`],
    input: content,
    env: access.env,
    secrets: access.secrets,
    timeoutMs: Number.POSITIVE_INFINITY, // Large tables are loaded in silence.
    signal,
    hint: `What it loaded is in ${name}. The dump itself comes back with --to DIR.`,
  });
  for await (const _piece of load);
  return compareWitness(
    dump.database,
    await observeCopy(session, name, dump.database, () => now().getTime()),
  );
}

/** Compares a database with the witness of a dump. @returns what differs, each as a sentence */
export async function checkMysql(
  connection: MysqlConnection,
  name: string,
  expected: DatabaseWitness,
  {now, signal}: {now: () => Date; signal?: AbortSignal | undefined},
): Promise<string[]> {
  using access = new MysqlAccess(connection);
  await using session = await MysqlSession.open(access, (await access.programs()).client, signal);
  return compareWitness(expected, await observeCopy(session, name, expected, () => now().getTime()));
}

/** Leaves no database of that name, or refuses. */
async function guard({name, dump, overwrite, inPlace}: MysqlRestore, session: MysqlSession): Promise<void> {
  const {witness, database} = dump;
  const server = await readServer(session);
  const [here, there] = [versionOf(server.version), versionOf(witness.version)];
  if (here.isMariaDb !== there.isMariaDb || here.number < there.number) {
    throw new RestoreError(`The dump is of ${witness.version}; the server is ${server.version}.`, {
      hint: 'Restore into a server of the same kind that is as new or newer; the dump itself comes back with --to DIR.',
    });
  }
  const isOwn = server.server === witness.server && name === database.name;
  if (isOwn && !inPlace) {
    throw new RestoreError(`${name} on this server is the database that was dumped.`, {
      hint: 'Name another database. With --in-place the present one is dropped first: make a backup of it before.',
    });
  }
  const tables = await session.run<string>(
    `SELECT JSON_QUOTE(table_name) FROM information_schema.tables WHERE table_schema = ${literal(name)} LIMIT 1`,
  );
  if (tables.length > 0 && !overwrite && !inPlace) {
    throw new RestoreError(`The database ${name} is there already, and is not empty.`, {
      hint: 'Name another database. With --overwrite always the present one is dropped first.',
    });
  }
  await session.run(`DROP DATABASE IF EXISTS ${identifier(name)}`);
}

/** `10.11.6-MariaDB-log` or `8.0.36`, comparable by its first two numbers. */
function versionOf(version: string): {isMariaDb: boolean; number: number} {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return {isMariaDb: version.includes('MariaDB'), number: Number(major) * 1000 + Number(minor)};
}
