/** Runs a program for its output. Its success is proven, not assumed: exit code 0, no signal, and all its pipes closed. */
import {once} from 'node:events';
import {SourceError} from '../../errors.ts';
import type {Secret} from '../../system/secret.ts';
import {WITHOUT_SECRETS} from './environment.ts';
import {OutputPipe} from './output.ts';
import {Said} from './said.ts';

export interface Program {
  /** How messages call it; its arguments are not shown. */
  readonly label: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What it reads from standard input; nothing by default. */
  readonly input?: AsyncIterable<Uint8Array>;
  /** What must not be shown if it says it. */
  readonly secrets?: readonly Secret[];
  /** It is ended when it takes longer; undefined to end it when it is silent for an hour. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Exit codes beside 0 with which it has done its work, and said what it could not. */
  readonly succeeds?: readonly number[];
  /** What to do when it fails. */
  readonly hint?: string;
  /** What it wrote to standard error though it succeeded. */
  onSaid?(lines: string[]): void;
}

const SILENCE_MS = 3_600_000;
/** Between asking it to end and ending it. */
const GRACE_MS = 3000;

/**
 * Runs the program and yields its output. Ends when it has succeeded; who stops reading ends it, and all that it started.
 * @throws {@link SourceError} with what it said last
 */
export async function* runProgram(program: Program): AsyncGenerator<Buffer, void> {
  const {label, file, args, env, input, secrets = [], timeoutMs, signal} = program;
  signal?.throwIfAborted();
  const {execa} = await import('execa'); // Loading it takes longer than many a command.
  const wide = OutputPipe.make();
  const child = execa(file, args, {
    reject: false,
    buffer: false,
    detached: true, // A process group of its own, so that all of it can be ended.
    stdin: input === undefined ? 'ignore' : 'pipe',
    stdout: (wide?.write ?? 'pipe') as 'pipe', // execa takes a descriptor, too; its types only where nothing else is told.
    stderr: 'pipe',
    env: {...WITHOUT_SECRETS, ...env},
  });
  wide?.started();
  const said = new Said(secrets);
  child.stderr.on('data', (piece: Buffer) => said.add(piece));
  let closed = false;
  const ended = Promise.all([child, wide?.over]).then(([result]) => {
    closed = true;
    return result;
  });
  let inputFailure: unknown;
  const fed = feed(input, child.stdin).catch((error: unknown) => {
    inputFailure = error;
    killer.end();
  });
  const killer = new GroupKiller(child.pid, () => closed);
  let why: 'timeout' | 'silence' | undefined;
  const end = (reason: typeof why): void => {
    why ??= reason;
    killer.end();
  };
  const onAbort = (): void => end(undefined);
  signal?.addEventListener('abort', onAbort);
  const limit = timer(timeoutMs, () => end('timeout'));
  let isWaiting = true;
  const silence = timer(timeoutMs === undefined ? SILENCE_MS : undefined, () => {
    if (isWaiting) end('silence');
    else silence?.refresh(); // It is we who keep it waiting.
  });
  try {
    for await (const piece of wide ?? (child.stdout as AsyncIterable<Buffer>)) {
      isWaiting = false;
      yield piece;
      isWaiting = true;
      silence?.refresh();
    }
    const result = await ended;
    await fed;
    signal?.throwIfAborted();
    if (inputFailure !== undefined) throw inputFailure;
    const isDone = !result.failed || program.succeeds?.includes(result.exitCode ?? -1) === true;
    if (why === undefined && isDone) {
      if (said.lines().length > 0) program.onSaid?.(said.lines());
      return;
    }
    throw new SourceError(`${label} failed: ${howItEnded(result, why)}${said.asEnding()}.`, {
      hint: program.hint ?? 'No snapshot was made of this source. Run it by hand to see why.',
    });
  } finally {
    clearTimeout(limit);
    clearTimeout(silence);
    signal?.removeEventListener('abort', onAbort);
    killer.end();
    wide?.end();
    await ended;
    killer[Symbol.dispose]();
  }
}

/** A program that ends without reading everything tells by its exit code whether that was right. */
async function feed(
  input: AsyncIterable<Uint8Array> | undefined,
  stdin: NodeJS.WritableStream | null,
): Promise<void> {
  if (input === undefined || stdin === null) return;
  let closed = false;
  const gone = new Promise<void>((resolve) => {
    stdin.on('error', resolve);
    stdin.on('close', resolve);
  }).then(() => {
    closed = true;
  });
  for await (const piece of input) {
    if (closed) return;
    // `once` rejects on an error of the pipe, which `gone` tells of.
    if (!stdin.write(piece)) await Promise.race([once(stdin, 'drain').catch(() => {}), gone]);
  }
  stdin.end();
}

/** The whole output of a program that says little, as text. */
export async function collectOutput(program: Program): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of runProgram(program)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Not in execa's words, which repeat the whole command: its arguments may be secret. */
export function howItEnded(
  {
    code,
    signal,
    exitCode,
  }: {code?: string | undefined; signal?: string | undefined; exitCode?: number | undefined},
  why?: 'timeout' | 'silence',
): string {
  if (why === 'timeout') return 'it took longer than its time limit, and was ended';
  if (why === 'silence') return 'nothing came from it for an hour, and it was ended';
  if (code === 'ENOENT') return 'the program is not there';
  if (code === 'EACCES') return 'it may not be run';
  return signal ?? (exitCode === undefined ? (code ?? 'it did not run') : `exit code ${exitCode}`);
}

/** Ends a process group: first politely, then for good; also when this process exits meanwhile. */
class GroupKiller implements Disposable {
  readonly #pid: number | undefined;
  readonly #isClosed: () => boolean;
  #forced: NodeJS.Timeout | undefined;
  readonly #onExit = (): void => this.#kill('SIGKILL');

  constructor(pid: number | undefined, isClosed: () => boolean) {
    this.#pid = pid;
    this.#isClosed = isClosed;
    process.on('exit', this.#onExit);
  }

  end(): void {
    if (this.#isClosed() || this.#forced !== undefined) return;
    this.#kill('SIGTERM');
    this.#forced = setTimeout(() => this.#kill('SIGKILL'), GRACE_MS);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#forced);
    process.off('exit', this.#onExit);
  }

  #kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#pid === undefined || this.#isClosed()) return;
    try {
      process.kill(-this.#pid, signal);
    } catch (error) {
      // The group has just ended by itself.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function timer(ms: number | undefined, act: () => void): NodeJS.Timeout | undefined {
  if (ms === undefined || ms > 2 ** 31 - 1) return undefined;
  return setTimeout(act, ms);
}
