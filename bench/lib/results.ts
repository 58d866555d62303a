/** What a run of the bench found, as it is kept in JSON, and how it is told. */
import {type Case, PEAK_TARGET_BYTES, type Target} from './cases.ts';
import type {DatasetFacts} from './datasets.ts';
import {median, type Taken} from './measure.ts';

export interface Round extends Taken {
  /** What the repository grew by. */
  readonly addedBytes: number;
}

export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly data: DatasetFacts;
  readonly target: Target;
  /** By tool, a round each. */
  readonly rounds: Record<string, Round[]>;
}

export interface BenchResult {
  readonly date: string;
  readonly machine: Record<string, string | number>;
  readonly versions: Record<string, string>;
  readonly options: {readonly scale: number; readonly rounds: number; readonly tree: string | null};
  readonly cases: CaseResult[];
}

export function medianRound(rounds: readonly Round[]): Round {
  const of = (key: keyof Round) => median(rounds.map((round) => round[key]));
  return {
    wallSeconds: of('wallSeconds'),
    cpuSeconds: of('cpuSeconds'),
    peakBytes: of('peakBytes'),
    addedBytes: of('addedBytes'),
  };
}

export function newCaseResult({name, title, target}: Case, data: DatasetFacts): CaseResult {
  return {name, title, target, data, rounds: {}};
}

/** A table of one case: each tool's medians, and each target with what was reached. */
export function renderCase({title, data, target, rounds}: CaseResult): string {
  const medians = Object.entries(rounds).map(([tool, list]) => [tool, medianRound(list)] as const);
  const restic = medians.find(([tool]) => tool === 'restic')?.[1];
  const lines = [
    `${title}  (${data.files} files, ${megabytes(data.bytes)})`,
    row('', 'wall s', 'to restic', 'cpu s', 'to restic', 'peak', 'added'),
  ];
  for (const [tool, found] of medians) {
    const to = (key: keyof Round) => (restic === undefined ? '' : (found[key] / restic[key]).toFixed(2));
    lines.push(
      row(
        tool,
        found.wallSeconds.toFixed(2),
        to('wallSeconds'),
        found.cpuSeconds.toFixed(2),
        to('cpuSeconds'),
        megabytes(found.peakBytes),
        found.addedBytes < 1e6 ? `${(found.addedBytes / 1e3).toFixed(1)} kB` : megabytes(found.addedBytes),
      ),
    );
  }
  const verdicts = judge(target, Object.fromEntries(medians));
  return [...lines, ...verdicts.map((verdict) => `  ${verdict}`)].join('\n');
}

function judge(target: Target, medians: Record<string, Round>): string[] {
  const {holdfast, restic, borg} = medians;
  if (holdfast === undefined) return [];
  const verdicts: string[] = [];
  const say = (what: string, reached: number, limit: number, digits: number) =>
    verdicts.push(
      `${reached <= limit ? 'met   ' : 'MISSED'} ${what}: ${reached.toFixed(digits)}, aim ${limit.toFixed(digits)}`,
    );
  if (target.wall !== undefined && restic)
    say('wall to restic', holdfast.wallSeconds / restic.wallSeconds, target.wall, 2);
  if (target.cpu !== undefined && restic)
    say('cpu to restic', holdfast.cpuSeconds / restic.cpuSeconds, target.cpu, 2);
  const best = Math.min(...[restic, borg].flatMap((peer) => peer?.addedBytes ?? []));
  if (target.added !== undefined && Number.isFinite(best))
    say('added, to the best of restic and borg', holdfast.addedBytes / best, target.added, 3);
  if (target.addedBytes !== undefined) say('bytes added', holdfast.addedBytes, target.addedBytes, 0);
  if (target.wallSeconds !== undefined) say('seconds', holdfast.wallSeconds, target.wallSeconds, 3);
  say('peak MB', holdfast.peakBytes / 1e6, PEAK_TARGET_BYTES / 1e6, 0);
  return verdicts;
}

function row(name: string, ...cells: string[]): string {
  return `  ${name.padEnd(10)}${cells.map((cell) => cell.padStart(11)).join('')}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
}
