/** Drills as text and JSON. */
import type {DrillRecord} from '../operations/drill/records.ts';
import type {DrillReport} from '../repository/drill-report.ts';
import {counted, formatBytes, formatDuration} from './output.ts';
import {displayMessage} from './terminal.ts';

export interface DrillJson {
  readonly id: string;
  readonly name: string | null;
  /** Of the first source; `subjects` has all. */
  readonly snapshot: string | null;
  readonly kind: string | null;
  readonly ok: boolean;
  readonly result: DrillReport['result'];
  readonly scope: DrillReport['scope'];
  readonly subjects: DrillReport['subjects'];
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
    /** What reports do not say, since it may name files and values; only on the machine of the drill. */
    readonly details: readonly string[];
  }[];
  readonly started: string;
  readonly rtoSeconds: number;
  readonly rpoSeconds: number | null;
  readonly seconds: Readonly<Record<string, number>>;
  readonly files: number;
  readonly bytes: DrillReport['bytes'];
  readonly objectives: {readonly rtoSeconds: number | null; readonly rpoSeconds: number | null};
  readonly estimate: {readonly fullSeconds: number; readonly assumptions: readonly string[]} | null;
  readonly host: string;
  readonly operator: string;
  readonly tools: Readonly<Record<string, string>>;
  /** Name of the report in the repository. */
  readonly report: string;
}

export function drillJson({report, details}: DrillRecord): DrillJson {
  const [first] = report.subjects;
  return {
    id: report.id,
    name: report.name === '' ? null : report.name,
    snapshot: first?.snapshot ?? null,
    kind: first?.kind ?? null,
    ok: report.result === 'passed',
    result: report.result,
    scope: report.scope,
    subjects: report.subjects,
    checks: report.checks.map((check, index) => ({...check, details: details[index] ?? []})),
    started: report.started,
    rtoSeconds: report.rtoMs / 1000,
    rpoSeconds: secondsOf(report.rpoMs),
    seconds: Object.fromEntries(Object.entries(report.times).map(([phase, ms]) => [phase, ms / 1000])),
    files: report.files,
    bytes: report.bytes,
    objectives: {
      rtoSeconds: secondsOf(report.objectives.rtoMs),
      rpoSeconds: secondsOf(report.objectives.rpoMs),
    },
    estimate: report.estimate && {
      fullSeconds: report.estimate.fullMs / 1000,
      assumptions: report.estimate.assumptions,
    },
    host: report.host,
    operator: report.operator,
    tools: Object.fromEntries(report.tools),
    report: `drills/${report.id}.asc`,
  };
}

const DETAILS_SHOWN = 20;

/** A drill for people, verdict first. */
export function drillText({report, details}: DrillRecord): string {
  const what = whatWasRestored(report);
  const lines = [`${titleOf(report)}: ${verdictOf(report)}`, `  ${what}`];
  for (const [index, {name, ok, detail}] of report.checks.entries()) {
    lines.push(`  ${ok ? 'ok    ' : 'FAILED'}  ${displayMessage(name)}: ${displayMessage(detail)}`);
    const more = ok ? [] : (details[index] ?? []);
    lines.push(...more.slice(0, DETAILS_SHOWN).map((line) => `            ${displayMessage(line)}`));
    if (more.length > DETAILS_SHOWN) lines.push(`            and ${more.length - DETAILS_SHOWN} more`);
  }
  if (report.result !== 'aborted') {
    const phases = Object.entries(report.times)
      .filter(([, ms]) => ms > 0)
      .map(([phase, ms]) => `${phase} ${formatDuration(ms)}`);
    lines.push(
      `  ${report.scope === 'key' ? 'It took' : 'RTO'} ${formatDuration(report.rtoMs)} (${phases.join(', ')})`,
    );
    if (report.rpoMs !== null)
      lines.push(`  RPO ${formatDuration(report.rpoMs)} (age of the data when the drill began)`);
    if (report.bytes.restored > 0)
      lines.push(
        `  ${counted(report.files, 'file')}, ${formatBytes(report.bytes.restored)} restored, ${formatBytes(report.bytes.fetched)} fetched, ${formatBytes((report.bytes.restored / Math.max(1, report.rtoMs)) * 1000)}/s`,
      );
  }
  if (report.estimate !== null)
    lines.push(
      `  All of it would take about ${formatDuration(report.estimate.fullMs)}, if`,
      ...report.estimate.assumptions.map((text) => `    - ${text}`),
    );
  return lines.join('\n');
}

export function titleOf({name, id}: DrillReport): string {
  return name === '' ? `drill ${id}` : `${name} (drill ${id})`;
}

export function verdictOf({result, scope}: DrillReport): string {
  if (result === 'passed')
    return scope === 'whole' ? 'PASSED' : scope === 'sample' ? 'PASSED (a sample)' : 'PASSED (keys only)';
  return result === 'failed' ? 'FAILED' : 'ABORTED';
}

/** Which snapshots, and how much of them. */
export function whatWasRestored({subjects, scope}: DrillReport): string {
  if (scope === 'key') return `the keys of ${counted(subjects.length, 'generation')}; nothing was restored`;
  const list = subjects.map(
    ({source, snapshot, kind, time}) =>
      `${source} ${snapshot} (${kind}, ${time.slice(0, 16).replace('T', ' ')} UTC)`,
  );
  return list.join(', ');
}

function secondsOf(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}
