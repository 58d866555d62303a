/** What a prune says, for people and for scripts. */
import type {Amount, Space} from '../operations/prune/plan.ts';
import type {PrunePlan, PruneResult} from '../operations/prune/prune.ts';
import type {RepackPlan, RepackResult} from '../operations/prune/repack.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import {counted, formatBytes, renderTable} from './output.ts';

interface PrunedSnapshot {
  readonly id: string;
  readonly source: string;
  readonly kind: string;
  readonly generation: string;
  readonly time: string;
  readonly sequence: number;
}

export interface PruneJson {
  readonly dryRun: boolean;
  /** False if whoever was asked said no, or for a dry run. */
  readonly done: boolean;
  readonly kept: readonly (PrunedSnapshot & {readonly reasons: readonly string[]})[];
  readonly removed: readonly PrunedSnapshot[];
  /** `bytes` are those of the deleted packs. For a dry run: what would be deleted and marked. */
  readonly packs: {
    readonly deleted: number;
    readonly marked: number;
    readonly bytes: number;
    readonly markedBytes: number;
  };
  readonly generations: {readonly deleted: number; readonly marked: number};
  readonly deleted: Amount;
  /** What the storage keeps locked, so that a later prune deletes it. */
  readonly locked: readonly {readonly object: string; readonly until: string | null}[];
  readonly space: readonly ({readonly source: string} & Space)[];
  readonly problems: readonly {readonly object: string; readonly problem: string}[];
  /** Why it needs `--large`; empty if it does not. */
  readonly abnormal: readonly string[];
  /** Of each generation, with `--repack`: how much is dead in its packs, and what was written anew. */
  readonly repacked: readonly RepackResult[];
}

export function pruneJson({plan, done, swept}: PruneResult, dryRun: boolean): Omit<PruneJson, 'repacked'> {
  const {sources} = plan;
  const sum = (of: (source: PrunePlan['sources'][number]) => number): number =>
    sources.reduce((total, source) => total + of(source), 0);
  return {
    dryRun,
    done,
    kept: sources.flatMap(({decision}) =>
      decision.kept.map(({seal, reasons}) => ({...snapshotJson(seal), reasons})),
    ),
    removed: sources.flatMap(({decision}) => decision.removed.map(snapshotJson)),
    packs: {
      deleted: swept.packs,
      marked: sum(({packs}) => packs.objects),
      bytes: swept.packBytes,
      markedBytes: sum(({packs}) => packs.bytes),
    },
    generations: {deleted: swept.generations, marked: sum(({generations}) => generations.length)},
    deleted: {objects: swept.objects, bytes: swept.bytes},
    locked: swept.locked.map(({object, untilMs}) => ({
      object,
      until: Number.isFinite(untilMs) ? new Date(untilMs).toISOString() : null,
    })),
    space: sources.map(({history, space}) => ({source: history.source, ...space})),
    problems: plan.problems.map(({object, problem}) => ({object, problem})),
    abnormal: plan.abnormal,
  };
}

function snapshotJson(seal: CheckedSeal): PrunedSnapshot {
  const {source, kind, generation, started, sequence} = seal;
  return {id: seal.snapshot.id, source, kind, generation, time: started, sequence};
}

/** The plan: what stays and why, what goes. */
export function planText({sources}: PrunePlan, width: number | undefined): string {
  const rows = sources.flatMap(({decision: {kept, removed}}) =>
    [
      ...kept.map(({seal, reasons}) => ({seal, what: 'keep', why: reasons.join(', ')})),
      ...removed.map((seal) => ({seal, what: 'remove', why: ''})),
    ].sort((a, b) => a.seal.sequence - b.seal.sequence),
  );
  const table = renderTable(
    [
      {title: ''},
      {title: 'SNAPSHOT'},
      {title: 'TIME (UTC)'},
      {title: 'SOURCE', flexible: true},
      {title: 'KIND'},
      {title: 'WHY', flexible: true},
    ],
    rows.map(({seal, what, why}) => [
      what,
      seal.snapshot.id,
      seal.started.slice(0, 16).replace('T', ' '),
      seal.source,
      (seal.kind === 'full' ? 'full' : 'incr.') + (seal.suspect === undefined ? '' : ', suspect'),
      why,
    ]),
    width,
  );
  const removed = rows.filter(({what}) => what === 'remove').length;
  return `${rows.length === 0 ? 'No snapshots.' : table}\n${counted(rows.length - removed, 'snapshot')} kept, ${removed} removed.`;
}

/** What a prune will mark and sweep, as one or two sentences. */
export function deedText(plan: PrunePlan, graceText: string): string {
  const {sources} = plan;
  const [dead, due, waiting] = [
    deadOf(plan),
    total(plan, (source) => source.due),
    total(plan, ({space}) => space.waiting),
  ];
  const generations = sources.reduce((sum, source) => sum + source.generations.length, 0);
  const whole = generations > 0 ? `, among them ${counted(generations, 'whole generation')}` : '';
  const lines = [];
  if (dead.objects > 0)
    lines.push(
      `To be marked: ${amountText(dead)}${whole}. They are deleted by a prune that runs ${graceText} later or more.`,
    );
  if (due.objects > 0) lines.push(`To be deleted now: ${amountText(due)}, marked at least ${graceText} ago.`);
  if (waiting.objects > due.objects)
    lines.push(`Waiting: ${counted(waiting.objects - due.objects, 'object')}, marked later than that.`);
  for (const {history, space} of sources)
    if (space.replaced.objects > 0)
      lines.push(
        `Waiting for the next backup of ${history.source}: ${amountText(space.replaced)}, repacked; they are deleted when its newest snapshot counts on the new packs.`,
      );
  return lines.join('\n');
}

/** How much of a generation is dead, and what a repack makes of it. */
export function repackText({source, generation, packs, deadBytes, rewritten, liveBytes}: RepackPlan): string {
  const share = packs.bytes === 0 ? 0 : Math.round((100 * deadBytes) / packs.bytes);
  const dead = `${source}/${generation}: about ${formatBytes(deadBytes)} of ${formatBytes(packs.bytes)} in ${counted(packs.objects, 'pack')} are dead (${share} %)`;
  if (rewritten.objects === 0) return `${dead}: nothing to repack.`;
  return `${dead}. Repacked, ${counted(rewritten.objects, 'pack')} of ${formatBytes(rewritten.bytes)} become about ${formatBytes(liveBytes)}.`;
}

/** What a repack did. */
export function repackedText(
  {source, generation, rewritten, stored = {objects: 0, bytes: 0}}: RepackResult,
  graceText: string,
): string {
  return `Repacked ${source}/${generation}: ${amountText(stored)} stored in the place of ${amountText(rewritten)}. Those are deleted by a prune that runs ${graceText} later or more, and of the newest generation not before ${source} was backed up again.`;
}

/** What is to be marked. */
export function deadOf(plan: PrunePlan): Amount {
  return total(plan, ({space}) => space.dead);
}

function total({sources}: PrunePlan, of: (source: PrunePlan['sources'][number]) => Amount): Amount {
  return {
    objects: sources.reduce((sum, source) => sum + of(source).objects, 0),
    bytes: sources.reduce((sum, source) => sum + of(source).bytes, 0),
  };
}

/** Where the space of the repository is. */
export function spaceText({sources}: PrunePlan, width: number | undefined): string {
  return renderTable(
    [
      {title: 'SOURCE', flexible: true},
      {title: 'LIVE', align: 'right'},
      {title: 'DEAD', align: 'right'},
      {title: 'WAITING', align: 'right'},
      {title: 'LOCKED', align: 'right'},
      {title: 'UNFINISHED', align: 'right'},
    ],
    sources.map(({history: {source}, space}) => [
      source,
      ...[
        space.live.bytes,
        space.dead.bytes,
        space.waiting.bytes + space.replaced.bytes,
        space.locked.bytes,
        space.unfinished.bytes,
      ].map(formatBytes),
    ]),
    width,
  );
}

export function amountText({objects, bytes}: Amount): string {
  return `${counted(objects, 'object')} (${formatBytes(bytes)})`;
}
