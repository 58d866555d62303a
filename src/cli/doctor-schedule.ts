/** Whether something starts the jobs of the schedule, and whether they ran when they should have. */
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {basename} from 'node:path';
import {JobLog} from '../catalog/job-log.ts';
import type {Config} from '../config/config.ts';
import {previousTime} from '../config/cron.ts';
import type {Environment} from '../config/substitute.ts';
import {installedFor} from '../schedule/install/installed.ts';
import {type Job, jobsOf} from '../schedule/jobs.ts';
import {Scheduler} from '../schedule/scheduler.ts';
import {hasSystemd} from './installer.ts';
import {jobLogPath} from './schedule-setting.ts';

/** A run may wait for its delay, and for others before it. */
const LATE_MS = 2 * 3_600_000;

export interface ScheduleOptions {
  readonly env: Environment;
  readonly now: Date;
  /** Where files of cron and systemd are. */
  readonly folders: readonly string[];
}

export function schedule(
  config: Config,
  {env, now, folders}: ScheduleOptions,
): {detail: string; hint?: string} {
  const jobs = jobsOf(config);
  if (jobs.length === 0)
    return {detail: 'None in the configuration: something else has to start the backups.'};
  const installed = installedFor(config.file, folders);
  const path = jobLogPath(config, env);
  using log = existsSync(path) ? JobLog.open(path) : undefined;
  const late = jobs.filter((job) => isLate(job, log, now)).map(({name}) => name);
  const failed = jobs.flatMap(({name}) => {
    const record = log?.get(name);
    const isBad = record?.finishedMs != null && record.exitCode !== 0 && record.exitCode !== 3;
    return isBad ? [`${name} (${record.exitCode === null ? 'killed' : `exit code ${record.exitCode}`})`] : [];
  });
  if (installed.length === 0 && (log === undefined || late.length > 0))
    return {
      detail: `Nothing on this machine starts ${jobs.map(({name}) => name).join(', ')}.`,
      hint: 'Run "holdfast schedule install --systemd" or --cron, or keep "holdfast schedule run" going.',
    };
  const stopped = stoppedTimers(installed);
  if (stopped.length > 0)
    return {
      detail: `Installed, but not started: ${stopped.join(', ')}.`,
      hint: `Run "systemctl enable --now ${stopped.join(' ')}".`,
    };
  if (late.length > 0)
    return {
      detail: `Did not run when it should have: ${late.join(', ')}.`,
      hint: 'Look whether cron or the timers run, and run "holdfast schedule run --due".',
    };
  if (failed.length > 0)
    return {detail: `The last run failed: ${failed.join(', ')}.`, hint: 'Look into the log of that run.'};
  const by =
    installed.length === 0 ? '"holdfast schedule run"' : installed.map((file) => basename(file)).join(', ');
  return {
    detail: `${jobs.length === 1 ? 'One job' : `${jobs.length} jobs`}, started by ${by}; none is late.`,
  };
}

function isLate({name, cron, timeZone}: Job, log: JobLog | undefined, now: Date): boolean {
  const record = log?.get(name);
  if (record === undefined || Scheduler.isOn(record)) return false;
  const due = previousTime(cron, new Date(now.getTime() - LATE_MS), timeZone)?.getTime();
  return due !== undefined && due > record.plannedMs;
}

/** Of root's own timers, where systemd runs this machine. */
function stoppedTimers(installed: readonly string[]): string[] {
  const timers = installed.filter((path) => path.endsWith('.timer')).map((path) => basename(path));
  if (!hasSystemd() || process.geteuid?.() !== 0) return [];
  return timers.filter((timer) => spawnSync('systemctl', ['--quiet', 'is-active', timer]).status !== 0);
}
