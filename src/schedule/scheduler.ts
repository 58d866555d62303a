/** Starts jobs when they are due: each at most once at a time, each missed time made up at most once. */
import {setTimeout as sleep} from 'node:timers/promises';
import type {JobLog, JobRecord} from '../catalog/job-log.ts';
import {LockedError} from '../errors.ts';
import {identify, isRunning, type ProcessIdentity} from '../system/processes.ts';
import {type Due, delayMs, dueOf, isFromFuture, isStale} from './due.ts';
import type {Job} from './jobs.ts';

export interface JobEnd {
  /** Null if a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type ScheduleEvent = {readonly job: Job} & (
  | {readonly kind: 'started'; readonly plannedMs: number; readonly why: Due['why'] | 'asked'}
  | {readonly kind: 'ended'; readonly end: JobEnd; readonly ms: number}
  | {readonly kind: 'cut off'}
  | {readonly kind: 'left out'; readonly plannedMs: number; readonly pid: number; readonly sinceMs: number}
  | {readonly kind: 'clock went back'; readonly plannedMs: number}
);

export interface SchedulerOptions {
  readonly jobs: readonly Job[];
  readonly log: JobLog;
  readonly jitterMs: number;
  /** What tells this machine from others that have the same jobs. */
  readonly machine: string;
  /** Times so shortly before a job was first seen are not from before it: a timer may have started us for one. */
  readonly lookBackMs: number;
  readonly now: () => Date;
  /** Aborted to stop: then no run starts, and the running ones are told to end. */
  readonly signal: AbortSignal;
  /** Does the work. @param onProcess is told which process does it */
  run(job: Job, onProcess: (process: ProcessIdentity) => void): Promise<JobEnd>;
  onEvent(event: ScheduleEvent): void;
  /** Awaited after a run that was not stopped by us. @param isStale see due.ts */
  afterRun?(job: Job, end: JobEnd, isStale: boolean): Promise<void>;
}

/** How long a timer may wait: a clock that is set, or a machine that slept, is noticed after that. */
const NAP_MS = 30_000;

export class Scheduler {
  #options: SchedulerOptions;
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** From now on these are the jobs. Runs that are on go on. */
  adopt({jobs, jitterMs}: Pick<SchedulerOptions, 'jobs' | 'jitterMs'>): void {
    this.#options = {...this.#options, jobs, jitterMs};
  }

  /**
   * Starts what is due by now, and does not wait for it. For whoever calls this each minute.
   * @param onError is told what goes wrong around a run
   */
  tick(onError: (error: unknown) => void): void {
    const {jobs, signal, now} = this.#options;
    for (const job of jobs) {
      if (signal.aborted) return;
      const due = this.#due(job);
      if (due === undefined || due.startMs > now().getTime()) continue;
      const run = this.#start(job, due)
        .catch(onError)
        .finally(() => this.#running.delete(job.name));
      this.#running.set(job.name, run);
    }
  }

  /** Waits for the runs that {@link tick} has started. */
  async ended(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  /** Runs what is due, one after the other, and waits until it is done. @returns how those ended that ran */
  async runDue(): Promise<JobEnd[]> {
    const ends: JobEnd[] = [];
    const waiting = this.#options.jobs
      .flatMap((job) => ({job, due: this.#due(job)}))
      .sort((a, b) => (a.due?.startMs ?? 0) - (b.due?.startMs ?? 0));
    for (const {job, due} of waiting) {
      if (due === undefined) continue;
      await this.#until(due.startMs);
      const end = await this.#start(job, due);
      if (end !== undefined) ends.push(end);
    }
    return ends;
  }

  /** Runs a job now, whenever it is due. @throws LockedError if it runs already */
  async runNow(job: Job): Promise<JobEnd> {
    const plannedMs = this.#options.now().getTime();
    const end = await this.#start(job, {plannedMs, startMs: plannedMs, why: 'asked'});
    if (end !== undefined) return end;
    const {pid, startedMs} = this.#meet(job);
    throw new LockedError(
      `${job.name} runs already, as process ${pid} since ${new Date(startedMs ?? plannedMs).toISOString()}.`,
      {hint: 'Wait for it to end, or end that process.'},
    );
  }

  /** Whether a run of it is on, by whoever started it. */
  static isOn({startedMs, finishedMs, pid, processStarted}: JobRecord): boolean {
    return startedMs !== null && finishedMs === null && isRunning({pid, started: processStarted});
  }

  /** Undefined also while a run is on: then its time is left out, and that is told. */
  #due(job: Job): Due | undefined {
    const {log, now} = this.#options;
    const record = this.#meet(job);
    const isOn = this.#running.has(job.name) || Scheduler.isOn(record);
    const due = dueOf(job, record, {now: now(), delayMs: this.#delay(job), isRunning: isOn});
    if (due === undefined || !isOn) return due;
    log.skip(job.name, due.plannedMs);
    const {pid, startedMs} = record;
    this.#tell({
      job,
      kind: 'left out',
      plannedMs: due.plannedMs,
      pid,
      sinceMs: startedMs ?? due.plannedMs,
    });
    return undefined;
  }

  #meet(job: Job): JobRecord {
    const {log, now, lookBackMs} = this.#options;
    const record = log.meet(job.name, now().getTime() - lookBackMs);
    if (!isFromFuture(record, now())) return record;
    log.resetTo(job.name, now().getTime());
    this.#tell({job, kind: 'clock went back', plannedMs: record.plannedMs});
    return log.meet(job.name, now().getTime());
  }

  #delay(job: Job): number {
    const {jitterMs, machine, now} = this.#options;
    return delayMs(job, {jitterMs, machine, now: now()});
  }

  /** @returns undefined if another process was faster */
  async #start(
    job: Job,
    due: {plannedMs: number; startMs: number; why: Due['why'] | 'asked'},
  ): Promise<JobEnd | undefined> {
    const {log, now, run, signal} = this.#options;
    const startedMs = now().getTime();
    const mayRun = (record: JobRecord): boolean =>
      !Scheduler.isOn(record) &&
      (due.why === 'asked' ||
        due.plannedMs > record.plannedMs ||
        (due.why === 'cut off' && record.finishedMs === null));
    const {plannedMs, why} = due;
    if (!log.start(job.name, {plannedMs, nowMs: startedMs, process: identify()}, mayRun)) return undefined;
    this.#tell({job, kind: 'started', plannedMs, why});
    const end = await run(job, (process) => log.runs(job.name, process));
    if (signal.aborted) {
      // Without an end it counts as cut off, and is made up.
      this.#tell({job, kind: 'cut off'});
      return end;
    }
    const ended = now();
    log.finish(job.name, {exitCode: end.exitCode, nowMs: ended.getTime()});
    this.#tell({job, kind: 'ended', end, ms: ended.getTime() - startedMs});
    await this.#options.afterRun?.(job, end, isStale(job, this.#meet(job), ended));
    return end;
  }

  /** Waits for a time by the clock of the machine. */
  async #until(atMs: number): Promise<void> {
    const {now, signal} = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const restMs = atMs - now().getTime();
      if (restMs <= 0) return;
      await sleep(Math.min(restMs, NAP_MS), undefined, {signal});
    }
  }

  #tell(event: ScheduleEvent): void {
    this.#options.onEvent(event);
  }
}
