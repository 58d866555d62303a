/** Deletes what was marked long enough ago, and that nothing needs: looked up anew, right before. Killed anywhere, the next sweep goes on. */
import pMap from 'p-map';
import type {SourceHistory} from '../../repository/history.ts';
import {sealObject} from '../../repository/layout.ts';
import {Marks} from '../../repository/marks.ts';
import {type CallOptions, ObjectLockedError, type Target} from '../../targets/target.ts';
import type {OnProgress} from '../progress.ts';
import {
  isStoredIn,
  listGeneration,
  neededBy,
  type ObjectKind,
  type StoredGeneration,
  type StoredObject,
} from './survey.ts';

export interface SweepOptions extends CallOptions {
  /** Marks that are at least so old by the storage's clock are swept. */
  readonly graceMs: number;
  /** The storage's time, in ms since the epoch. */
  readonly storageMs: number;
  readonly onProgress?: OnProgress | undefined;
}

export interface SweptLock {
  readonly object: string;
  readonly untilMs: number;
}

export interface Swept {
  objects: number;
  bytes: number;
  packs: number;
  packBytes: number;
  generations: number;
  /** The first locked object of each generation that the storage does not let go of yet; the rest of it waits. */
  readonly locked: SweptLock[];
}

export function newSwept(): Swept {
  return {objects: 0, bytes: 0, packs: 0, packBytes: 0, generations: 0, locked: []};
}

/** Who needs others goes before them: whatever is left after a kill, no seal counts on what is gone. */
const ORDER: readonly ObjectKind[] = ['seal', 'snapshot', 'index', 'pack', 'other', 'secret'];
const PARALLEL_DELETES = 8;

/** @param history read after the marks were written: it is what decides */
export async function sweepSource(
  target: Target,
  history: SourceHistory,
  options: SweepOptions,
  swept: Swept,
): Promise<void> {
  const due = dueMarks(history.marks, options);
  if (due.all.length === 0) return;
  const {going = [], waiting = []} = Object.groupBy(history.removed, ({sequence}) =>
    due.isRemoved(sequence) ? 'going' : 'waiting',
  );
  const staying = [...history.seals, ...waiting];
  const repacked = new Set(history.marks.repacks.all.map(({generation}) => generation));
  const listed = new Map<string, StoredGeneration>();
  for (const generation of repacked)
    listed.set(generation, await listGeneration(target, {source: history.source, generation}, options));
  // What lies in a pack goes only if all that stands in its place is there.
  const {needed, unclear} = neededBy(history, staying, isStoredIn(listed, history.source));
  const read = new Set(
    [...staying, ...going].map((seal) => sealObject(seal, seal.sequence, seal.snapshot.id)),
  );
  for (const generation of history.generations) {
    const isLiving = staying.some((seal) => seal.generation === generation);
    const isWhole = !isLiving && due.isWhollyMarked(generation);
    const seals = new Set(
      going
        .filter((seal) => seal.generation === generation)
        .map((seal) => sealObject(seal, seal.sequence, seal.snapshot.id)),
    );
    if (!isWhole && seals.size === 0 && !due.hasMarked(generation)) continue;
    const stored =
      listed.get(generation) ?? (await listGeneration(target, {source: history.source, generation}, options));
    const isFrozen =
      unclear.some((seal) => seal.generation === generation) ||
      [...stored.values()].some(({kind, name}) => kind === 'seal' && !read.has(name));
    if (isFrozen) continue;
    const isMarked = (key: string): boolean =>
      key !== '' && !due.isWhollyMarked(generation) && due.isMarked(generation, key);
    const victims = [...stored.values()].filter(
      ({name, key, kind}) =>
        !needed.has(name) && (isWhole || (kind === 'seal' ? seals.has(name) : isMarked(key))),
    );
    const isAllGone = await removeAll(target, victims, options, swept);
    if (isWhole && isAllGone) swept.generations++;
  }
}

/** Those that are old enough. */
export function dueMarks(
  marks: Marks,
  {storageMs, graceMs}: Pick<SweepOptions, 'storageMs' | 'graceMs'>,
): Marks {
  return new Marks(marks.all.filter(({storedMs}) => storageMs - storedMs >= graceMs));
}

/** @returns false where a lock stopped it */
async function removeAll(
  target: Target,
  victims: readonly StoredObject[],
  {signal, onProgress}: SweepOptions,
  swept: Swept,
): Promise<boolean> {
  let done = 0;
  let lock: SweptLock | undefined;
  for (const kind of ORDER) {
    await pMap(
      victims.filter((object) => object.kind === kind),
      async ({name, sizeBytes}) => {
        signal?.throwIfAborted();
        // What belongs together is locked together: the first lock tells of all.
        if (lock !== undefined) return;
        try {
          await target.remove(name, {signal});
        } catch (error) {
          if (!(error instanceof ObjectLockedError)) throw error;
          lock ??= {object: name, untilMs: error.untilMs};
          return;
        }
        swept.objects++;
        swept.bytes += sizeBytes;
        if (kind === 'pack') {
          swept.packs++;
          swept.packBytes += sizeBytes;
        }
        onProgress?.({
          phase: 'prune',
          files: {done: ++done, total: victims.length},
          bytes: {done: swept.bytes},
          current: name,
        });
      },
      {concurrency: PARALLEL_DELETES},
    );
  }
  if (lock !== undefined) swept.locked.push(lock);
  return lock === undefined;
}
