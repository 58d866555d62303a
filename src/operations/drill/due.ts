/** What is due, and how the last drills ended. */
import {previousTime} from '../../config/cron.ts';
import type {DrillConfig} from '../../config/drills.ts';
import {lastProof, type Proof} from '../../repository/drill-history.ts';
import type {DrillReport} from '../../repository/drill-report.ts';
import type {History} from '../../repository/history.ts';

export interface DrillState {
  readonly name: string;
  readonly sources: readonly string[];
  readonly schedule: string | undefined;
  readonly last: DrillReport | undefined;
  /** Whether it should have run since its last run. */
  readonly due: boolean;
}

export interface SourceProof {
  readonly source: string;
  readonly proof: Proof | undefined;
}

/** The drills of the config; whether one is due depends on its schedule alone. */
export function drillStates(
  drills: Iterable<DrillConfig>,
  reports: readonly DrillReport[],
  now: Date,
): DrillState[] {
  return [...drills].map(({name, sources, schedule}) => {
    const last = reports.findLast((report) => report.name === name);
    const planned = schedule === undefined ? undefined : previousTime(schedule, now);
    const due = planned !== undefined && (last === undefined || Date.parse(last.started) < planned.getTime());
    return {name, sources, schedule, last, due};
  });
}

export function sourceProofs({sources}: History, reports: readonly DrillReport[]): SourceProof[] {
  return sources
    .filter(({seals}) => seals.length > 0)
    .map((history) => ({source: history.source, proof: lastProof(history, reports)}));
}
