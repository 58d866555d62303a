/** A user with a home of their own, who runs the real command line. */
import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

export const PROGRAM = join(import.meta.dirname, '../../bin/dev.js');

/** Shared by all runs of a user's tests; not in a home, whose files tests look at. */
const COMPILE_CACHE = join(tmpdir(), `holdfast-test-compiled-${process.getuid?.()}`);

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Stdout as it came. */
  readonly bytes: Buffer;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Run with a file mode creation mask, in octal, through a shell. */
  readonly umask?: string;
  /** Numeric id to run as. */
  readonly uid?: number;
}

export class Scratch implements Disposable {
  readonly home = mkdtempSync(join(tmpdir(), 'holdfast-home-'));
  /** Added to the environment of every run. */
  env: Record<string, string> = {};

  path(...parts: string[]): string {
    return join(this.home, ...parts);
  }

  write(path: string, content: string | Uint8Array, mode = 0o600): string {
    const full = this.path(path);
    mkdirSync(join(full, '..'), {recursive: true});
    writeFileSync(full, content, {mode});
    return full;
  }

  /** Runs `holdfast` without a terminal, as cron does. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const {umask, uid} = options;
    const node = [process.execPath, PROGRAM, ...args];
    const words = umask === undefined ? node : ['/bin/sh', '-c', `umask ${umask}; exec "$0" "$@"`, ...node];
    const child = spawn(words[0] as string, words.slice(1), {
      cwd: options.cwd ?? this.home,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: this.home,
        XDG_STATE_HOME: this.path('state'),
        XDG_CONFIG_HOME: this.path('config'),
        NODE_COMPILE_CACHE: COMPILE_CACHE, // A third of the time of a run is reading TypeScript.
        XDG_CACHE_HOME: this.path('cache'),
        ...this.env,
        ...options.env,
      },
      timeout: 60_000,
      killSignal: 'SIGKILL',
      ...(uid !== undefined && {uid, gid: uid}),
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (piece: Buffer) => out.push(piece));
    child.stderr.on('data', (piece: Buffer) => err.push(piece));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    const bytes = Buffer.concat(out);
    return {code, bytes, stdout: bytes.toString(), stderr: Buffer.concat(err).toString()};
  }

  /** Runs it with `--json`. @throws if stdout is not exactly one JSON document */
  async json<T = Record<string, unknown>>(
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<Ran & {json: T}> {
    const ran = await this.run([...args, '--json'], options);
    try {
      return {...ran, json: JSON.parse(ran.stdout) as T};
    } catch (cause) {
      throw new Error(`holdfast ${args.join(' ')}: ${ran.code}\n${ran.stdout}\n${ran.stderr}`, {cause});
    }
  }

  /** Runs what must succeed. @throws with what it said if it does not */
  async must(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const ran = await this.run(args, options);
    if (ran.code !== 0)
      throw new Error(`holdfast ${args.join(' ')}: ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
    return ran;
  }

  [Symbol.dispose](): void {
    rmSync(this.home, {recursive: true, force: true});
  }
}
