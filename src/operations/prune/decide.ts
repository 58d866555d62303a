/** Decides which snapshots of a source stay, and why; the guards stand above every policy. */
import type {Retention} from '../../config/retention.ts';
import type {SourceHistory} from '../../repository/history.ts';
import {sealObject} from '../../repository/layout.ts';
import type {CheckedSeal} from '../../repository/seal.ts';
import {type Candidate, keptBy, type RetentionRule, soundTimes} from './retention.ts';

export type KeepReason =
  | RetentionRule
  | 'newest'
  | 'newest good'
  | 'last verified full'
  | 'last proven'
  | 'pinned';

export interface Decision {
  /** Oldest first, with the reasons. */
  readonly kept: readonly {readonly seal: CheckedSeal; readonly reasons: readonly KeepReason[]}[];
  readonly removed: readonly CheckedSeal[];
  /** Set if so much would go that it looks like a mistake, or an attack; in words. */
  readonly abnormal: string | undefined;
}

export interface DecisionFacts {
  readonly history: SourceHistory;
  /** Undefined keeps everything. */
  readonly retention: Retention | undefined;
  /** Those of which everything is stored that they need. */
  readonly whole: ReadonlySet<CheckedSeal>;
  isPinned(seal: CheckedSeal): boolean;
  /** Ids of the snapshots that drills proved last. */
  readonly proven: ReadonlySet<string>;
}

/**
 * Only whole snapshots that are not suspect count towards what a policy keeps: whatever else there is takes no place away from them.
 * A snapshot that does not count stays as long as it would if it did.
 */
export function decide({history, retention, whole, isPinned, proven}: DecisionFacts): Decision {
  const {seals} = history;
  const reasons = new Map<CheckedSeal, KeepReason[]>();
  const keep = (seal: CheckedSeal | undefined, reason: KeepReason): void => {
    if (seal === undefined) return;
    const known = reasons.get(seal) ?? [];
    if (!known.includes(reason)) reasons.set(seal, [...known, reason]);
  };
  const counts = (seal: CheckedSeal): boolean => seal.suspect === undefined && whole.has(seal);
  keep(seals.at(-1), 'newest');
  keep(seals.findLast(counts), 'newest good');
  keep(
    seals.findLast((seal) => seal.kind === 'full' && counts(seal)),
    'last verified full',
  );
  for (const seal of seals) {
    if (proven.has(seal.snapshot.id)) keep(seal, 'last proven');
    if (isPinned(seal)) keep(seal, 'pinned');
  }
  const isPolicyInForce = retention !== undefined && seals.some(counts);
  if (isPolicyInForce) {
    for (const times of clocks(history)) {
      const bySequence = new Map(seals.map((seal) => [seal.sequence, seal]));
      const candidates = seals.map(
        ({sequence, kind}, at): Candidate => ({
          sequence,
          timeMs: times[at] as number,
          isFull: kind === 'full',
        }),
      );
      const good = candidates.filter(({sequence}) => counts(bySequence.get(sequence) as CheckedSeal));
      for (const [sequence, rules] of keptBy(retention, good))
        for (const rule of rules) keep(bySequence.get(sequence), rule);
      if (good.length === candidates.length) continue;
      for (const [sequence, rules] of keptBy(retention, candidates)) {
        const seal = bySequence.get(sequence);
        if (seal !== undefined && !counts(seal)) for (const rule of rules) keep(seal, rule);
      }
    }
  }
  const isKept = (seal: CheckedSeal): boolean => !isPolicyInForce || reasons.has(seal);
  const removed = seals.filter((seal) => !isKept(seal));
  return {
    kept: seals.filter(isKept).map((seal) => ({seal, reasons: reasons.get(seal) ?? []})),
    removed,
    abnormal: abnormalShare(seals, removed),
  };
}

/** The times of the snapshots: by the storage's clock, and where that tells another story by the chain as well. */
function clocks({seals, sealNames}: SourceHistory): (readonly number[])[] {
  const {byStorage, byChain} = soundTimes(
    seals.map((seal) => {
      const claimedMs = Date.parse(seal.finished);
      return {
        claimedMs,
        storedMs: sealNames.get(sealObject(seal, seal.sequence, seal.snapshot.id)) ?? claimedMs,
      };
    }),
  );
  return byStorage.every((time, at) => time === byChain[at]) ? [byStorage] : [byStorage, byChain];
}

function abnormalShare(seals: readonly CheckedSeal[], removed: readonly CheckedSeal[]): string | undefined {
  const bytesOf = (some: readonly CheckedSeal[]): number =>
    some.reduce((sum, {bytes}) => sum + bytes.source, 0);
  if (removed.length * 2 > seals.length)
    return `${removed.length} of ${seals.length} snapshots would go, over half`;
  if (bytesOf(removed) * 2 > bytesOf(seals)) return `the snapshots that would go hold over half of the bytes`;
  return undefined;
}
