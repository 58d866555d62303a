/** Marks in a copy: those without which its chain of seals would look cut. What the copy has of pruned snapshots stays as it is. */
import pMap from 'p-map';
import {DamageError} from '../errors.ts';
import {lineOf, type SourceHistory} from '../repository/history.ts';
import {indexObject, markObject, operatorObject, packObject} from '../repository/layout.ts';
import {MARK_MOST_BYTES, type Marks, type StoredMark} from '../repository/marks.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import {readObject} from '../targets/read.ts';
import {ObjectExistsError, type Target} from '../targets/target.ts';

const PARALLEL_LOOKS = 8;

/** What a copy gets of a source: its snapshots without those that were pruned in the copy, and removed seals that they build on. */
export function sealsFor(history: SourceHistory, inCopy: Marks): CheckedSeal[] {
  const wanted = history.seals.filter(({sequence}) => !inCopy.isRemoved(sequence));
  const line = new Set(wanted.flatMap((seal) => lineOf(history, seal) ?? [seal]));
  return [...history.seals, ...history.removed]
    .filter((seal) => line.has(seal))
    .sort((a, b) => a.sequence - b.sequence);
}

/**
 * Copies the marks of seals that the copy lacks, and the keys of who signed them.
 * @param there the sequence numbers of the seals that the copy had
 * @returns how many objects
 */
export async function copyMarks(
  from: Target,
  to: Target,
  {source, marks}: SourceHistory,
  {there, inCopy, signal}: {there: ReadonlySet<number>; inCopy: Marks; signal: AbortSignal | undefined},
): Promise<number> {
  let copied = 0;
  // Whoever repacked signed index objects, which seals need. Of others a key without a mark would only be one more to approve.
  const repacking = marks.all.filter(({repacked = []}) => repacked.length > 0);
  for (const operator of new Set(repacking.map((mark) => mark.operator))) {
    const name = operatorObject(operator);
    const body = await readObject(from, name, {maxBytes: MARK_MOST_BYTES, signal});
    if (await putOnce(to, name, body, signal)) copied++;
  }
  const standIns = await completeRepacks(to, {source, marks}, inCopy, signal);
  const lacks = ({removed}: StoredMark): boolean =>
    removed.some(([first, last]) => {
      const present = [...there].filter((sequence) => first <= sequence && sequence <= last).length;
      return present <= last - first && !inCopy.cover(first, last);
    });
  for (const mark of marks.all.filter((one) => lacks(one) || standIns.has(one))) {
    for (const name of [operatorObject(mark.operator), markObject(source, mark.id)]) {
      const body = await readObject(from, name, {maxBytes: MARK_MOST_BYTES, signal});
      if (await putOnce(to, name, body, signal)) copied++;
    }
  }
  return copied;
}

/** Marks that the copy lacks, and that say what stands in for what, where the copy has all that stands in. */
async function completeRepacks(
  to: Target,
  {source, marks}: Pick<SourceHistory, 'source' | 'marks'>,
  inCopy: Marks,
  signal: AbortSignal | undefined,
): Promise<Set<StoredMark>> {
  const complete = new Set<StoredMark>();
  for (const mark of marks.all) {
    const {repacked = []} = mark;
    if (repacked.length === 0 || inCopy.names.has(markObject(source, mark.id))) continue;
    const names = repacked.flatMap(({generation, packs, index}) => [
      ...packs.map(([name, size]) => [packObject({source, generation}, name), size] as const),
      ...index.map(([name, size]) => [indexObject({source, generation}, name), size] as const),
    ]);
    const there = await pMap(
      names,
      async ([name, size]) => (await to.stat(name, {signal}))?.sizeBytes === size,
      {concurrency: PARALLEL_LOOKS},
    );
    if (there.every(Boolean)) complete.add(mark);
  }
  return complete;
}

/** @returns false where it was there already. @throws {@link DamageError} where the name holds something else */
async function putOnce(
  to: Target,
  name: string,
  body: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if ((await to.stat(name, {signal})) !== undefined) return false;
  try {
    await to.put(name, body, {signal});
    return true;
  } catch (error) {
    if (!(error instanceof ObjectExistsError)) throw error;
    const found = await readObject(to, name, {maxBytes: MARK_MOST_BYTES, signal});
    if (Buffer.compare(found, body) === 0) return false;
    throw new DamageError(name, `in ${to.label} there is something else under its name`);
  }
}
