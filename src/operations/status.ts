/** How each source stands, from seals and drill reports alone: no key and no catalog are needed. */
import {type DrillHistory, lastProof} from '../repository/drill-history.ts';
import type {DrillReport} from '../repository/drill-report.ts';
import type {History, SourceHistory} from '../repository/history.ts';
import {Marks} from '../repository/marks.ts';
import {silenceOf, usualMs} from './clock.ts';
import {type DamagedObject, isMended, type StoredState} from './self-check.ts';

export interface StatusOptions {
  /** Older newest snapshots are a problem; undefined: those that are late by the source's own rhythm. */
  readonly maxAgeMs?: number | undefined;
  /** So long ago the last drill may be that proved a snapshot; undefined: it is told, but no problem. */
  readonly maxUnprovenMs?: number | undefined;
  /** Sources that there should be. */
  readonly expected: readonly string[];
  /** What this machine's backups saw of what is stored, by source; where it makes any. */
  readonly stored?: ReadonlyMap<string, StoredState>;
  readonly now: Date;
}

export interface SourceStatus {
  readonly source: string;
  /** When the newest snapshot that is not suspect was finished; null if there is none. */
  readonly lastSuccess: string | null;
  readonly lastFull: string | null;
  /** When the next snapshot may be expected by the rhythm of those so far; null where there are too few. */
  readonly nextRun: string | null;
  /** When a drill last proved a snapshot of it. */
  readonly lastProven: string | null;
  /** Which one. */
  readonly provenSnapshot: string | null;
  readonly snapshots: number;
  /** Of the newest snapshot. */
  readonly bytes: number;
  /** What its newest snapshot lacks, or holds with a doubt, such as files that could not be read. No problem by itself. */
  readonly warnings: number;
  /** Added to the repository in the last 30 days. */
  readonly grown: number;
  /** What backups on this machine saw of what is stored; null on another. */
  readonly stored: StoredState | null;
  readonly problems: readonly string[];
}

export interface Status {
  readonly sources: readonly SourceStatus[];
  /** Those that belong to no source. */
  readonly problems: readonly string[];
  readonly ok: boolean;
}

const GROWTH_MS = 30 * 86_400_000;

export function statusOf(history: History, drills: DrillHistory, options: StatusOptions): Status {
  const found = history.sources.map((source) => sourceStatus(source, drills.reports, options));
  const missing = options.expected
    .filter((name) => !found.some(({source}) => source === name))
    .map((source) => sourceStatus(nothing(source), drills.reports, options));
  const sources = [...found, ...missing].sort((a, b) => (a.source < b.source ? -1 : 1));
  const problems = drills.problems.map(({object, problem}) => `${object}: ${problem}`);
  if (sources.length === 0) problems.push('there is no snapshot, and no source that there should be one of');
  return {
    sources,
    problems,
    ok: problems.length === 0 && sources.every((source) => source.problems.length === 0),
  };
}

function sourceStatus(
  history: SourceHistory,
  reports: readonly DrillReport[],
  {maxAgeMs, maxUnprovenMs, stored, now}: StatusOptions,
): SourceStatus {
  const {source, seals} = history;
  // What is suspect was kept, but is not what one would want to go back to.
  const newest = seals.findLast(({suspect}) => suspect === undefined);
  const suspect = seals.at(-1)?.suspect;
  const full = seals.findLast(({kind}) => kind === 'full');
  const proof = lastProof(history, reports);
  const ageMs = (time: string): number => now.getTime() - Date.parse(time);
  const problems = history.problems.map(({object, problem}) => `${object}: ${problem}`);
  if (suspect !== undefined) problems.push(`its newest snapshot is suspect: ${suspect.join(', ')}`);
  if (newest === undefined && suspect === undefined) problems.push('it was never backed up');
  else if (newest !== undefined && maxAgeMs !== undefined && ageMs(newest.finished) > maxAgeMs)
    problems.push(
      `the newest snapshot is ${spanText(ageMs(newest.finished))} old; at most ${spanText(maxAgeMs)} are allowed`,
    );
  const silence = maxAgeMs === undefined ? silenceOf(history, now) : undefined;
  if (silence !== undefined)
    problems.push(
      `the newest snapshot is ${spanText(silence.ageMs)} old, though one was made every ${spanText(silence.usualMs)}`,
    );
  if (maxUnprovenMs !== undefined && newest !== undefined) {
    if (proof === undefined) problems.push('no drill ever proved that it can be restored');
    else if (ageMs(proof.report.finished) > maxUnprovenMs)
      problems.push(
        `it was last proven restorable ${spanText(ageMs(proof.report.finished))} ago; at most ${spanText(maxUnprovenMs)} are allowed`,
      );
  }
  // A later drill that failed counts more than an earlier one that passed.
  const last = reports.findLast((report) => report.subjects.some((subject) => subject.source === source));
  if (last?.result === 'failed')
    problems.push(`the last drill (${last.id}) failed: ${failedChecks(last, source)}`);
  const storedState = stored?.get(source) ?? null;
  for (const damaged of storedState?.damaged ?? [])
    if (!isMended(damaged)) problems.push(damageText(damaged));
  const gap = usualMs(history);
  return {
    source,
    lastSuccess: newest?.finished ?? null,
    lastFull: full?.finished ?? null,
    nextRun:
      newest === undefined || gap === undefined
        ? null
        : new Date(Date.parse(newest.finished) + gap).toISOString(),
    lastProven: proof?.report.finished ?? null,
    provenSnapshot: proof?.subject.snapshot ?? null,
    snapshots: seals.length,
    bytes: newest?.bytes.source ?? 0,
    warnings: seals.at(-1)?.warnings ?? 0,
    grown: seals
      .filter(({finished}) => ageMs(finished) <= GROWTH_MS)
      .reduce((sum, {bytes, objectBytes}) => sum + bytes.stored + objectBytes, 0),
    stored: storedState,
    problems,
  };
}

function damageText({object, problem, affects}: DamagedObject): string {
  const [first, ...others] = affects;
  return `${object}: ${problem}; snapshot ${first}${others.length > 0 ? ` and ${others.length} others need it` : ' needs it'}`;
}

function failedChecks({checks, scope}: DrillReport, source: string): string {
  const failed = checks.filter(({ok, name}) => !ok && (scope !== 'key' || name.startsWith(`${source}/`)));
  return failed.map(({name}) => name).join(', ') || 'another source in it';
}

function nothing(source: string): SourceHistory {
  return {
    source,
    seals: [],
    removed: [],
    marks: new Marks(),
    sealNames: new Map(),
    generations: [],
    problems: [],
    endProblems: [],
  };
}

/** A length of time in words, such as `26 h`. */
export function spanText(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  const [minutes, hours] = [Math.round(ms / 60_000), Math.round(ms / 3_600_000)];
  if (minutes < 120) return `${minutes} min`;
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
