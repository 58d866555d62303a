/** Object Lock: what a new snapshot still needs of earlier ones stays locked as long as its own objects. */
import pMap from 'p-map';
import {type GenerationPlace, generationPrefix, MARKER} from '../repository/layout.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import type {ObjectName} from '../targets/target.ts';
import type {SourceRun} from './backup.ts';

const PARALLEL = 8;
/** So many times within the length of a lock the older objects are locked anew. */
const TIMES_PER_LOCK = 4;

/**
 * Locks the older objects of the generation anew, before the seal that counts on them: at the first snapshot in each quarter of the
 * length of the lock. So whatever a snapshot needs stays locked for at least three quarters of that length after it, and no machine
 * needs to remember when it locked what.
 */
export async function extendLocks(
  {repository: {target}, now, signal}: Pick<SourceRun, 'repository' | 'now' | 'signal'>,
  place: GenerationPlace,
  last: CheckedSeal | undefined,
): Promise<void> {
  const {lock} = target;
  if (lock === undefined || last?.generation !== place.generation) return;
  const quarter = (ms: number) => Math.floor(ms / (lock.forMs / TIMES_PER_LOCK));
  const nowMs = now().getTime();
  if (quarter(nowMs) === quarter(Date.parse(last.finished))) return;
  const names: ObjectName[] = [MARKER];
  for (const prefix of ['agents/', generationPrefix(place)])
    for await (const {name} of target.list(prefix, {signal})) names.push(name);
  await pMap(names, async (name) => target.extendLock?.(name, nowMs + lock.forMs, {signal}), {
    concurrency: PARALLEL,
  });
}
