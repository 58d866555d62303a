/** The plan of a prune, per source: which snapshots go, what is marked with them, and where the space is. Nothing is written here. */
import pMap from 'p-map';
import type {Retention} from '../../config/retention.ts';
import {provenSnapshots} from '../../repository/drill-history.ts';
import type {DrillReport} from '../../repository/drill-report.ts';
import type {SourceHistory} from '../../repository/history.ts';
import {parseSealObject, sealObject} from '../../repository/layout.ts';
import type {MarkedObjects, StoredMark} from '../../repository/marks.ts';
import {isPinned, type Pins, readPins} from '../../repository/pins.ts';
import type {Repository} from '../../repository/repository.ts';
import type {CheckedSeal} from '../../repository/seal.ts';
import type {TrustFile} from '../../repository/trust.ts';
import type {CallOptions} from '../../targets/target.ts';
import {isBackedUpNow} from './clock-lease.ts';
import {type Decision, decide} from './decide.ts';
import {isStoredIn, listStored, neededBy, type Stored, type StoredObject, Wholeness} from './survey.ts';
import {dueMarks} from './sweep.ts';

export interface PlanContext extends CallOptions {
  readonly repository: Repository;
  readonly trust: TrustFile;
  /** Drill reports that count. */
  readonly drills: readonly DrillReport[];
}

export interface PlanOptions {
  /** Undefined where nothing says what is kept: then every snapshot of the source is. */
  retentionOf(source: string): Retention | undefined;
  /** How long something stays marked before it is swept, and unfinished before it is marked. */
  readonly graceMs: number;
  /** The storage's time, in ms since the epoch. */
  readonly storageMs: number;
}

/** Number and bytes of objects. */
export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

/** Where the space of a source is. */
export interface Space {
  /** What the snapshots that stay need. */
  readonly live: Amount;
  /** What nothing needs, and is marked now. */
  readonly dead: Amount;
  /** Marked before, and waiting to be swept. */
  readonly waiting: Amount;
  /** With others in its place, and waiting until the machine that backs up names those: until its next backup. */
  readonly replaced: Amount;
  /** Of those that wait or are dead: locked by the storage. */
  readonly locked: Amount;
  /** Of runs that were cut off lately, or are under way. */
  readonly unfinished: Amount;
}

export interface SourcePlan {
  readonly history: SourceHistory;
  readonly pins: Pins;
  readonly decision: Decision;
  /** What is to be marked beside the removed snapshots. */
  readonly generations: readonly string[];
  readonly objects: readonly MarkedObjects[];
  /** Number and bytes of the packs among what is to be marked. */
  readonly packs: Amount;
  /** Of what waits: what was marked long enough ago to be swept now. */
  readonly due: Amount;
  /** Marks that have nothing left to sweep. */
  readonly done: readonly StoredMark[];
  readonly space: Space;
}

const PARALLEL_LOOKS = 8;

export async function planSource(
  {repository, trust, drills, signal}: PlanContext,
  history: SourceHistory,
  {retentionOf, graceMs, storageMs}: PlanOptions,
): Promise<SourcePlan> {
  const {target} = repository;
  const stored = await listStored(target, history, {signal});
  const wholeness = new Wholeness(target, history, stored);
  const whole = new Set<CheckedSeal>();
  for (const seal of history.seals) if (await wholeness.isWhole(seal)) whole.add(seal);
  const pins = await readPins(repository, history.source, trust);
  const decision = decide({
    history,
    retention: retentionOf(history.source),
    whole,
    isPinned: ({hash}) => isPinned(pins, hash),
    proven: lastProven(history, drills),
  });
  const isBusy = await isBackedUpNow(repository, history.source, storageMs);
  const sorted = sortObjects(history, stored, decision, {
    whole,
    isOld: (objects) => !isBusy && objects.every(({modifiedMs}) => storageMs - modifiedMs >= graceMs),
  });
  const [dead, waiting] = [sorted.dead, sorted.waiting];
  const locked =
    target.extendLock === undefined ? [] : await lockedOf(repository, [...dead, ...waiting], storageMs);
  return {
    history,
    pins,
    decision,
    generations: sorted.generations,
    objects: sorted.objects,
    packs: amountOf(dead.filter(({kind}) => kind === 'pack')),
    due: amountOf(waiting.filter(dueIn(history, {graceMs, storageMs}))),
    done: doneMarks(history, stored, [...sorted.live, ...sorted.replaced]),
    space: {
      live: amountOf(sorted.live),
      dead: amountOf(dead),
      waiting: amountOf(waiting),
      replaced: amountOf(sorted.replaced),
      locked: amountOf(locked),
      unfinished: amountOf(sorted.unfinished),
    },
  };
}

/** Of all drills, the snapshot that the latest one proved; and of all proven ones the newest. */
function lastProven(history: SourceHistory, drills: readonly DrillReport[]): Set<string> {
  const proven = provenSnapshots(history, drills);
  const [latest] = [...proven.values()].sort((a, b) => (a.report.finished > b.report.finished ? -1 : 1));
  const newest = history.seals.findLast(({snapshot}) => proven.has(snapshot.id));
  return new Set([latest?.subject.snapshot, newest?.snapshot.id].filter((id) => id !== undefined));
}

interface Sorted {
  readonly live: StoredObject[];
  readonly dead: StoredObject[];
  readonly waiting: StoredObject[];
  readonly replaced: StoredObject[];
  readonly unfinished: StoredObject[];
  readonly generations: string[];
  readonly objects: MarkedObjects[];
}

/** Tells for every stored object whether it is needed, marked, to be marked, or left alone for now. */
function sortObjects(
  history: SourceHistory,
  stored: Stored,
  {kept, removed}: Decision,
  {whole, isOld}: {whole: ReadonlySet<CheckedSeal>; isOld(objects: readonly StoredObject[]): boolean},
): Sorted {
  const {needed, named, unclear} = neededBy(
    history,
    kept.map(({seal}) => seal),
    isStoredIn(stored, history.source),
  );
  const wasNeeded = neededBy(history, [...removed, ...history.removed]).needed;
  const read = new Set([...history.seals, ...history.removed].map(({snapshot}) => snapshot.id as string));
  const sorted: Sorted = {
    live: [],
    dead: [],
    waiting: [],
    replaced: [],
    unfinished: [],
    generations: [],
    objects: [],
  };
  for (const [generation, objects] of stored) {
    const all = [...objects.values()];
    const isLiving = kept.some(({seal}) => seal.generation === generation);
    // Nobody knows what a seal needs that cannot be read, or builds on one that is lost: its generation is left alone.
    const isFrozen =
      unclear.some((seal) => seal.generation === generation) ||
      all.some(({kind, name}) => kind === 'seal' && !read.has(idOfSeal(name)));
    if (isFrozen) sorted.live.push(...all);
    else if (isLiving) sortLiving(generation, all);
    else sortWhole(generation, all);
  }
  return sorted;

  function sortLiving(generation: string, all: readonly StoredObject[]): void {
    // A mark of the whole came too late for one that was sealed after all.
    const isMarked = (key: string): boolean =>
      !history.marks.isWhollyMarked(generation) && history.marks.isMarked(generation, key);
    // What a snapshot lacks may have been stored again, in packs that only later ones name.
    const isHealed = kept.some(({seal}) => seal.generation === generation && !whole.has(seal));
    const dead: StoredObject[] = [];
    const orphans: StoredObject[] = [];
    for (const object of all) {
      const {kind, name, key} = object;
      if (named.has(name)) sorted.replaced.push(object);
      else if (needed.has(name) || kind === 'secret' || kind === 'other') sorted.live.push(object);
      else if (kind === 'seal') sorted.waiting.push(object);
      else if (isHealed && kind !== 'snapshot') sorted.live.push(object);
      else if (isMarked(key)) sorted.waiting.push(object);
      else if (wasNeeded.has(name)) dead.push(object);
      else orphans.push(object);
    }
    if (isOld(orphans)) dead.push(...orphans);
    else sorted.unfinished.push(...orphans);
    if (dead.length === 0) return;
    const keysOf = (wanted: StoredObject['kind']): string[] =>
      dead.filter(({kind}) => kind === wanted).map(({key}) => key);
    sorted.dead.push(...dead);
    sorted.objects.push({
      generation,
      packs: keysOf('pack').sort(),
      index: keysOf('index').sort(),
      snapshots: keysOf('snapshot').sort(),
    });
  }

  function sortWhole(generation: string, all: readonly StoredObject[]): void {
    if (history.marks.isWhollyMarked(generation)) sorted.waiting.push(...all);
    else if (all.some(({kind}) => kind === 'seal') || (all.length > 0 && isOld(all))) {
      sorted.dead.push(...all);
      sorted.generations.push(generation);
    } else sorted.unfinished.push(...all);
  }
}

/** Tells what of that which waits is marked by marks that are old enough. */
function dueIn(
  {source, marks}: SourceHistory,
  when: Pick<PlanOptions, 'graceMs' | 'storageMs'>,
): (object: StoredObject) => boolean {
  const due = dueMarks(marks, when);
  return ({kind, name, key}) => {
    const generation = name.split('/')[1] ?? '';
    if (due.isWhollyMarked(generation)) return true;
    if (kind !== 'seal') return due.isMarked(generation, key);
    return due.isRemoved(parseSealObject({source, generation}, name)?.sequence ?? 0);
  };
}

function idOfSeal(name: string): string {
  return /-([0-9a-f]{16})\.asc$/.exec(name)?.[1] ?? '';
}

/** Marks of which nothing is left but the word that seals were removed; a later mark can say that, too. */
function doneMarks(
  {marks, removed, seals}: SourceHistory,
  stored: Stored,
  live: readonly StoredObject[],
): StoredMark[] {
  const needed = new Set(live.map(({name}) => name));
  const present = new Set([...seals, ...removed].map(({snapshot}) => snapshot.id as string));
  const keys = new Map(
    [...stored].map(([generation, objects]) => [
      generation,
      new Set([...objects.values()].filter(({name}) => !needed.has(name)).map(({key}) => key)),
    ]),
  );
  return marks.all.filter(
    (mark) =>
      mark.generations.every(
        (generation) =>
          (stored.get(generation)?.size ?? 0) === 0 || seals.some((seal) => seal.generation === generation),
      ) &&
      (mark.repacked ?? []).every(({snapshots}) => !snapshots.some((id) => present.has(id))) &&
      mark.objects.every(({generation, packs, index, snapshots}) =>
        [...packs, ...index, ...snapshots].every((key) => keys.get(generation)?.has(key) !== true),
      ) &&
      removed.every(
        (seal) =>
          !mark.removed.some(([from, to]) => from <= seal.sequence && seal.sequence <= to) ||
          needed.has(sealObject(seal, seal.sequence, seal.snapshot.id)),
      ),
  );
}

/** Stores that can lock tell it of each object alone. */
async function lockedOf(
  {target}: Repository,
  objects: readonly StoredObject[],
  storageMs: number,
): Promise<StoredObject[]> {
  const looked = await pMap(
    objects,
    async (object) => ((await target.stat(object.name))?.lockedUntilMs ?? 0) > storageMs,
    {concurrency: PARALLEL_LOOKS},
  );
  return objects.filter((_, at) => looked[at] === true);
}

function amountOf(objects: readonly StoredObject[]): Amount {
  return {objects: objects.length, bytes: objects.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0)};
}
