/** Runs commands and tells what they took. */
import {spawnSync} from 'node:child_process';
import {lstatSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface Taken {
  readonly wallSeconds: number;
  /** User and system time of the command and of all its descendants. */
  readonly cpuSeconds: number;
  /** The largest resident set of any one of its processes; as the kernel counts it. */
  readonly peakBytes: number;
}

const TIMED = fileURLToPath(new URL('timed.ts', import.meta.url));

/** @throws with the end of its output, if the command does not end with exit code 0 */
export function measure({argv, env, cwd}: Command, log: string): Taken {
  const {stdout, stderr, status} = spawnSync(process.execPath, [TIMED, log, ...argv], {
    cwd,
    env: {...inheritedEnvironment(), ...env},
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${argv[0]} could not be run:\n${stderr}`);
  const taken = JSON.parse(stdout) as Taken & {status: number | null; signal: string | null};
  if (taken.status !== 0) {
    const end = readFileSync(log, 'utf8').slice(-2000);
    throw new Error(`${argv.join(' ')}\nended with ${taken.signal ?? taken.status}:\n${end}`);
  }
  const {wallSeconds, cpuSeconds, peakBytes} = taken;
  return {wallSeconds, cpuSeconds, peakBytes};
}

/** The settings of whoever runs this must not reach the tools. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const own = /^(HOLDFAST_|XDG_|NODE_|RESTIC_|BORG_|KOPIA_|GNUPGHOME|PASSPHRASE)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}

/** Bytes of all files below a folder. */
export function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, {recursive: true, withFileTypes: true}))
    if (entry.isFile()) bytes += lstatSync(join(entry.parentPath, entry.name)).size;
  return bytes;
}

/** What a program prints about itself, or undefined if it is not on the PATH. */
export function firstLineOf(command: string, ...args: string[]): string | undefined {
  const {status, stdout} = spawnSync(command, args, {encoding: 'utf8'});
  return status === 0 ? (stdout.split('\n')[0] as string) : undefined;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
