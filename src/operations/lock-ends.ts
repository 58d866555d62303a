import pMap from 'p-map';
import {sealObject} from '../repository/layout.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import type {Target} from '../targets/target.ts';

const PARALLEL = 8;

/**
 * Until when the seals of snapshots are locked, by their hash, in ms since the epoch; those that are not locked are left out. What a
 * snapshot needs is locked for at least three quarters as long (docs/targets.md).
 */
export async function lockEnds(
  target: Target,
  seals: readonly CheckedSeal[],
  signal?: AbortSignal,
): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  await pMap(
    seals,
    async (seal) => {
      const info = await target.stat(sealObject(seal, seal.sequence, seal.snapshot.id), {signal});
      if (info?.lockedUntilMs !== undefined) ends.set(seal.hash, info.lockedUntilMs);
    },
    {concurrency: PARALLEL},
  );
  return ends;
}
