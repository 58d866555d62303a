/** What is told of a run: the same facts for all channels. Whatever text is in it has no secrets any more. */
import type {NotifyEventName} from '../../config/notify-schema.ts';

export interface RunReport {
  /** `start` is for health checks alone; `test` goes to every channel. */
  readonly phase: 'start' | 'end' | 'test';
  /** A UUID. */
  readonly run: string;
  /** Such as `backup` or `drill-weekly`. */
  readonly job: string;
  readonly kind: string;
  readonly host: string;
  /** Without credentials; empty where it is not known. */
  readonly repository: string;
  /** Null while it runs, and if a signal ended it. */
  readonly exitCode: number | null;
  readonly started: Date;
  readonly finished: Date;
  /** What happened beside success, warning and failure. */
  readonly also: readonly ('suspect' | 'stale')[];
  /** Errors and warnings, as they were shown. */
  readonly said: readonly string[];
}

const WORDS: Readonly<Record<NotifyEventName, string>> = {
  stale: 'STALE',
  suspect: 'SUSPECT',
  failure: 'FAILED',
  warning: 'WARNING',
  success: 'OK',
  drill: 'OK',
};

/** What it counts as, the worst first. */
export function eventsOf({phase, kind, exitCode, also}: RunReport): NotifyEventName[] {
  if (phase !== 'end') return ['success'];
  const result = exitCode === 0 ? 'success' : exitCode === 3 ? 'warning' : 'failure';
  // That backups have been failing for long is told by itself, after the failure.
  if (also.includes('stale')) return ['stale'];
  return [...also, result, ...(kind === 'drill' ? ['drill' as const] : [])];
}

/** By name, as templates and programs get them. */
export function fieldsOf(report: RunReport): Record<string, string | number | null> {
  const {run, job, kind, host, repository, exitCode, started, finished} = report;
  return {
    event: report.phase === 'end' ? (eventsOf(report)[0] ?? 'success') : report.phase,
    events: eventsOf(report).join(','),
    title: titleOf(report),
    summary: summaryOf(report),
    details: detailsOf(report),
    host,
    job,
    kind,
    run,
    repository,
    exitCode,
    started: started.toISOString(),
    finished: finished.toISOString(),
    seconds: secondsOf(report),
  };
}

export function titleOf(report: RunReport): string {
  const {phase, job, host, exitCode} = report;
  if (phase === 'test') return `TEST: a notification of Holdfast on ${host}`;
  const [event = 'success'] = eventsOf(report);
  if (event === 'stale') return `STALE: no good ${job} on ${host} for over two of its periods`;
  return `${WORDS[event]}: ${job} on ${host}${exitCode === 0 ? '' : ` (${endOf(exitCode)})`}`;
}

/** One line. */
function summaryOf(report: RunReport): string {
  const [first = ''] = (report.said[0] ?? '').split('\n');
  return first === '' ? titleOf(report) : `${titleOf(report)}: ${first}`;
}

function detailsOf(report: RunReport): string {
  const {said, run, repository, started} = report;
  const facts = [
    ...(repository === '' ? [] : [`Repository: ${repository}`]),
    `Started: ${started.toISOString()}, took ${secondsOf(report)} s`,
    `Run: ${run}`,
  ];
  return [titleOf(report), ...(said.length === 0 ? [] : ['', ...said]), '', ...facts].join('\n');
}

function endOf(exitCode: number | null): string {
  return exitCode === null ? 'ended by a signal' : `exit code ${exitCode}`;
}

function secondsOf({started, finished}: RunReport): number {
  return Math.round((finished.getTime() - started.getTime()) / 1000);
}
