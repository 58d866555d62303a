/** A job as a child process of this very command line. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Environment} from '../config/substitute.ts';
import type {Job} from '../schedule/jobs.ts';
import type {JobEnd} from '../schedule/scheduler.ts';
import {identify, type ProcessIdentity} from '../system/processes.ts';
import {JOB_VARIABLE, RUN_VARIABLE} from './run-command.ts';

export interface JobProcessOptions {
  /** What every job gets, such as `--config FILE`. */
  readonly flags: readonly string[];
  readonly env: Environment;
  readonly run: string;
  /** Whether its results go to our standard output. */
  readonly showsOutput: boolean;
  /** Asks it to end. */
  readonly signal: AbortSignal;
  readonly onProcess: (process: ProcessIdentity) => void;
}

/** How this command line was started: Node, its options, and our script; all absolute. */
export function thisProgram(): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
}

/** Waits until it has ended; told to stop, it finishes what is in flight. */
export async function runJob(
  job: Job,
  {flags, env, run, showsOutput, signal, onProcess}: JobProcessOptions,
): Promise<JobEnd> {
  const [node = '', ...before] = thisProgram();
  const child = spawn(node, [...before, ...job.args, ...flags], {
    env: {...env, [JOB_VARIABLE]: job.name, [RUN_VARIABLE]: run},
    stdio: ['ignore', showsOutput ? 'inherit' : 'ignore', 'inherit'],
    detached: true, // Ctrl-C reaches us alone, so that it is told once, and by us.
  });
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop);
  try {
    const ended = once(child, 'close');
    if (child.pid !== undefined) onProcess(identify(child.pid));
    if (signal.aborted) stop();
    const [exitCode, endedBy] = (await ended) as [number | null, NodeJS.Signals | null];
    return {exitCode, signal: endedBy};
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
