/** What is measured, in order; and what is aimed at (ratios to restic in the same run). */
import type {Step} from './tool.ts';

export type Dataset = 'tree' | 'dump';
/** What happens to the data right before a case. */
export type Change = 'two percent' | 'clustered' | 'scattered';

export interface Case {
  readonly name: string;
  readonly title: string;
  readonly dataset: Dataset;
  readonly step: Step;
  readonly change?: Change;
  readonly target: Target;
}

export interface Target {
  readonly wall?: number;
  readonly cpu?: number;
  /** What the repository grows by, to the best of restic and borg. */
  readonly added?: number;
  /** What the repository grows by, in bytes. */
  readonly addedBytes?: number;
  readonly wallSeconds?: number;
}

/** Resident memory in any case. */
export const PEAK_TARGET_BYTES = 300e6;

/** Each backup case builds on those before it of the same dataset. */
export const CASES: readonly Case[] = [
  {
    name: 'full',
    title: 'full backup of the tree',
    dataset: 'tree',
    step: 'backup',
    target: {wall: 0.5, cpu: 0.55, added: 0.95},
  },
  {
    name: 'no-change',
    title: 'backup, nothing changed',
    dataset: 'tree',
    step: 'backup',
    target: {wall: 0.35, cpu: 0.35, addedBytes: 20_000},
  },
  {
    name: 'two-percent',
    title: 'backup, 2 % of the files changed',
    dataset: 'tree',
    step: 'backup',
    change: 'two percent',
    target: {wall: 0.4},
  },
  {
    name: 'restore',
    title: 'restore of the tree, with unlocking the key',
    dataset: 'tree',
    step: 'restore',
    target: {wall: 0.5, cpu: 0.6},
  },
  {
    name: 'verify',
    title: 'verify all content',
    dataset: 'tree',
    step: 'verify',
    target: {wall: 1},
  },
  {
    name: 'snapshots',
    title: 'list the snapshots',
    dataset: 'tree',
    step: 'list',
    target: {wallSeconds: 0.25},
  },
  {
    name: 'help',
    title: '--help',
    dataset: 'tree',
    step: 'help',
    target: {wallSeconds: 0.15},
  },
  {
    name: 'dump-first',
    title: 'SQL dump, first backup',
    dataset: 'dump',
    step: 'backup',
    target: {wall: 0.5},
  },
  {
    name: 'dump-second',
    title: 'SQL dump, second: most updates in the newest rows',
    dataset: 'dump',
    step: 'backup',
    change: 'clustered',
    target: {wall: 0.6, added: 1 / 20},
  },
  {
    name: 'dump-scattered',
    title: 'SQL dump, third: updates anywhere',
    dataset: 'dump',
    step: 'backup',
    change: 'scattered',
    target: {wall: 0.6, added: 1 / 20},
  },
];

/** Those that were chosen, and the backups that they build on. */
export function withNeeded(chosen: readonly Case[]): Case[] {
  return CASES.filter((candidate) => chosen.some((one) => one === candidate || needs(one, candidate)));
}

function needs(one: Case, candidate: Case): boolean {
  if (one.dataset !== candidate.dataset || one.step === 'help' || candidate.step !== 'backup') return false;
  const isEarlier = CASES.indexOf(candidate) < CASES.indexOf(one);
  const isFirst = CASES.find(({dataset}) => dataset === one.dataset) === candidate;
  return isEarlier && (isFirst || (one.step === 'backup' && candidate.change !== undefined));
}
