/** Brings the catalog in line with the repository before a backup relies on it: storage decides. */
import pMap from 'p-map';
import type {BookedBlob} from '../catalog/blobs.ts';
import type {Catalog} from '../catalog/catalog.ts';
import type {GenerationRow, StoredGeneration} from '../catalog/generations.ts';
import {openSession} from '../crypto/message.ts';
import {inspectMessage} from '../crypto/seipd.ts';
import {DamageError, HoldfastError, TamperError} from '../errors.ts';
import type {Agent} from '../repository/agent.ts';
import type {GenerationFacts} from '../repository/generation.ts';
import type {SourceHistory} from '../repository/history.ts';
import {INDEX_MOST_BYTES, readIndex} from '../repository/index-object.ts';
import {
  indexObject,
  indexPrefix,
  type PackName,
  packObject,
  packsPrefix,
  parseHashObject,
  sha256,
} from '../repository/layout.ts';
import type {PackRecord} from '../repository/pack.ts';
import type {Repack} from '../repository/repack.ts';
import type {Repository} from '../repository/repository.ts';
import {readObject} from '../targets/read.ts';
import {marksDigest, mayBeSwept, repacksToFollow} from './backup-marks.ts';

export interface SyncContext {
  readonly repository: Repository;
  readonly catalog: Catalog;
  readonly agent: Agent;
  onNote?(source: string, note: string): void;
  /** Set where what the catalog knows may have been stored in another place than this. */
  readonly places?: object | undefined;
}

/**
 * Damage below a seal that this machine remembers does not stop a backup: what is new must be protected.
 * @throws {@link TamperError} if the end of the repository's history is not a continuation of what this machine knows
 */
export function refuseTampered(history: SourceHistory, catalog: Catalog): void {
  const [problem] = history.endProblems;
  if (problem !== undefined) {
    throw new TamperError(
      `The history of ${history.source} cannot be trusted: ${problem.object}: ${problem.problem}.`,
      {
        hint: 'Run "holdfast verify"; when you know what happened, go on with "holdfast backup --accept-history".',
      },
    );
  }
  const known = catalog.snapshots.newest(history.source);
  if (known === undefined || history.marks.isRemoved(known.sequence)) return;
  if (history.seals.some((seal) => seal.sequence === known.sequence && seal.hash === known.sealSha256))
    return;
  const newest = history.seals.at(-1);
  throw new TamperError(
    `The storage does not have seal ${known.sequence} of ${history.source} that this machine made (its newest is ${newest === undefined ? 'none' : `number ${newest.sequence}, snapshot ${newest.snapshot.id}`}): it was rolled back or emptied.`,
    {hint: 'Find out what happened to the storage; then go on with "holdfast backup --accept-history".'},
  );
}

/** When the repository's newest seal or marks are not those that the catalog knows, learns what is stored, and forgets what is not. */
export async function syncCatalog(
  context: SyncContext,
  history: SourceHistory,
  generation: StoredGeneration,
): Promise<void> {
  const {catalog} = context;
  const newest = history.seals.at(-1);
  const known = catalog.snapshots.newest(history.source);
  const isFresh = catalog.blobs.packs(generation.id).length === 0;
  const digest = marksDigest(history);
  const isPruned = digest !== catalog.marks.known(history.source);
  if (newest?.hash === known?.sealSha256 && !isFresh && !isPruned && context.places === undefined) return;
  await adoptGeneration(context, generation, history);
  catalog.transaction(() => {
    for (const seal of history.seals) {
      if (seal.sequence <= (known?.sequence ?? 0)) continue;
      catalog.snapshots.adopt(seal);
    }
    if (isPruned) catalog.marks.know(history.source, digest);
    if (isPruned && context.places === undefined) forgetPruned(catalog, history);
  });
}

/** Names of files and blobs of generations that are gone: nothing will ask for them again. */
function forgetPruned(catalog: Catalog, {source, seals, generations}: SourceHistory): void {
  const current = seals.at(-1)?.generation ?? '';
  for (const generation of catalog.generations.all())
    if (generation.source === source && generation.name < current && !generations.includes(generation.name))
      catalog.generations.forget(generation);
}

/** A generation as the catalog keeps it. */
export function asRow(facts: GenerationFacts): GenerationRow {
  return {...facts, name: facts.generation, publicKey: facts.publicKey.armor()};
}

/**
 * Learns from the index objects which blobs are stored, and looks up every pack. What is stored, but marked, counts as gone; packs that
 * others stand in for are exchanged for those.
 */
export async function adoptGeneration(
  context: SyncContext,
  generation: StoredGeneration,
  history: SourceHistory,
): Promise<void> {
  const {repository, catalog} = context;
  const place = {source: generation.source, generation: generation.name};
  const isMarked = mayBeSwept(history, place);
  const repacks = repacksToFollow(history, place);
  const ofRepacks = new Set(repacks.flatMap(({index}) => index.map(([name]) => name)));
  const stored = await namesBelow(repository, indexPrefix(place));
  for (const name of stored.keys()) if (isMarked(name)) stored.delete(name);
  if (catalog.blobs.indexObjects(generation.id).some(({name}) => !stored.has(name))) {
    // An index that the catalog counts on is gone: what it described has to be learnt again, or stored again.
    // Directories that did not change would be taken over with trees that lie in packs which the seal would not name.
    catalog.transaction(() => {
      catalog.blobs.forgetGeneration(generation.id);
      catalog.directories.forgetSource(generation.source);
    });
  }
  const known = new Set(catalog.blobs.indexObjects(generation.id).map(({name}) => name));
  await pMap(
    [...stored.keys()].filter((name) => !known.has(name) && !ofRepacks.has(name)),
    (name) => adoptIndex(context, generation, history, name),
    {concurrency: 4},
  );
  const packs = await namesBelow(repository, packsPrefix(place));
  for (const repack of repacks) {
    // Else the old packs are still there: nobody sweeps them as long as a seal names them and these are not whole.
    const isWhole =
      repack.index.every(([name]) => stored.has(name)) &&
      repack.packs.every(([name, size]) => packs.get(name) === size);
    if (isWhole) await followRepack(context, generation, history, repack);
  }
  await forgetMissingPacks(context, generation, packs, isMarked);
}

/** From now on counts on the packs that stand in for others, not on those. */
async function followRepack(
  context: SyncContext,
  generation: StoredGeneration,
  history: SourceHistory,
  {index, replaced, snapshots}: Repack,
): Promise<void> {
  const {catalog} = context;
  for (const [name] of index) {
    const isKnown = catalog.blobs.indexObjects(generation.id).some((known) => known.name === name);
    if (!isKnown) await adoptIndex(context, generation, history, name, true);
  }
  const known = new Set(catalog.blobs.indexObjects(generation.id).map(({name}) => name));
  if (!index.every(([name]) => known.has(name))) return;
  const last = history.seals.at(-1);
  const isOfLastWalk = catalog.snapshots.newest(history.source)?.sealSha256 === last?.hash;
  catalog.transaction(() => {
    if (catalog.blobs.dropPacks(generation.id, replaced) === 0) return;
    // The folders of the last walk are all in the new packs, if it is that snapshot's.
    if (!isOfLastWalk || last === undefined || !snapshots.includes(last.snapshot.id))
      catalog.directories.forgetSource(generation.source);
  });
}

async function adoptIndex(
  {repository, catalog, agent, onNote}: SyncContext,
  generation: StoredGeneration,
  history: SourceHistory,
  name: string,
  isReplacement = false,
): Promise<void> {
  const place = {source: generation.source, generation: generation.name};
  const object = indexObject(place, name);
  const bytes = await readObject(repository.target, object, {maxBytes: INDEX_MOST_BYTES});
  try {
    if (sha256(bytes) !== name) throw new DamageError(object, 'its content does not match its name');
    const key = await openSession(inspectMessage(bytes, bytes.length).pkesks, agent.key);
    const signers = [agent.key.toPublic(), ...history.marks.operators];
    const records = await readIndex(bytes, key, signers, {repository: repository.id, ...place});
    catalog.transaction(() => {
      const packs: PackName[] = [];
      for (const record of records) {
        packs.push(record.pack);
        const pack = {name: record.pack, size: record.size};
        if (isReplacement) catalog.blobs.addReplacement(generation.id, pack, bookedBlobs(record));
        else catalog.blobs.addPack(generation.id, pack, bookedBlobs(record), null);
      }
      catalog.blobs.addIndex(generation.id, {name, size: bytes.length}, packs);
    });
  } catch (error) {
    // What cannot be read or is not ours is not relied on: its blobs are stored again. "verify" tells what it is.
    const problem = error instanceof HoldfastError ? error.message : `${object}: ${(error as Error).message}`;
    onNote?.(place.source, `${problem}; what it describes will be stored again`);
  }
}

/** What the catalog keeps of a pack's blobs. */
export function bookedBlobs({frames}: PackRecord): BookedBlob[] {
  return frames.flatMap(({blobs}) =>
    blobs.map(([hex, , base]): BookedBlob => {
      const id = Buffer.from(hex, 'hex');
      return base === undefined ? id : {id, base: Buffer.from(base, 'hex')};
    }),
  );
}

async function forgetMissingPacks(
  {repository, catalog, onNote}: SyncContext,
  generation: StoredGeneration,
  stored: ReadonlyMap<string, number>,
  isMarked: (hash: string) => boolean,
): Promise<void> {
  const place = {source: generation.source, generation: generation.name};
  let missing = 0;
  for (const {name, size} of catalog.blobs.packs(generation.id)) {
    // What is marked stays known until it is forgotten here, also where it is stored.
    if (isMarked(name)) {
      missing++;
      catalog.transaction(() => catalog.blobs.forgetPack(generation.id, name));
      continue;
    }
    // A listing may lag behind: only a direct look says that something is missing.
    const storedSize = stored.get(name) ?? (await repository.target.stat(packObject(place, name)))?.sizeBytes;
    if (storedSize === size) continue;
    missing++;
    catalog.transaction(() => catalog.blobs.forgetPack(generation.id, name));
  }
  if (missing === 0) return;
  catalog.transaction(() => catalog.directories.forgetSource(generation.source));
  onNote?.(
    generation.source,
    `${missing === 1 ? 'a pack is' : `${missing} packs are`} no longer stored, or marked to be deleted; ${missing === 1 ? 'its' : 'their'} content will be read and stored again`,
  );
}

async function namesBelow({target}: Repository, prefix: string): Promise<Map<string, number>> {
  const names = new Map<string, number>();
  for await (const {name, sizeBytes} of target.list(prefix)) {
    const hash = parseHashObject(prefix, name);
    if (hash !== undefined) names.set(hash, sizeBytes);
  }
  return names;
}
