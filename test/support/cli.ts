/** The real command line in a process of its own, straight from src/*.ts. */
import {type ChildProcess, spawn} from 'node:child_process';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** A third of the time of a run is reading TypeScript; a folder of this user's alone. */
const COMPILE_CACHE = join(tmpdir(), `holdfast-test-compiled-${process.getuid?.()}`);
const LAUNCHER = join(import.meta.dirname, '../../bin/dev.js');

export interface CliRun {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where commands run, and what is theirs: HOME, state and configuration lie in this folder. */
export interface CliPlace {
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a command; `ended` gives its outcome. Its temporary folder, home and state are below the place's folder. */
export function startCli(
  {folder, env = {}}: CliPlace,
  args: readonly string[],
): {readonly child: ChildProcess; readonly ended: Promise<CliRun>} {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      XDG_STATE_HOME: join(folder, 'state'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      NO_COLOR: '1',
      NODE_ENV: 'test',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    return () => Buffer.concat(pieces).toString();
  }) as [() => string, () => string];
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({code, signal, stdout: stdout(), stderr: stderr()}));
  });
  return {child, ended};
}

export function runCli(place: CliPlace, ...args: string[]): Promise<CliRun> {
  return startCli(place, args).ended;
}

/** Runs a command with `--json` that must succeed, and gives its document. */
export async function jsonOf<T>(place: CliPlace, ...args: string[]): Promise<T> {
  const {code, stdout, stderr} = await runCli(place, ...args, '--json');
  if (code !== 0) throw new Error(`holdfast ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
}
