/** The end of a backup: snapshot object, then the seal, which makes it a snapshot, then the catalog. */
import type {Session} from '../crypto/seipd.ts';
import {LockedError} from '../errors.ts';
import {encryptionFingerprint} from '../repository/agent.ts';
import type {Json} from '../repository/canonical.ts';
import {acceptHistory, lineOf, packMd5s, type SourceHistory, statedNeeds} from '../repository/history.ts';
import {
  type GenerationPlace,
  parseSealObject,
  type SnapshotId,
  sealObject,
  sealsPrefix,
  sha256,
  snapshotObject,
} from '../repository/layout.ts';
import {type ByteCounts, type CheckedSeal, makeSeal, type Needs, type SizedName} from '../repository/seal.ts';
import {makeSnapshot, type Suspicion} from '../repository/snapshot.ts';
import {encodeEntry, type TreeEntry} from '../repository/tree.ts';
import type {WalkCounts} from '../sources/folder/walk-progress.ts';
import type {SourceRun} from './backup.ts';
import {extendLocks} from './backup-locks.ts';
import {refuseMarked} from './backup-marks.ts';
import type {PackStore} from './backup-packs.ts';
import {placeOf} from './backup-read.ts';
import {type DumpContents, suspicionsOf} from './suspicion.ts';
import type {WarningList} from './warnings.ts';

export interface Walked {
  readonly root: TreeEntry;
  readonly counts: WalkCounts;
  readonly warnings: WarningList;
  /** Bytes of new blobs, before compression. */
  readonly newBytes: number;
  /** Of a source that is no folder. */
  readonly dump?: DumpContents | undefined;
  readonly witness?: Json | undefined;
}

export interface Committed {
  readonly id: SnapshotId | null;
  readonly parent: SnapshotId | null;
  readonly sequence: number;
  readonly bytes: ByteCounts;
  readonly suspect: readonly Suspicion[];
}

/** A seal lists everything it needs at least this often, so that a chain of seals stays short. */
const SEALS_BETWEEN_FULL_LISTS = 31;
/** A longer list goes without: a seal has its bounds. */
const MD5S_MOST = 20_000;

export async function commitSnapshot(
  run: SourceRun,
  session: Session,
  packs: PackStore,
  walked: Walked,
): Promise<Committed> {
  const {repository, catalog, trust, source, generation, agent, history, options, now, signal} = run;
  const place: GenerationPlace = {source: source.name, generation: generation.name};
  const last = history.seals.at(-1);
  // After a rollback that the operator accepts, numbers that were used are not used again.
  const used = [last, trust.seen(source.name), catalog.snapshots.newest(source.name)];
  const sequence = Math.max(...used.map((seal) => seal?.sequence ?? 0)) + 1;
  const parent = last?.snapshot.id ?? null;
  const bytes = {...walked.counts.bytes, new: walked.newBytes, stored: packs.storedBytes};
  const suspect = suspicionsIn(run, walked, bytes);
  if (options.dryRun === true) return {id: null, parent, sequence, bytes, suspect};

  const finished = now().toISOString();
  const common = {
    repository: repository.id,
    ...place,
    agent: agent.fingerprint,
    sequence,
    kind: run.kind,
    started: run.started.toISOString(),
    finished,
    tags: [...new Set([...source.tags, ...(options.tags ?? [])])],
    entries: walked.counts.entries,
  };
  const snapshot = await makeSnapshot(
    {
      ...common,
      bytes,
      parent,
      host: run.host,
      path: Buffer.from(placeOf(source)),
      root: walked.root,
      warnings: walked.warnings.kept,
      warningsOmitted: walked.warnings.omitted,
      ...(suspect.length > 0 && {suspect}),
      witness: walked.witness,
    },
    agent,
    session,
    now(),
  );
  await repository.target.put(snapshotObject(place, snapshot.id), snapshot.object, {signal});
  const stored = bytes.stored + snapshot.object.length;
  await extendLocks(
    run,
    history,
    place,
    last,
    () =>
      new Set(
        [...catalog.blobs.packs(generation.id), ...catalog.blobs.indexObjects(generation.id)].map(
          ({name}) => name,
        ),
      ),
  );
  const seal = await makeSeal(
    {
      ...common,
      bytes: {...bytes, stored},
      previous: last?.hash ?? null,
      generationKey: encryptionFingerprint(run.key),
      snapshot: {id: snapshot.id, size: snapshot.object.length, sha256: sha256(snapshot.object)},
      warnings: walked.warnings.count,
      secrets: generation.secrets,
      needs: needsOf(run, last, packs.md5s),
      ...(suspect.length > 0 && {suspect: [...new Set(suspect.map(({reason}) => reason))]}),
    },
    agent,
    now(),
  );
  const sealName = sealObject(place, sequence, snapshot.id);
  await lookOnceMore(run, place, last);
  run.places?.sealing(sealName);
  await repository.target.put(sealName, seal.object, {signal});

  catalog.transaction(() => {
    catalog.directories.commitWalk(source.name, generation.id);
    if (options.acceptHistory === true) catalog.snapshots.replaceAll(source.name, history.seals);
    catalog.snapshots.add({
      source: source.name,
      sequence,
      id: snapshot.id,
      generation: generation.name,
      sealSha256: seal.checked.hash,
      seal: seal.checked.payload,
      root: encodeEntry(walked.root),
    });
    catalog.sizes.add(repository.target.label, snapshot.object.length + seal.object.length);
    if (suspect.length === 0 && walked.dump !== undefined)
      catalog.snapshots.keepLastGood(source.name, JSON.stringify(walked.dump));
  });
  const {label} = repository.target;
  if (options.acceptHistory === true) acceptHistory(trust, history, seal.checked, label);
  else trust.remember({[source.name]: {sequence, hash: seal.checked.hash}}, label);
  run.places?.sealed({
    ...history,
    seals: [...history.seals, seal.checked],
    sealNames: new Map([...history.sealNames, [sealName, run.now().getTime()]]),
    generations: [...new Set([...history.generations, generation.name])],
  });
  return {id: snapshot.id, parent, sequence, bytes: {...bytes, stored: stored + seal.object.length}, suspect};
}

/** A look that took longer, on a machine that slept meanwhile, is made again; on a storage that is so slow, at most this often. */
const LOOK_MOST_MS = 60_000;
const LOOKS_MOST = 3;

/** Right before the seal: nobody else sealed meanwhile, and nothing that it counts on is about to be swept. */
async function lookOnceMore(
  run: SourceRun,
  place: GenerationPlace,
  last: CheckedSeal | undefined,
): Promise<void> {
  for (let looks = 1; looks <= LOOKS_MOST; looks++) {
    const beganMs = run.now().getTime();
    await refuseOtherWriter(run, place, last);
    await refuseMarked(run, place);
    if (run.now().getTime() - beganMs < LOOK_MOST_MS) return;
  }
}

/** What is suspicious, unless the operator has looked. */
function suspicionsIn(
  {source, options, kind, history, catalog}: SourceRun,
  {counts, dump}: Walked,
  bytes: ByteCounts,
): Suspicion[] {
  if (options.allowEmpty === true) return [];
  const before = catalog.snapshots.lastGood(source.name);
  return suspicionsOf({kind, entries: counts.entries, bytes, dump}, history, {
    mayShrink: source.allowEmpty,
    before: before === undefined ? undefined : (JSON.parse(before) as DumpContents),
  });
}

/** All packs and index objects of the generation, as a difference to the seal before where that is shorter. */
function needsOf(
  {catalog, generation, history}: SourceRun,
  last: CheckedSeal | undefined,
  md5s: ReadonlyMap<string, string>,
): Needs {
  const all = {
    packs: catalog.blobs.packs(generation.id).map(({name, size}): SizedName => [name, size]),
    index: catalog.blobs.indexObjects(generation.id).map(({name, size}): SizedName => [name, size]),
  };
  const before =
    last?.generation === generation.name && lineLength(history, last) <= SEALS_BETWEEN_FULL_LISTS
      ? statedNeeds(history, last)
      : undefined;
  if (last === undefined || before === undefined) {
    const known = new Map([...packMd5s(history.seals), ...md5s]);
    return {base: null, ...all, dropped: [], ...md5Of(all.packs, known)};
  }
  const held = new Set([...all.packs, ...all.index].map(([name]) => name));
  const packs = all.packs.filter(([name]) => !before.packs.has(name));
  return {
    base: last.hash,
    packs,
    index: all.index.filter(([name]) => !before.index.has(name)),
    dropped: [...before.packs.keys(), ...before.index.keys()].filter((name) => !held.has(name)).sort(),
    ...md5Of(packs, md5s),
  };
}

function md5Of(packs: readonly SizedName[], known: ReadonlyMap<string, string>): Pick<Needs, 'md5'> {
  if (packs.length > MD5S_MOST || !packs.some(([name]) => known.has(name))) return {};
  return {md5: packs.map(([name]) => known.get(name) ?? '')};
}

/** How many seals tell together what the last one needs. */
function lineLength(history: SourceHistory, last: CheckedSeal): number {
  return lineOf(history, last)?.length ?? Number.POSITIVE_INFINITY;
}

/** Looks once more, right before the seal: whoever sealed meanwhile built on the same parent, and this would be a fork. */
async function refuseOtherWriter(
  {repository, source, history}: SourceRun,
  place: GenerationPlace,
  last: CheckedSeal | undefined,
): Promise<void> {
  const generations = new Set([place.generation, ...(last === undefined ? [] : [last.generation])]);
  for await (const name of repository.target.listFolders(`${source.name}/`))
    if (!history.generations.includes(name)) generations.add(name);
  for (const generation of generations) {
    for await (const {name} of repository.target.list(sealsPrefix({...place, generation}))) {
      const sealed = parseSealObject({...place, generation}, name);
      if (sealed === undefined || history.sealNames.has(name)) continue;
      throw new LockedError(
        `Another run sealed snapshot number ${sealed.sequence} of ${source.name} while this one was under way.`,
        {
          hint: 'Run the backup again: what was stored is used. If two machines share this source, give each its own.',
        },
      );
    }
  }
}
