/** What the commands of the schedule share: the config's jobs, and what this machine remembers of them. */
import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {homedir, hostname} from 'node:os';
import {join} from 'node:path';
import {JobLog} from '../catalog/job-log.ts';
import type {Config} from '../config/config.ts';
import {nearest} from '../config/nearest.ts';
import type {Environment} from '../config/substitute.ts';
import {NotFoundError, UsageError} from '../errors.ts';
import type {Setting} from '../schedule/install/setting.ts';
import {type Job, jobsOf} from '../schedule/jobs.ts';
import {type ContextFlags, configOf} from './chosen-config.ts';
import {thisProgram} from './job-process.ts';
import type {Output} from './output.ts';
import {stateFolder} from './places.ts';

export interface Schedule {
  readonly config: Config;
  readonly jobs: readonly Job[];
  /** Where it is remembered when they ran. */
  readonly logPath: string;
}

/** @throws {@link UsageError} without a config, or without anything in it that runs by itself */
export async function scheduleOf(flags: ContextFlags, env: Environment): Promise<Schedule> {
  const config = await configOf(flags, env, process.cwd());
  if (config === undefined) {
    throw new UsageError('A schedule needs a configuration.', {
      hint: 'Run "holdfast init", or name the file with --config.',
    });
  }
  const jobs = jobsOf(config);
  if (jobs.length === 0) {
    throw new UsageError(`${config.file} says nothing of when something runs.`, {
      hint: 'Add a line such as: schedule: "30 2 * * *"',
    });
  }
  return {config, jobs, logPath: jobLogPath(config, env)};
}

/** Beside the catalog, or in the folder of this machine's state. */
export function jobLogPath({catalog, file}: Config, env: Environment): string {
  if (catalog !== undefined) return `${catalog.replace(/\.db$/, '')}.jobs.db`;
  const id = createHash('sha256').update(file).digest('hex').slice(0, 16);
  return join(stateFolder(env), 'jobs', `${id}.db`);
}

export function openJobLog(path: string, output: Output): JobLog {
  return JobLog.open(path, (movedTo) =>
    output.warn(
      `what this machine remembered of its jobs was damaged, and is now in ${movedTo}; all jobs count as new.`,
    ),
  );
}

/** From now on, what is missed of them is made up. */
export function meetJobs({logPath, jobs}: Schedule, output: Output): void {
  using log = openJobLog(logPath, output);
  for (const {name} of jobs) log.meet(name, Date.now());
}

/** Undefined where nothing ran yet. */
export function existingJobLog(path: string, output: Output): JobLog | undefined {
  return existsSync(path) ? openJobLog(path, output) : undefined;
}

/** Those that are named, or all. @throws {@link NotFoundError} */
export function chosenJobs(jobs: readonly Job[], names: readonly string[], file: string): readonly Job[] {
  if (names.length === 0) return jobs;
  return [...new Set(names)].map((name) => {
    const job = jobs.find((candidate) => candidate.name === name);
    if (job !== undefined) return job;
    const known = jobs.map((candidate) => candidate.name);
    const near = nearest(name, known);
    throw new NotFoundError(`There is no job "${name}" in ${file}.`, {
      hint: near === undefined ? `There are: ${known.join(', ')}.` : `Did you mean "${near}"?`,
    });
  });
}

/** What tells this machine from others with the same config. */
export function machineName({file}: Config): string {
  return `${hostname()}:${file}`;
}

export function settingOf(
  config: Config,
  {env, environmentFile, name}: {env: Environment; environmentFile: string | undefined; name: string},
): Setting {
  return {
    program: thisProgram(),
    config,
    environmentFile,
    stateHome: env['XDG_STATE_HOME'] || undefined,
    stateFolder: stateFolder(env),
    home: env['HOME'] || homedir(),
    isRoot: process.geteuid?.() === 0,
    name,
  };
}
