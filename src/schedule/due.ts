/** Whether a job is due: decided from its times and what is remembered of it, never from timers. */
import {createHash} from 'node:crypto';
import type {JobRecord} from '../catalog/job-log.ts';
import {nextTime, previousTime} from '../config/cron.ts';
import type {Job} from './jobs.ts';

export interface Due {
  /** The time that the run is for, in ms. */
  readonly plannedMs: number;
  /** When it should start: that time and the delay of this machine. */
  readonly startMs: number;
  /** Why it runs now: its time has come, it was missed, or its last run was cut off. */
  readonly why: 'time' | 'missed' | 'cut off';
}

export interface DueOptions {
  readonly now: Date;
  /** See {@link delayMs}. */
  readonly delayMs: number;
  /** Whether the process of its last run is there. */
  readonly isRunning: boolean;
}

/** Later than this after its time, a run was missed: the machine was off, or asleep. */
const MISSED_MS = 90_000;
/** A run that is cut off again and again, because the machine has too little memory, say, is not made up for ever. */
const ATTEMPTS_MOST = 2;

/** Undefined while there is nothing to do for it. However many runs were missed, they are made up by one. */
export function dueOf(job: Job, record: JobRecord, {now, delayMs, isRunning}: DueOptions): Due | undefined {
  const nowMs = now.getTime();
  const planned = previousTime(job.cron, now, job.timeZone)?.getTime();
  if (planned !== undefined && planned > record.plannedMs) {
    const startMs = planned + delayMs;
    return {plannedMs: planned, startMs, why: nowMs > startMs + MISSED_MS ? 'missed' : 'time'};
  }
  const wasCutOff = record.startedMs !== null && record.finishedMs === null && !isRunning;
  if (!wasCutOff || record.attempts >= ATTEMPTS_MOST) return undefined;
  return {plannedMs: record.plannedMs, startMs: nowMs, why: 'cut off'};
}

/** Whether what is remembered is from the future: a clock that was ahead must not keep a job from running until then. */
export function isFromFuture({plannedMs}: JobRecord, now: Date): boolean {
  return plannedMs > now.getTime() + MISSED_MS;
}

/** When it will start next, delay included; undefined if never in eight years. */
export function nextStart(job: Job, now: Date, delay: number): Date | undefined {
  // What is due now may still wait for its delay.
  const after = new Date(now.getTime() - delay);
  const next = nextTime(job.cron, after, job.timeZone);
  return next === undefined ? undefined : new Date(next.getTime() + delay);
}

/** How far apart its times are now, in ms. */
export function periodMs(job: Job, now: Date): number {
  const next = nextTime(job.cron, now, job.timeZone);
  const another = next && nextTime(job.cron, next, job.timeZone);
  return next === undefined || another === undefined
    ? Number.POSITIVE_INFINITY
    : another.getTime() - next.getTime();
}

/** How much later than its time a job may start: at most a tenth of the time between two runs. */
export function jitterMost(job: Job, {jitterMs, now}: {jitterMs: number; now: Date}): number {
  return Math.min(jitterMs, periodMs(job, now) / 10);
}

/**
 * How much later it does start here: the same each time, another one on each machine.
 * @param machine what tells this machine from others
 */
export function delayMs(
  job: Job,
  {jitterMs, machine, now}: {jitterMs: number; machine: string; now: Date},
): number {
  const share = createHash('sha256').update(`${machine}\n${job.name}`).digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor((jitterMost(job, {jitterMs, now}) * share) / 1000) * 1000;
}

/** Whether backups have failed for so long that somebody must know, who need not hear of each failure: over two periods. */
export function isStale(job: Job, {goodMs}: JobRecord, now: Date): boolean {
  return job.kind === 'backup' && now.getTime() - goodMs > 2 * periodMs(job, now);
}
