/** A Redis or Valkey server that has loaded a restored RDB file, and lives as long as a drill. */
import {randomBytes} from 'node:crypto';
import {constants, copyFileSync} from 'node:fs';
import {join} from 'node:path';
import {RestoreError} from '../../errors.ts';
import {RDB_FILE} from '../../sources/redis/dump.ts';
import {Secret} from '../../system/secret.ts';
import {
  findProgram,
  freePort,
  own,
  type ProgramPlaces,
  runTool,
  serverFile,
  serverFolder,
  serverUser,
  startServer,
} from './server.ts';
import type {Workplace} from './workplace.ts';

export interface ThrowawayRedis {
  readonly version: string;
  readonly url: Secret;
  /** What redis-check-rdb says about the file. */
  readonly checked: string;
  /** Keys by number of the database. */
  readonly keys: ReadonlyMap<number, number>;
  /** What it holds now, as an RDB file of its own: also what expired since the dump. To be called once, before `release`. */
  save(): Promise<string>;
  /** From now on it is as a server that has just been restored: what has expired is gone. */
  release(): Promise<void>;
}

/** @throws {@link RestoreError} if the file is not whole, or the server does not load it */
export async function startRedis(
  place: Workplace,
  source: string,
  rdb: string,
  programs: ProgramPlaces,
  signal: AbortSignal | undefined,
): Promise<ThrowawayRedis> {
  const [daemon, client, checker] = [
    ['redis-server', 'valkey-server'],
    ['redis-cli', 'valkey-cli'],
    ['redis-check-rdb', 'valkey-check-rdb'],
  ].map((names) => findProgram(names, programs));
  if (daemon === undefined || client === undefined || checker === undefined) {
    throw new RestoreError('There is no Redis server on this machine.', {
      hint: 'Install the package redis-server, or name the folder of its programs as "programs".',
    });
  }
  const user = serverUser('redis', 'valkey');
  const folder = serverFolder(place, `server-${source}`, user);
  const copy = join(folder, RDB_FILE);
  copyFileSync(rdb, copy, constants.COPYFILE_FICLONE);
  own(copy, user);
  const common = {user, signal};
  const checked = await runTool({...common, label: 'redis-check-rdb', file: checker, args: [copy]});
  const port = await freePort();
  const socket = join(folder, 'redis.sock');
  const password = randomBytes(18).toString('base64url');
  const settings = [
    'bind 127.0.0.1',
    `port ${port}`,
    `unixsocket ${socket}`,
    'unixsocketperm 700',
    `dir ${folder}`,
    `dbfilename ${RDB_FILE}`,
    'save ""',
    'appendonly no',
    `requirepass ${password}`,
    'databases 1024',
    // As a replica, of a master that nobody is, it keeps the keys that expired after the dump until they are counted.
    'replicaof 127.0.0.1 1',
  ];
  const asClient = {
    ...common,
    label: 'redis-cli',
    file: client,
    env: {REDISCLI_AUTH: password},
  };
  const ask = (...args: string[]): Promise<string> =>
    runTool({...asClient, args: ['-s', socket, '--no-auth-warning', ...args]});
  await startServer({
    ...common,
    place,
    label: 'The throwaway Redis server',
    file: daemon,
    args: [serverFile(join(folder, 'redis.conf'), `${settings.join('\n')}\n`, user)],
    log: join(place.folder, `server-${source}.log`),
    stopSignal: 'SIGKILL',
    isReady: () =>
      ask('PING').then(
        (answer) => answer.trim() === 'PONG',
        (error: unknown) => {
          if (error instanceof RestoreError) return false; // Not yet.
          throw error;
        },
      ),
  });
  const info = await ask('INFO');
  return {
    version: /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1] ?? 'unknown',
    url: new Secret(`redis://default:${password}@127.0.0.1:${port}`),
    save: async () => {
      await ask('SAVE');
      return copy;
    },
    release: async () => {
      await ask('REPLICAOF', 'NO', 'ONE');
    },
    checked: /\[info\] (\d+ keys read)/.exec(checked)?.[1] ?? 'the file is whole',
    keys: new Map(
      [...info.matchAll(/^db(\d+):keys=(\d+)/gm)].map(([, database, count]) => [
        Number(database),
        Number(count),
      ]),
    ),
  };
}
