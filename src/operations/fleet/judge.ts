/** What is a problem of a machine, and how bad. */
import {isSilent, TOLERANCE_MS} from '../clock.ts';
import {spanText} from '../status.ts';
import type {RememberedMachine, RememberedSource} from './memory.ts';
import type {MachineReading} from './read-machine.ts';
import type {SourceReading} from './read-source.ts';

export interface FleetLimits {
  /** Older newest snapshots are a problem; undefined: those that are late by the source's own rhythm. */
  readonly maxAgeMs?: number | undefined;
  /** So long ago the last drill may be that proved a snapshot; undefined: it is told, but no problem. */
  readonly maxUnprovenMs?: number | undefined;
  readonly now: Date;
}

/** The worse, the later. */
export const FLEET_PROBLEMS = [
  'clock',
  'unproven',
  'drill failed',
  'suspect',
  'late',
  'never',
  'unreadable',
  'vanished',
  'tampered',
] as const;
export type FleetProblemKind = (typeof FLEET_PROBLEMS)[number];

export interface FleetProblem {
  readonly kind: FleetProblemKind;
  /** Null where it concerns the machine as a whole. */
  readonly source: string | null;
  readonly problem: string;
}

export interface FleetSource {
  readonly source: string;
  /** When the newest snapshot that is not suspect was finished. */
  readonly lastSuccess: string | null;
  readonly lastFull: string | null;
  /** Median time between its snapshots, in ms; null while there are too few. */
  readonly everyMs: number | null;
  readonly nextRun: string | null;
  readonly lastProven: string | null;
  /** Why its newest snapshot is suspect. */
  readonly suspect: readonly string[];
  /** Of the newest snapshot. */
  readonly bytes: number;
}

export interface MachineStatus {
  /** Its folder below the prefix. */
  readonly machine: string;
  readonly repository: string | null;
  readonly ok: boolean;
  /** The worst of its problems. */
  readonly state: FleetProblemKind | 'ok';
  /** 0 if it is well. */
  readonly severity: number;
  /** Of the source for which it is longest ago; null if one has none. */
  readonly lastSuccess: string | null;
  readonly lastProven: string | null;
  readonly sources: readonly FleetSource[];
  readonly problems: readonly FleetProblem[];
}

export function judgeMachine(
  machine: string,
  {sources: read, drills, tampered, memory}: MachineReading,
  before: RememberedMachine | undefined,
  limits: FleetLimits,
): MachineStatus {
  const problems: FleetProblem[] = tampered.map((problem) => ({kind: 'tampered', source: null, problem}));
  const sources = [...read].map(([source, reading]): FleetSource => {
    const {newest} = reading;
    const everyMs = newest?.everyMs ?? null;
    const lastSuccess = newest?.lastGood ?? null;
    const lastProven = drills.proven[source] ?? null;
    const add = (kind: FleetProblemKind, problem: string): void => {
      problems.push({kind, source, problem});
    };
    judgeSource(reading, before?.sources[source], {...limits, add});
    if (drills.failed[source] !== undefined)
      add('drill failed', `its last drill (${drills.failed[source]}) failed`);
    judgeProof(lastProven, limits, add);
    return {
      source,
      lastSuccess,
      lastFull: newest === undefined ? null : fullTime(newest),
      everyMs,
      nextRun:
        lastSuccess === null || everyMs === null
          ? null
          : new Date(Date.parse(lastSuccess) + everyMs).toISOString(),
      lastProven,
      suspect: newest?.suspect ?? [],
      bytes: newest?.bytes ?? 0,
    };
  });
  if (sources.length === 0) problems.push({kind: 'never', source: null, problem: 'it was never backed up'});
  return statusOf(machine, memory.repository, sources, problems);
}

/** A machine that is gone, or why nothing of it can be read; and what was last known of it. */
export function vanishedMachine(
  machine: string,
  before: RememberedMachine | undefined,
  unreadable?: string,
): MachineStatus {
  const kind = unreadable === undefined ? 'vanished' : 'unreadable';
  const problem =
    unreadable !== undefined
      ? unreadable
      : before === undefined
        ? 'it is expected, but has no repository here'
        : `its repository ${before.repository} was here on ${before.seen.slice(0, 16)}Z, and is not any more; if that is meant: --forget ${machine}`;
  const sources = Object.entries(before?.sources ?? {}).map(
    ([source, newest]): FleetSource => ({
      source,
      lastSuccess: newest.lastGood,
      lastFull: fullTime(newest),
      everyMs: newest.everyMs,
      nextRun: null,
      lastProven: before?.drills.proven[source] ?? null,
      suspect: newest.suspect,
      bytes: newest.bytes,
    }),
  );
  return statusOf(machine, before?.repository ?? null, sources, [{kind, source: null, problem}]);
}

function judgeSource(
  {newest, tampered}: SourceReading,
  before: RememberedSource | undefined,
  {maxAgeMs, now, add}: FleetLimits & {add: (kind: FleetProblemKind, problem: string) => void},
): void {
  for (const problem of tampered) add('tampered', problem);
  if (newest === undefined) {
    if (before !== undefined) add('vanished', `its snapshots are gone; it had ${before.sequence}`);
    else if (tampered.length === 0) add('never', 'it was never backed up');
    return;
  }
  if (newest.suspect.length > 0)
    add('suspect', `its newest snapshot is suspect: ${newest.suspect.join(', ')}`);
  const aheadMs = Date.parse(newest.finished) - now.getTime();
  if (aheadMs > TOLERANCE_MS)
    add('clock', `its newest snapshot was made ${spanText(aheadMs)} in the future by the clock here`);
  const {lastGood, everyMs} = newest;
  if (lastGood === null) return;
  const ageMs = now.getTime() - Date.parse(lastGood);
  if (maxAgeMs !== undefined) {
    if (ageMs > maxAgeMs)
      add('late', `its newest snapshot is ${spanText(ageMs)} old; at most ${spanText(maxAgeMs)} are allowed`);
  } else if (everyMs !== null && isSilent({ageMs, usualMs: everyMs})) {
    add(
      'late',
      `its newest snapshot is ${spanText(ageMs)} old, though one was made every ${spanText(everyMs)}`,
    );
  }
}

function judgeProof(
  lastProven: string | null,
  {maxUnprovenMs, now}: FleetLimits,
  add: (kind: FleetProblemKind, problem: string) => void,
): void {
  if (maxUnprovenMs === undefined) return;
  const ageMs = lastProven === null ? Number.POSITIVE_INFINITY : now.getTime() - Date.parse(lastProven);
  if (lastProven === null) add('unproven', 'no drill ever proved that it can be restored');
  else if (ageMs > maxUnprovenMs)
    add(
      'unproven',
      `it was last proven restorable ${spanText(ageMs)} ago; at most ${spanText(maxUnprovenMs)} are allowed`,
    );
}

function statusOf(
  machine: string,
  repository: string | null,
  sources: readonly FleetSource[],
  problems: readonly FleetProblem[],
): MachineStatus {
  const severity = Math.max(0, ...problems.map(({kind}) => FLEET_PROBLEMS.indexOf(kind) + 1));
  return {
    machine,
    repository,
    ok: problems.length === 0,
    state: FLEET_PROBLEMS[severity - 1] ?? 'ok',
    severity,
    lastSuccess: longestAgo(sources.map(({lastSuccess}) => lastSuccess)),
    lastProven: longestAgo(sources.map(({lastProven}) => lastProven)),
    sources,
    problems: [...problems].sort((a, b) => FLEET_PROBLEMS.indexOf(b.kind) - FLEET_PROBLEMS.indexOf(a.kind)),
  };
}

/** When the generation of a seal was begun: its name says so, such as `20261120T023000Z-k3v9`. */
function fullTime({object}: RememberedSource): string {
  const [, generation = ''] = object.split('/');
  return generation.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*/, '$1-$2-$3T$4:$5:$6.000Z');
}

function longestAgo(times: readonly (string | null)[]): string | null {
  return times.includes(null) ? null : ([...times].sort()[0] ?? null);
}
