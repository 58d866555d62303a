/** How much of what is stored no snapshot needs: for the figures that are watched. */
import type {History} from '../../repository/history.ts';
import {type PlanContext, planSource, type Space} from './plan.ts';

const GRACE_MS = 24 * 3_600_000;

/**
 * Of all sources, what is marked, and what was left behind for longer than a day. What the retention would remove is not dead yet, nor is
 * what lies beside something alive in a pack: that only the key tells.
 */
export async function deadBytes(
  context: PlanContext,
  {sources}: Pick<History, 'sources'>,
  now: Date,
): Promise<number> {
  let bytes = 0;
  for (const source of sources) {
    if (source.problems.length > 0) continue;
    const options = {retentionOf: () => undefined, graceMs: GRACE_MS, storageMs: now.getTime()};
    bytes += deadIn((await planSource(context, source, options)).space);
  }
  return bytes;
}

export function deadIn({dead, waiting, replaced}: Space): number {
  return dead.bytes + waiting.bytes + replaced.bytes;
}
