import {accessSync, type Stats, statSync} from 'node:fs';
import {constants, open, stat} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join, resolve} from 'node:path';
import {ConfigError} from '../errors.ts';
import {whyFailed} from '../system/system-error.ts';
import type {Environment} from './substitute.ts';

/** A config is a page of text. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads the text of a config that only root or we ourselves can have written.
 * @throws {@link ConfigError}
 */
export async function readConfigFile(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    // What was checked is what is read. Without O_NONBLOCK, opening a FIFO would wait for its writer.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile())
      throw new ConfigError(`${path} is not a regular file.`, {hint: 'Name the config file with --config.'});
    assertTrusted(path, stats);
    if (stats.size > MAX_BYTES)
      throw new ConfigError(`${path} is too large for a config (${stats.size} bytes).`);
    bytes = await file.readFile();
  } catch (cause) {
    throw cause instanceof ConfigError ? cause : unreadable(path, cause);
  }
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes);
  } catch (cause) {
    throw new ConfigError(`${path} is not UTF-8 text.`, {cause, hint: 'Save it as UTF-8.'});
  }
}

/**
 * Refuses a file that decides what we run or believe (a config, a key, a program) if others than root and the
 * current user can have written it.
 * @throws {@link ConfigError}
 */
export function assertTrustedFile(
  path: string,
  {uid, mode}: Pick<Stats, 'uid' | 'mode'>,
  us = process.geteuid?.(),
): void {
  if (us === undefined) return; // No owners and modes on this platform.
  if (uid !== 0 && uid !== us) {
    throw new ConfigError(`${path} belongs to another user (uid ${uid}), who could change it.`, {
      hint: `Check what it says, then run: chown ${us} ${path}`,
    });
  }
  if ((mode & 0o022) !== 0) {
    const who = (mode & 0o002) !== 0 ? 'everybody' : 'its group';
    throw new ConfigError(`${path} can be changed by ${who} (mode ${(mode & 0o7777).toString(8)}).`, {
      hint: `Check what it says, then run: chmod go-w ${path}`,
    });
  }
}

/**
 * Refuses a file that decides what root does (a program, a key to encrypt to) if others than root can change it. Another user's
 * own runs harm nobody else. What is missing is left to whoever opens it.
 * @throws {@link ConfigError}
 */
export function assertOnlyRootChanges(path: string): void {
  if (process.geteuid?.() !== 0) return;
  const stats = statSync(path, {throwIfNoEntry: false});
  if (stats !== undefined) assertTrusted(path, stats);
}

/** Nobody here changes what lies on a read-only mount, as files are often given to a container. */
function assertTrusted(path: string, stats: Pick<Stats, 'uid' | 'mode'>): void {
  try {
    assertTrustedFile(path, stats);
  } catch (error) {
    if (!isReadOnly(path)) throw error;
  }
}

function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}

function unreadable(path: string, cause: unknown): ConfigError {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ConfigError(`There is no config at ${path}.`, {
        cause,
        hint: 'Run "holdfast init" to have one written, or name it with --config.',
      });
    case 'EACCES':
    case 'EPERM':
      return new ConfigError(`Reading the config ${path} is not permitted.`, {
        cause,
        hint: 'Run as the user it belongs to, or name another with --config.',
      });
    case 'EISDIR':
      return new ConfigError(`${path} is a folder.`, {cause, hint: 'Name the config file with --config.'});
    default:
      return new ConfigError(`The config ${path} cannot be read: ${whyFailed(cause)}.`, {
        cause,
        hint: 'Check the file and the disk it is on.',
      });
  }
}

export interface FindConfigOptions {
  /** What `--config` says. */
  readonly flag?: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
}

/** Where a config is looked for when nobody names one, in this order. Absolute paths. */
export function configPlaces({env, cwd}: Omit<FindConfigOptions, 'flag'>): string[] {
  const xdg = env['XDG_CONFIG_HOME'];
  // The XDG specification has a relative path ignored.
  const folder = xdg?.startsWith('/') ? xdg : join(env['HOME'] || homedir(), '.config');
  return [
    join(cwd, 'holdfast.yaml'),
    join(folder, 'holdfast', 'holdfast.yaml'),
    '/etc/holdfast/holdfast.yaml',
  ];
}

/**
 * The absolute path of the config to use, or undefined if there is none.
 * @throws {@link ConfigError} if `--config` or `HOLDFAST_CONFIG` names a file that is not there
 */
export async function findConfig({flag, env, cwd}: FindConfigOptions): Promise<string | undefined> {
  const named = flag ?? env['HOLDFAST_CONFIG'];
  if (named !== undefined) {
    const path = resolve(cwd, named);
    try {
      await stat(path);
    } catch (cause) {
      throw unreadable(path, cause);
    }
    return path;
  }
  for (const path of configPlaces({env, cwd})) {
    try {
      await stat(path);
      return path;
    } catch (cause) {
      const {code} = cause as NodeJS.ErrnoException;
      // A folder that may not be searched hides its config from this user: the same as none.
      if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EACCES') throw unreadable(path, cause);
    }
  }
  return undefined;
}
