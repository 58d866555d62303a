import {randomUUID} from 'node:crypto';
import {resolve} from 'node:path';
import {Args, Flags} from '@oclif/core';
import type {JobLog} from '../../catalog/job-log.ts';
import {BaseCommand} from '../../cli/base-command.ts';
import type {ContextFlags} from '../../cli/chosen-config.ts';
import {jobEnvironment} from '../../cli/environment-file.ts';
import {baseFlagsWithout} from '../../cli/flags.ts';
import {InterruptedError} from '../../cli/interrupt.ts';
import {notifierOfInvalid} from '../../cli/invalid-config.ts';
import {runJob} from '../../cli/job-process.ts';
import {LiveSchedule} from '../../cli/live-schedule.ts';
import {Notifier} from '../../cli/notifier.ts';
import {formatDuration} from '../../cli/output.ts';
import {describeError} from '../../cli/report.ts';
import {chosenJobs, machineName, openJobLog} from '../../cli/schedule-setting.ts';
import {InvalidConfigError} from '../../config/problems.ts';
import {EXIT, type ExitCode, HoldfastError, UsageError} from '../../errors.ts';
import type {Job} from '../../schedule/jobs.ts';
import {type JobEnd, type ScheduleEvent, Scheduler} from '../../schedule/scheduler.ts';

interface ScheduleRunJson {
  /** Those that ran, in the order in which they ended. */
  readonly jobs: readonly {
    readonly name: string;
    /** A UUID, as notifications have it. */
    readonly run: string;
    /** Null if a signal ended it. */
    readonly exitCode: number | null;
    readonly signal: string | null;
  }[];
}

export default class ScheduleRun extends BaseCommand {
  static override baseFlags = baseFlagsWithout('repository');
  static override summary = 'Run the jobs of the schedule when they are due, in the foreground.';
  static override description =
    'Without anything else it stays, as in a container: it looks each minute for what is due, and ends when it is told to stop. Missed runs are made up once; ' +
    'a job never runs beside itself. A changed configuration is read within a minute, or at once on SIGHUP; one that is not valid is told, and the schedule before stays. With --due it runs what is due now and ends: what cron and systemd call. Jobs that are named without --due run at once.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --due',
    '<%= config.bin %> <%= command.id %> backup',
  ];
  static override strict = false;
  static override args = {
    job: Args.string({description: 'jobs by name, as "schedule list" shows them', multiple: true}),
  };
  static override flags = {
    due: Flags.boolean({description: 'run what is due now, then end'}),
    'no-jitter': Flags.boolean({
      description: 'start at the very time: whoever starts this has waited already',
    }),
    environment: Flags.string({
      helpValue: 'FILE',
      description:
        'a file with lines such as NAME=value, for runs that have no environment; readable by its owner alone',
    }),
  };

  readonly #ran: ScheduleRunJson['jobs'][number][] = [];
  #hasJitter = true;

  async run(): Promise<ScheduleRunJson> {
    const {argv, flags} = await this.parse(ScheduleRun);
    const file = flags.environment === undefined ? undefined : resolve(flags.environment);
    const names = argv as string[];
    const live = await this.#open(flags, file, names);
    this.output.hide(live.env);
    const {config, jobs: all, logPath} = live.schedule;
    if (flags.repository !== undefined)
      throw new UsageError('The jobs of a schedule work on the repository of the configuration.', {
        hint: 'Leave out --repository, and unset HOLDFAST_REPOSITORY.',
      });
    const jobs = chosenJobs(all, names, config.file);
    using log = openJobLog(logPath, this.output);
    const common = ['--config', config.file, ...(flags.quiet ? ['--quiet'] : [])];
    const format = flags['log-format'] === undefined ? [] : ['--log-format', flags['log-format']];
    const runs = new Map<string, string>();
    this.#hasJitter = !flags['no-jitter'];
    const scheduler = new Scheduler({
      jobs,
      log,
      jitterMs: this.#hasJitter ? config.schedule.jitterMs : 0,
      machine: machineName(config),
      lookBackMs: flags.due ? config.schedule.jitterMs + TIMER_LATE_MS : 0,
      now: () => new Date(),
      signal: this.signal,
      run: (job, onProcess) => {
        const run = randomUUID();
        runs.set(job.name, run);
        return runJob(job, {
          flags: [...common, ...format],
          env: live.env,
          run,
          showsOutput: !flags.quiet && !this.jsonEnabled() && flags['log-format'] !== 'json',
          signal: this.signal,
          onProcess,
        });
      },
      onEvent: (event) => this.#tell(event, flags.quiet),
      afterRun: async (job, end, isStale) => {
        const run = runs.get(job.name) ?? '';
        this.#ran.push({name: job.name, run, ...end});
        await this.#notify(job, end, {run, isStale, live, log});
      },
    });
    if (names.length > 0 && !flags.due) {
      for (const job of jobs) this.#endAs(await scheduler.runNow(job));
    } else if (flags.due) {
      const ends = await scheduler.runDue();
      for (const end of ends) this.#endAs(end);
      if (ends.length === 0 && !flags.quiet)
        this.logToStderr(`Nothing is due. To run a job at once: holdfast schedule run ${jobs[0]?.name}`);
    } else {
      await this.#stay(scheduler, live, flags.quiet);
    }
    return {jobs: this.#ran};
  }

  /** A config that is not valid is told to whoever it names: by the jobs' own lines in cron, not by the one that looks each hour for missed ones. */
  async #open(
    flags: ContextFlags & {readonly due: boolean},
    file: string | undefined,
    names: readonly string[],
  ): Promise<LiveSchedule> {
    try {
      return await LiveSchedule.open(flags, file);
    } catch (error) {
      const isHourly = flags.due && names.length === 0;
      if (isHourly || !(error instanceof InvalidConfigError)) throw error;
      const {output} = this;
      const env = jobEnvironment(process.env, file);
      output.hide(env);
      const notifier = await notifierOfInvalid(error, {flag: flags.config, env, output});
      const {exitCode, message} = error;
      const now = new Date();
      const said = [output.redacted(`Error: ${message}`)];
      // Without any of its jobs, backups are what does not run.
      for (const job of names.length > 0 ? names : ['backup'])
        await notifier?.tell(
          {
            phase: 'end',
            run: randomUUID(),
            job,
            kind: job.split('-')[0] ?? job,
            exitCode,
            started: now,
            finished: now,
            also: [],
            said,
          },
          {isStopped: this.signal.aborted},
        );
      throw error;
    }
  }

  async #stay(scheduler: Scheduler, live: LiveSchedule, isQuiet: boolean): Promise<void> {
    const waiting = (): void => {
      const names = live.schedule.jobs.map(({name}) => name);
      if (!isQuiet) this.logToStderr(`Waiting for ${names.join(', ')}.`);
    };
    let isFirst = true;
    const {runUntilStopped} = await import('../../schedule/daemon.ts');
    await runUntilStopped(scheduler, {
      signal: this.signal,
      refresh: async () => {
        const isNew = await this.#refreshed(live);
        const {jobs, config} = live.schedule;
        if (isNew) scheduler.adopt({jobs, jitterMs: this.#hasJitter ? config.schedule.jitterMs : 0});
        if (isNew || isFirst) waiting();
        isFirst = false;
      },
      onWish: onHangUp,
      onError: (error) => this.output.error(describeError(error, {command: 'holdfast schedule run'})),
    });
    if (!isQuiet) this.logToStderr('Stopped.');
    const reason: unknown = this.signal.reason;
    if (reason instanceof InterruptedError) this.endWith(reason.exitCode);
  }

  /** Whether there is another schedule; one that is not valid is told, to whoever is told of failures, too. */
  async #refreshed(live: LiveSchedule): Promise<boolean> {
    const {config} = live.schedule;
    try {
      if (!(await live.refresh())) return false;
      this.output.hide(live.env);
      this.logToStderr(`${config.file} has changed, and was read again.`);
      return true;
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      const problem = describeError(error, {command: 'holdfast schedule run'});
      const message = `The schedule stays as it was. ${problem.message}`;
      this.output.error({...problem, message});
      const now = new Date();
      const said = [this.output.redacted(`Error: ${message}`)];
      const report = {phase: 'end' as const, run: randomUUID(), job: 'schedule', kind: 'schedule'};
      await new Notifier(config, {env: live.env, output: this.output}).tell(
        {...report, exitCode: error.exitCode, started: now, finished: now, also: [], said},
        {isStopped: this.signal.aborted},
      );
      return false;
    }
  }

  /** Tells what a job could not tell itself: that it was killed, or that there was no good backup for long. */
  async #notify(
    job: Job,
    end: JobEnd,
    {run, isStale, live, log}: {run: string; isStale: boolean; live: LiveSchedule; log: JobLog},
  ): Promise<void> {
    if (end.exitCode !== null && !isStale) return;
    const {schedule, env} = live;
    const {config} = schedule;
    const {startedMs, finishedMs, goodMs} = log.meet(job.name, Date.now());
    const now = Date.now();
    const report = {
      phase: 'end' as const,
      run,
      job: job.name,
      kind: job.kind,
      exitCode: end.exitCode,
      started: new Date(startedMs ?? now),
      finished: new Date(finishedMs ?? now),
    };
    const notifier = new Notifier(config, {env, output: this.output});
    if (end.exitCode === null)
      await notifier.tell({...report, also: [], said: [`Error: ${job.name} was ended by ${end.signal}.`]});
    if (isStale)
      await notifier.tell({
        ...report,
        also: ['stale'],
        said: [`The last good one ended ${new Date(goodMs).toISOString()}.`],
      });
  }

  #endAs({exitCode}: JobEnd): void {
    if (exitCode !== EXIT.done) this.endWith((exitCode ?? EXIT.unexpected) as ExitCode);
  }

  #tell(event: ScheduleEvent, isQuiet: boolean): void {
    const {name} = event.job;
    if (event.kind === 'started') {
      if (!isQuiet) this.logToStderr(`${name} starts${whyOf(event)}.`);
    } else if (event.kind === 'ended') {
      const {exitCode, signal} = event.end;
      if (exitCode === null)
        this.output.error({
          code: 'JOB_KILLED',
          exitCode: EXIT.unexpected,
          message: `${name} was ended by ${signal}.`,
          hint: 'If nobody did that, look for "out of memory" in the log of the system (dmesg).',
        });
      else if (!isQuiet)
        this.logToStderr(`${name} ended with exit code ${exitCode}, after ${formatDuration(event.ms)}.`);
    } else if (event.kind === 'cut off') {
      if (!isQuiet) this.logToStderr(`${name} was told to stop; it is made up when this starts again.`);
    } else if (event.kind === 'left out') {
      this.warn(
        `${name}: the run of ${timeOf(event.plannedMs)} is left out, for the one since ${timeOf(event.sinceMs)} is still on (process ${event.pid}).`,
      );
    } else {
      this.warn(
        `${name}: the clock has gone back: a run is noted for ${timeOf(event.plannedMs)}. From now on the schedule counts again.`,
      );
    }
  }
}

/** How late a timer may be, beside its delay: the machine is busy, say. */
const TIMER_LATE_MS = 10 * 60_000;

/** SIGHUP; but to a daemon on a terminal that says that the terminal has gone. */
function onHangUp(look: () => void): Disposable {
  if (process.stdin.isTTY) return {[Symbol.dispose]: () => {}};
  process.on('SIGHUP', look);
  return {[Symbol.dispose]: () => void process.off('SIGHUP', look)};
}

function whyOf({why, plannedMs}: ScheduleEvent & {kind: 'started'}): string {
  if (why === 'missed') return `: its run of ${timeOf(plannedMs)} was missed`;
  return why === 'cut off' ? ': its last run was cut off' : '';
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
