/** Restores a dumped database into a server, and compares the copy with the witness. */
import type {PostgresConnection} from '../../config/source-types.ts';
import {MEMORY_FOLDER} from '../../config/sources.ts';
import {RestoreError, SourceError} from '../../errors.ts';
import {runProgram} from '../stream/program.ts';
import {demandMemory, demandRoom, ScratchFolder} from '../stream/scratch-folder.ts';
import {PostgresAccess} from './connection.ts';
import type {PostgresWitness} from './dump.ts';
import {makeMissingRoles} from './roles.ts';
import {identifier, literal, PostgresSession, SqlError} from './session.ts';
import {compareWitness, type DatabaseWitness, observeCopy} from './witness.ts';

export interface PostgresRestore {
  readonly connection: PostgresConnection;
  /** The name of the database to make. */
  readonly name: string;
  readonly dump: {readonly witness: PostgresWitness; readonly database: DatabaseWitness};
  /** The dump: a stream, or files of the directory format, which need a place where pg_restore finds them. */
  readonly content: AsyncIterable<Uint8Array> | DumpedFiles;
  /** The roles of the dump; undefined to make none. */
  readonly globals: string | undefined;
  /** Put it in the place of a database that has content; that one is kept under another name. */
  readonly overwrite: boolean;
  /** The same for the very database that was dumped. */
  readonly inPlace: boolean;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
}

/** A dump in the directory format. */
export interface DumpedFiles {
  readonly bytes: number;
  /** How many processes of pg_restore work at once. */
  readonly jobs: number;
  /** Where its files lie meanwhile, on whatever disk; undefined for memory. */
  readonly work: string | undefined;
  /** Writes them into a folder that is there. */
  writeTo(folder: string): Promise<void>;
}

export interface PostgresRestored {
  /** What could not be brought back as it was. */
  readonly warnings: readonly string[];
  /** Where the copy differs from the dump's witness. */
  readonly problems: readonly string[];
}

interface Server {
  readonly version: string;
  readonly versionNumber: number;
  readonly cluster: string | null;
  readonly exists: boolean;
}

/** @throws {@link RestoreError} if it cannot be restored there; a database that was there is then as it was */
export async function restorePostgres(options: PostgresRestore): Promise<PostgresRestored> {
  const {connection, name, dump, signal, now} = options;
  using access = new PostgresAccess(connection);
  await using control = await PostgresSession.open(access, 'postgres', signal);
  const server = await readServer(control, name);
  await guard(options, access, server);
  const replaced = server.exists && !(await isEmpty(access, name, signal));
  if (replaced && !options.overwrite && !options.inPlace) {
    throw new RestoreError(`The database ${name} is there already, and is not empty.`, {
      hint: 'Name another database, or use --overwrite always: what is there is then kept under another name.',
    });
  }
  const warnings = options.globals === undefined ? [] : await makeMissingRoles(control, options.globals);
  const made = server.exists ? `${name}_restoring_${stamp(now())}` : name;
  await createDatabase(control, made, dump.database);
  try {
    warnings.push(...(await load(options, access, made)));
    const problems = await checkPostgres(connection, made, dump.database, {now, signal});
    if (server.exists) warnings.push(await takePlace(control, name, made, replaced, now()));
    return {
      warnings: warnings.filter((warning) => warning !== ''),
      problems,
    };
  } catch (error) {
    // After an interruption there is no connection left to do it with.
    if (signal?.aborted !== true) await control.run(`DROP DATABASE IF EXISTS ${identifier(made)}`);
    if (!(error instanceof SqlError)) throw error;
    throw new RestoreError(`${name} cannot be restored: ${error.message}.`, {cause: error});
  }
}

/** Compares a database with the witness of a dump. @returns what differs, each as a sentence */
export async function checkPostgres(
  connection: PostgresConnection,
  name: string,
  expected: DatabaseWitness,
  {now, signal}: {now: () => Date; signal?: AbortSignal | undefined},
): Promise<string[]> {
  using access = new PostgresAccess(connection);
  await using session = await PostgresSession.open(access, name, signal);
  return compareWitness(
    expected,
    await observeCopy(session, expected, Number.POSITIVE_INFINITY, () => now().getTime()),
  );
}

function readServer(session: PostgresSession, name: string): Promise<Server> {
  return session.one(
    `SELECT json_build_object(
       'version', current_setting('server_version'), 'versionNumber', current_setting('server_version_num')::int,
       'cluster', CASE WHEN has_function_privilege('pg_control_system()', 'execute') THEN (SELECT system_identifier::text FROM pg_control_system()) END,
       'exists', EXISTS (SELECT FROM pg_database WHERE datname = ${literal(name)}))`,
  );
}

async function guard(
  {name, dump, inPlace}: PostgresRestore,
  access: PostgresAccess,
  server: Server,
): Promise<void> {
  const {witness, database} = dump;
  const [serverMajor, dumpMajor] = [server.versionNumber, witness.versionNumber].map((n) =>
    Math.floor(n / 10_000),
  );
  if ((serverMajor ?? 0) < (dumpMajor ?? 0)) {
    throw new RestoreError(
      `The dump is of PostgreSQL ${witness.version}; the server is ${server.version}, which is older.`,
      {
        hint: 'Restore into a server that is as new or newer.',
      },
    );
  }
  const client = await access.clientMajor(programFor(database));
  if (client < witness.client) {
    throw new RestoreError(
      `The dump was made by pg_dump ${witness.client}; ${programFor(database)} here is ${client}.`,
      {
        hint: `Install the package postgresql-client-${witness.client}.`,
      },
    );
  }
  if (server.cluster !== null && server.cluster === witness.cluster && name === database.name && !inPlace) {
    throw new RestoreError(`${name} on this server is the database that was dumped.`, {
      hint: 'Name another database, or use --in-place: the present one is then kept under another name.',
    });
  }
}

function programFor({file}: DatabaseWitness): 'pg_restore' | 'psql' {
  return file.endsWith('.sql') ? 'psql' : 'pg_restore';
}

async function isEmpty(
  access: PostgresAccess,
  name: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  await using session = await PostgresSession.open(access, name, signal);
  return await session.one(
    `SELECT to_json(NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')))`,
  );
}

async function createDatabase(session: PostgresSession, name: string, like: DatabaseWitness): Promise<void> {
  const icu =
    like.provider === 'i' && like.icuLocale !== null
      ? ` LOCALE_PROVIDER icu ICU_LOCALE ${literal(like.icuLocale)}`
      : '';
  try {
    await session.run(
      `CREATE DATABASE ${identifier(name)} TEMPLATE template0 ENCODING ${literal(like.encoding)} LC_COLLATE ${literal(like.collate)} LC_CTYPE ${literal(like.ctype)}${icu}`,
    );
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw new RestoreError(`The database ${name} cannot be made: ${error.message}.`, {
      cause: error,
      hint: 'The role needs CREATEDB, and the server the locale that the dump was made with.',
    });
  }
}

/** @returns what pg_restore could not bring back */
async function load(
  {dump, content, signal}: PostgresRestore,
  access: PostgresAccess,
  name: string,
): Promise<string[]> {
  const program = programFor(dump.database);
  const said: string[] = [];
  const common = {
    label: program,
    file: access.program(program),
    env: access.environment(name),
    secrets: access.secrets,
    timeoutMs: Number.POSITIVE_INFINITY, // Indexes are built in silence.
    signal,
    hint: 'The dump itself comes back with --to DIR.',
    onSaid: (lines: string[]) => void said.push(...lines),
  };
  const target = ['--no-password', `--dbname=dbname='${name.replaceAll(/[\\']/g, '\\$&')}'`];
  if ('writeTo' in content) {
    using place = placeFor(content);
    await content.writeTo(place.path);
    const args = ['--format=directory', `--jobs=${content.jobs}`, ...target, place.path];
    for await (const _piece of runProgram({...common, args, succeeds: [1]}));
    return said;
  }
  const args =
    program === 'psql'
      ? ['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', '--output=/dev/null']
      : target;
  const loaded = {...common, args, input: content, ...(program === 'pg_restore' && {succeeds: [1]})};
  for await (const _piece of runProgram(loaded));
  return said;
}

/** In memory, unless a folder was named. @throws {@link RestoreError} if it does not fit there */
function placeFor({bytes, work}: DumpedFiles): ScratchFolder {
  if (work !== undefined) return ScratchFolder.make(work);
  try {
    demandMemory(MEMORY_FOLDER);
    demandRoom(MEMORY_FOLDER, bytes, 'The dump');
  } catch (cause) {
    if (!(cause instanceof SourceError)) throw cause;
    throw new RestoreError(`pg_restore needs the files of this dump in a folder. ${cause.message}`, {
      cause,
      hint: 'Name a folder with room for them with --work DIR: they lie there, readable by you alone, until the restore ends.',
    });
  }
  return ScratchFolder.make(MEMORY_FOLDER);
}

/** Puts the copy in the place of a database, which is kept. @returns a sentence about where */
async function takePlace(
  session: PostgresSession,
  name: string,
  made: string,
  keep: boolean,
  now: Date,
): Promise<string> {
  const aside = `${name}_before_${stamp(now)}`;
  await session.run(
    `SELECT to_json(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = ${literal(name)}`,
  );
  await session.run(
    keep
      ? `ALTER DATABASE ${identifier(name)} RENAME TO ${identifier(aside)}`
      : `DROP DATABASE ${identifier(name)}`,
  );
  await session.run(`ALTER DATABASE ${identifier(made)} RENAME TO ${identifier(name)}`);
  return keep
    ? `What was in ${name} before is now in the database ${aside}. Drop it when it is no longer needed.`
    : '';
}

function stamp(now: Date): string {
  return now.toISOString().replaceAll(/\D/g, '').slice(0, 14);
}
