/** The real command line in a process of its own, straight from src/*.ts. */
import {type ChildProcess, spawn} from 'node:child_process';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

export const PROGRAM = join(import.meta.dirname, '../../bin/dev.js');

/** A third of the time of a run is reading TypeScript; a folder of this user's alone, and in no home, whose files tests look at. */
const COMPILE_CACHE = join(tmpdir(), `holdfast-test-compiled-${process.getuid?.()}`);

export interface CliRun {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Stdout as it came. */
  readonly bytes: Buffer;
}

/** Where commands run, and what is theirs: HOME, state and configuration lie in this folder. */
export interface CliPlace {
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The place's folder by default. */
  readonly cwd?: string;
  /** What it reads; nothing by default. */
  readonly input?: string;
  /** Run with a file mode creation mask, in octal, through a shell. */
  readonly umask?: string;
  /** Numeric id to run as. */
  readonly uid?: number;
  /** It is killed when it takes longer. */
  readonly timeoutMs?: number;
}

/** Starts a command without a terminal, as cron does; `ended` gives its outcome. Home, state and cache are below the place's folder. */
export function startCli(
  {folder, env = {}}: CliPlace,
  args: readonly string[],
  {umask, uid, cwd = folder, input = '', timeoutMs, env: more = {}}: RunOptions = {},
): {readonly child: ChildProcess; readonly ended: Promise<CliRun>} {
  const node: [string, ...string[]] = [process.execPath, PROGRAM, ...args];
  const shell: [string, ...string[]] = ['/bin/sh', '-c', `umask ${umask}; exec "$0" "$@"`, ...node];
  const [program, ...words] = umask === undefined ? node : shell;
  const child = spawn(program, words, {
    cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      XDG_STATE_HOME: join(folder, 'state'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...env,
      ...more,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    killSignal: 'SIGKILL',
    ...(timeoutMs !== undefined && {timeout: timeoutMs}),
    ...(uid !== undefined && {uid, gid: uid}),
  });
  child.stdin.on('error', () => {}); // A command that does not read it may be gone.
  child.stdin.end(input);
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    return () => Buffer.concat(pieces);
  }) as [() => Buffer, () => Buffer];
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const bytes = stdout();
      resolve({code, signal, bytes, stdout: bytes.toString(), stderr: stderr().toString()});
    });
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
