/** Variables for runs that have no environment: cron's, and those of systemd, which hands the file over as a credential. */
import {readFileSync, statSync} from 'node:fs';
import {assertTrustedFile} from '../config/file.ts';
import type {Environment} from '../config/substitute.ts';
import {ConfigError} from '../errors.ts';
import {whyFailed} from '../system/system-error.ts';

const LINE = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/;

/**
 * Reads lines such as `NAME=value`; a value may stand in quotes, and a line that begins with `#` counts for nothing.
 * @throws ConfigError also if others can read it
 */
export function readEnvironmentFile(path: string): Record<string, string> {
  let text: string;
  try {
    const stats = statSync(path);
    assertTrustedFile(path, stats);
    if ((stats.mode & 0o077) !== 0)
      throw new ConfigError(`${path} can be read by others (mode ${(stats.mode & 0o777).toString(8)}).`, {
        hint: `It may hold secrets. Run: chmod 600 ${path}`,
      });
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`The environment file ${path} cannot be read: ${whyFailed(cause)}.`, {
      cause,
      hint: 'Check --environment.',
    });
  }
  const variables: Record<string, string> = {};
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, value = ''] = LINE.exec(line) ?? [];
    if (name === undefined)
      throw new ConfigError(`${path}, line ${index + 1}, is no variable.`, {hint: 'Write NAME=value.'});
    variables[name] = /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
  }
  return variables;
}

/** Where programs are looked for where nobody says. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment of jobs: what is there, the file's variables before it, and a PATH. */
export function jobEnvironment(
  env: Environment,
  file: string | undefined,
): Record<string, string | undefined> {
  return {PATH: USUAL_PATH, ...env, ...(file !== undefined && readEnvironmentFile(file))};
}
