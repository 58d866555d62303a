/** A PostgreSQL server of the right major version that lives as long as a drill. */
import {randomBytes} from 'node:crypto';
import {globSync, realpathSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {PostgresConnection} from '../../config/source-types.ts';
import {RestoreError, SourceError} from '../../errors.ts';
import {PostgresAccess} from '../../sources/postgres/connection.ts';
import type {PostgresWitness} from '../../sources/postgres/dump.ts';
import {PostgresSession} from '../../sources/postgres/session.ts';
import {Secret} from '../../system/secret.ts';
import {
  findProgram,
  freePort,
  isExecutable,
  type ProgramPlaces,
  runTool,
  serverFile,
  serverFolder,
  serverUser,
  startServer,
} from './server.ts';
import type {Workplace} from './workplace.ts';

/** Where packages of Debian and Red Hat put them, and what is built by hand. */
const USUAL_PLACES = ['/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin', '/usr/local/pgsql/bin'];

export interface ThrowawayPostgres {
  readonly connection: PostgresConnection;
  readonly version: string;
  /** For checks that come over TCP. */
  readonly url: Secret;
  /** The folder of its programs. */
  readonly programs: string;
}

export async function startPostgres(
  place: Workplace,
  source: string,
  witness: Pick<PostgresWitness, 'versionNumber'>,
  programs: ProgramPlaces,
  signal: AbortSignal | undefined,
): Promise<ThrowawayPostgres> {
  const user = serverUser('postgres');
  const common = {user, signal};
  const bin = await programsFor(Math.floor(witness.versionNumber / 10_000), programs, signal);
  const folder = serverFolder(place, `server-${source}`, user);
  const data = join(folder, 'data');
  const password = new Secret(randomBytes(18).toString('base64url'));
  await runTool({
    ...common,
    label: 'initdb',
    file: join(bin, 'initdb'),
    args: [
      `--pgdata=${data}`,
      '--username=postgres',
      `--pwfile=${serverFile(join(folder, 'password'), `${password.reveal()}\n`, user)}`,
      '--encoding=UTF8',
      '--locale=C',
      '--auth-local=trust', // Its socket is in a folder that nobody else may enter.
      '--auth-host=scram-sha-256',
      '--no-sync',
    ],
  });
  const port = await freePort();
  const connection: PostgresConnection = {
    host: folder,
    port,
    user: 'postgres',
    password: undefined,
    sslmode: undefined,
    sslrootcert: undefined,
    programs: bin,
  };
  using access = new PostgresAccess(connection);
  await startServer({
    ...common,
    place,
    label: 'The throwaway PostgreSQL server',
    file: join(bin, 'postgres'),
    args: [
      '-D',
      data,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      `unix_socket_directories=${folder}`,
    ],
    log: join(place.folder, `server-${source}.log`),
    stopSignal: 'SIGQUIT', // Immediate shutdown: nothing of it is kept.
    isReady: () => answers(access, signal),
  });
  await using session = await PostgresSession.open(access, 'postgres', signal);
  return {
    connection,
    version: await session.one<string>("SELECT to_json(current_setting('server_version'))"),
    url: new Secret(`postgresql://postgres:${password.reveal()}@127.0.0.1:${port}`),
    programs: bin,
  };
}

async function answers(access: PostgresAccess, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await using session = await PostgresSession.open(access, 'postgres', signal);
    return await session.one<boolean>('SELECT to_json(true)');
  } catch (error) {
    if (error instanceof SourceError) return false; // Not yet.
    throw error;
  }
}

/** Where the programs of a server are, or, of one that is not ours, the newest of this machine. */
export function postgresPlaces(
  folder: string | undefined,
  {folder: given, searchPath}: ProgramPlaces,
): ProgramPlaces {
  const newest = globSync(USUAL_PLACES).sort((a, b) => b.localeCompare(a, 'en', {numeric: true}));
  return {folder: folder ?? given, searchPath: [searchPath, ...newest].join(':')};
}

/** The programs of the same major version, or of the next one that is there. */
async function programsFor(
  major: number,
  programs: ProgramPlaces,
  signal: AbortSignal | undefined,
): Promise<string> {
  const initdb = findProgram(['initdb'], {folder: undefined, searchPath: programs.searchPath});
  const places =
    programs.folder === undefined
      ? [...globSync(USUAL_PLACES), ...(initdb === undefined ? [] : [dirname(realpathSync(initdb))])]
      : [programs.folder];
  const found: {bin: string; version: number}[] = [];
  for (const bin of places) {
    const file = join(bin, 'postgres');
    if (!isExecutable(file)) continue;
    const text = await runTool({label: 'postgres', file, args: ['--version'], user: undefined, signal});
    found.push({bin, version: Number(/\(PostgreSQL\) (\d+)/.exec(text)?.[1] ?? 0)});
  }
  found.sort((a, b) => a.version - b.version);
  const fit = found.find(({version}) => version >= major);
  if (fit !== undefined) return fit.bin;
  throw new RestoreError(`There is no PostgreSQL server ${major} or newer on this machine.`, {
    hint: `Install the package postgresql-${major}, name the folder of its programs as "programs", or an empty server with "into".`,
  });
}
