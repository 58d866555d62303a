/** A MariaDB server that lives as long as a drill. */
import {randomBytes} from 'node:crypto';
import {join} from 'node:path';
import type {MysqlConnection} from '../../config/source-types.ts';
import {RestoreError, SourceError} from '../../errors.ts';
import {MysqlAccess} from '../../sources/mysql/connection.ts';
import type {MysqlWitness} from '../../sources/mysql/dump.ts';
import {MysqlSession} from '../../sources/mysql/session.ts';
import {Secret} from '../../system/secret.ts';
import {
  findProgram,
  freePort,
  type ProgramPlaces,
  runTool,
  serverFile,
  serverFolder,
  serverUser,
  startServer,
} from './server.ts';
import type {Workplace} from './workplace.ts';

export interface ThrowawayMysql {
  readonly connection: MysqlConnection;
  readonly version: string;
  readonly url: Secret;
}

export async function startMysql(
  place: Workplace,
  source: string,
  witness: Pick<MysqlWitness, 'version'>,
  programs: ProgramPlaces,
  signal: AbortSignal | undefined,
): Promise<ThrowawayMysql> {
  if (!witness.version.includes('MariaDB')) {
    throw new RestoreError(`The dump is of MySQL ${witness.version}; throwaway servers are MariaDB only.`, {
      hint: 'Name an empty MySQL server with "into: mysql://…".',
    });
  }
  const install = findProgram(['mariadb-install-db', 'mysql_install_db'], programs);
  const daemon = findProgram(['mariadbd', 'mysqld'], programs);
  if (install === undefined || daemon === undefined) {
    throw new RestoreError('There is no MariaDB server on this machine.', {
      hint: 'Install the package mariadb-server, name the folder of its programs as "programs", or an empty server with "into".',
    });
  }
  const user = serverUser('mysql');
  const folder = serverFolder(place, `server-${source}`, user);
  const data = serverFolder(place, `server-${source}/data`, user);
  const common = {user, signal};
  await runTool({
    ...common,
    label: 'mariadb-install-db',
    file: install,
    args: [
      '--no-defaults',
      `--datadir=${data}`,
      '--skip-name-resolve',
      '--skip-test-db',
      '--auth-root-authentication-method=normal',
    ],
  });
  const port = await freePort();
  const socket = join(folder, 'mariadb.sock');
  const password = randomBytes(18).toString('base64url');
  const accounts = [
    `CREATE USER IF NOT EXISTS drill@127.0.0.1 IDENTIFIED BY '${password}';`,
    'GRANT ALL ON *.* TO drill@127.0.0.1;',
    // The account without password is for the socket alone, in a folder that nobody else may enter.
    "DELETE FROM mysql.global_priv WHERE user <> 'mariadb.sys' AND NOT (user = 'root' AND host = 'localhost') AND user <> 'drill';",
    'FLUSH PRIVILEGES;',
  ];
  const connection: MysqlConnection = {
    host: undefined,
    port: undefined,
    socket,
    user: 'root',
    password: undefined,
    tls: false,
    programs: programs.folder,
  };
  using access = new MysqlAccess(connection);
  const {client} = await access.programs();
  await startServer({
    ...common,
    place,
    label: 'The throwaway MariaDB server',
    file: daemon,
    args: [
      '--no-defaults',
      `--datadir=${data}`,
      `--tmpdir=${serverFolder(place, `server-${source}/tmp`, user)}`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--socket=${socket}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--init-file=${serverFile(join(folder, 'accounts.sql'), `${accounts.join('\n')}\n`, user)}`,
      '--event-scheduler=OFF', // What the application does at night must not happen here.
      '--skip-log-bin',
      '--skip-name-resolve',
      '--character-set-server=utf8mb4',
      '--max-allowed-packet=1G',
    ],
    log: join(place.folder, `server-${source}.log`),
    stopSignal: 'SIGKILL', // Nothing of it is kept.
    isReady: () => answers(access, client, signal),
  });
  await using session = await MysqlSession.open(access, client, signal);
  return {
    connection,
    version: await session.one<string>('SELECT JSON_QUOTE(VERSION())'),
    url: new Secret(`mysql://drill:${password}@127.0.0.1:${port}`),
  };
}

async function answers(
  access: MysqlAccess,
  client: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await using session = await MysqlSession.open(access, client, signal);
    return (await session.one<number>('SELECT 1')) === 1;
  } catch (error) {
    if (error instanceof SourceError) return false; // Not yet.
    throw error;
  }
}
