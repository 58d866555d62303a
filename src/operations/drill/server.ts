/** Starts and watches throwaway servers: each has its own folder, socket and port, and is noted, so that it ends with its drill. */
import {spawn} from 'node:child_process';
import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {RestoreError} from '../../errors.ts';
import {WITHOUT_SECRETS} from '../../sources/stream/environment.ts';
import {howItEnded} from '../../sources/stream/program.ts';
import type {Workplace} from './workplace.ts';

/** The user that a server runs as; undefined for the one of this process. */
export type ServerUser = {readonly uid: number; readonly gid: number} | undefined;

const READY_MS = 120_000;
const POLL_MS = 50;
const LINES_TOLD = 5;
/** Where servers are that no PATH names. */
const MORE_PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec'];

/** Servers refuse to run as root, and should: the first of these users that the system has, `nobody` at last. */
export function serverUser(...names: readonly string[]): ServerUser {
  if (process.geteuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of [...names, 'nobody']) {
    const [, , uid, gid] = users.find(([user]) => user === name) ?? [];
    if (uid !== undefined && gid !== undefined) return {uid: Number(uid), gid: Number(gid)};
  }
  throw new RestoreError('There is no user that a throwaway server can run as.', {
    hint: 'Install the database server from its package, which makes one.',
  });
}

/** A folder that only the server's user may enter, and root. */
export function serverFolder(place: Workplace, name: string, user: ServerUser): string {
  const path = join(place.folder, name);
  mkdirSync(path, {mode: 0o700});
  own(path, user);
  return path;
}

/** A file that only the server's user may read. */
export function serverFile(path: string, content: string, user: ServerUser): string {
  writeFileSync(path, content, {flag: 'wx', mode: 0o600});
  own(path, user);
  return path;
}

export function own(path: string, user: ServerUser): void {
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}

/** Where a server's programs are looked for. */
export interface ProgramPlaces {
  /** Looked at first, or alone. */
  readonly folder: string | undefined;
  /** As in PATH. */
  readonly searchPath: string;
}

/** The first of some programs that is there; undefined if none is. */
export function findProgram(
  names: readonly string[],
  {folder, searchPath}: ProgramPlaces,
): string | undefined {
  const places = [...(folder === undefined ? [] : [folder]), ...searchPath.split(':'), ...MORE_PLACES];
  for (const name of names) {
    const found = places.map((place) => join(place, name)).find(isExecutable);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A port of the loopback that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}

export interface ServerTool {
  readonly label: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly user: ServerUser;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a program that prepares or checks a server. @returns what it said @throws {@link RestoreError} with what it said last */
export async function runTool({label, file, args, user, env, signal}: ServerTool): Promise<string> {
  const {execa} = await import('execa');
  const result = await execa(file, args, {
    ...user,
    reject: false,
    all: true,
    stdin: 'ignore',
    cwd: '/',
    env: {...WITHOUT_SECRETS, LC_ALL: 'C.UTF-8', ...env},
    ...(signal && {cancelSignal: signal}),
  });
  signal?.throwIfAborted();
  if (!result.failed) return result.all;
  throw new RestoreError(`${label} failed: ${howItEnded(result)}${lastLines(result.all)}.`, {
    hint: 'The folder of the drill must be one that the user of the server can reach: name one with --work DIR.',
  });
}

export interface ServerStart extends ServerTool {
  readonly place: Workplace;
  /** Its output goes there. */
  readonly log: string;
  /** How it ends at once. */
  readonly stopSignal: NodeJS.Signals;
  readonly isReady: () => Promise<boolean>;
}

/** @throws {@link RestoreError} if it does not get ready */
export async function startServer(start: ServerStart): Promise<void> {
  const {place, label, file, args, user, log, stopSignal, isReady, signal} = start;
  const output = openSync(log, 'a', 0o600);
  const child = spawn(file, args, {
    ...user,
    detached: true, // Leads a process group; what it starts ends with it.
    stdio: ['ignore', output, output],
    cwd: '/',
    env: {PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8'}, // Nothing of ours: there may be secrets in it.
  });
  closeSync(output);
  if (child.pid !== undefined) place.keep(child.pid, stopSignal);
  child.unref();
  let ended: string | undefined;
  child.on('error', ({message}) => {
    ended = message;
  });
  child.on('exit', (code, signalled) => {
    ended = signalled ?? `exit code ${code}`;
  });
  const deadline = performance.now() + READY_MS;
  while (!(await isReady())) {
    signal?.throwIfAborted();
    if (ended === undefined && performance.now() < deadline) await sleep(POLL_MS, undefined, {signal});
    else
      throw new RestoreError(
        `${label} did not start: ${ended ?? 'it took too long'}${lastLines(readFileSync(log, 'utf8'))}.`,
        {
          hint: 'See that its package is installed whole, and that the folder of the drill has room (--work DIR).',
        },
      );
  }
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n').slice(-LINES_TOLD);
  const said = lines.map((line) => line.trim()).filter((line) => line !== '');
  return said.length === 0 ? '' : ` (${said.join('; ')})`;
}
