/** Object Lock: what a new snapshot still needs of earlier ones stays locked as long as its own objects. */
import pMap from 'p-map';
import type {SourceHistory} from '../repository/history.ts';
import {type GenerationPlace, generationPrefix, MARKER, parseSealObject} from '../repository/layout.ts';
import type {Marks} from '../repository/marks.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import type {ObjectName} from '../targets/target.ts';
import type {SourceRun} from './backup.ts';
import {kindOf} from './prune/survey.ts';

const PARALLEL = 8;
/** So many times within the length of a lock the older objects are locked anew. */
const TIMES_PER_LOCK = 4;

/**
 * Locks the older objects of the generation anew, before the seal that counts on them: at the first snapshot in each quarter of the
 * length of the lock. So whatever a snapshot needs stays locked for at least three quarters of that length after it, and no machine
 * needs to remember when it locked what. What a prune or repack marked, and the new seal does not need, may go when its lock ends.
 * @param needed hashes of the packs and index objects that the new seal needs; undefined where that is not certain
 */
export async function extendLocks(
  {repository: {target}, now, signal}: Pick<SourceRun, 'repository' | 'now' | 'signal'>,
  {marks}: Pick<SourceHistory, 'marks'>,
  place: GenerationPlace,
  last: CheckedSeal | undefined,
  needed: () => ReadonlySet<string> | undefined,
): Promise<void> {
  const {lock} = target;
  if (lock === undefined || last?.generation !== place.generation) return;
  const quarter = (ms: number) => Math.floor(ms / (lock.forMs / TIMES_PER_LOCK));
  const nowMs = now().getTime();
  if (quarter(nowMs) === quarter(Date.parse(last.finished))) return;
  const isToGo = marked(marks, place, needed);
  const names: ObjectName[] = [MARKER];
  for (const prefix of ['agents/', generationPrefix(place)])
    for await (const {name} of target.list(prefix, {signal})) if (!isToGo(name)) names.push(name);
  await pMap(names, async (name) => target.extendLock?.(name, nowMs + lock.forMs, {signal}), {
    concurrency: PARALLEL,
  });
}

/** Whether an object is only waiting to be swept. */
function marked(
  marks: Marks,
  place: GenerationPlace,
  needed: () => ReadonlySet<string> | undefined,
): (name: ObjectName) => boolean {
  const stays = marks.all.length === 0 ? undefined : needed();
  if (stays === undefined) return () => false;
  return (name) => {
    const seal = parseSealObject(place, name);
    if (seal !== undefined) return marks.isRemoved(seal.sequence);
    const {key} = kindOf(place, name);
    return key !== '' && marks.isMarked(place.generation, key) && !stays.has(key);
  };
}
