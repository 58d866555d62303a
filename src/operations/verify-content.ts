import pMap from 'p-map';
import type {RecipientKey} from '../crypto/recipient-key.ts';
import {DamageError, KeyError} from '../errors.ts';
import type {IndexedPack} from '../repository/blob-index.ts';
import type {BlobReader} from '../repository/blob-reader.ts';
import type {Problem} from '../repository/chain.ts';
import {type BlobId, packObject} from '../repository/layout.ts';
import {
  contentIds,
  type OpenedGeneration,
  openSealedGeneration,
  readSealedSnapshot,
} from '../repository/open-snapshot.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import type {TreeEntry} from '../repository/tree.ts';
import {walkTrees} from '../repository/tree-walk.ts';
import {salvageProgress} from './damaged-objects.ts';
import type {ChosenSource, VerifyContext} from './verify.ts';
import {verifyCiphertext} from './verify-ciphertext.ts';
import type {NeededObject} from './verify-structure.ts';

/** One that is fetched, and two that are unpacked. */
const PARALLEL_PACKS = 3;

/** The problem whose `affects` are files. */
export const FILES_AFFECTED = 'files cannot be restored whole';

/**
 * Decrypts and decompresses every sampled pack, checks every blob, and that the trees of each snapshot are whole.
 * @param missing names of objects that are known to be bad already
 */
export async function verifyContent(
  context: VerifyContext,
  chosen: readonly ChosenSource[],
  sampled: readonly NeededObject[],
  missing: ReadonlySet<string>,
): Promise<Problem[]> {
  const {key} = context;
  if (key === undefined)
    throw new KeyError('Verifying the content needs a private key.', {
      hint: 'Give it with --key, or verify the structure or the ciphertext.',
    });
  // The content is read with generation.pgp; nothing else here would read what the agent keeps for itself.
  const forAgent = sampled.filter(({kind, name}) => kind === 'secret' && name.endsWith('/agent.pgp'));
  const problems = await verifyCiphertext({...context, onProgress: undefined}, forAgent);
  for (const {source, seals} of chosen) {
    for (const generation of new Set(seals.map((seal) => seal.generation))) {
      const its = seals.filter((seal) => seal.generation === generation);
      const packs = sampled.filter(
        (object) =>
          object.kind === 'pack' && object.source === source.source && object.generation === generation,
      );
      problems.push(...(await verifyGeneration(context, key, source, its, packs, missing)));
    }
  }
  return problems;
}

async function verifyGeneration(
  context: VerifyContext,
  key: RecipientKey,
  source: ChosenSource['source'],
  seals: readonly CheckedSeal[],
  packs: readonly NeededObject[],
  missing: ReadonlySet<string>,
): Promise<Problem[]> {
  const last = seals.at(-1) as CheckedSeal;
  const problems: Problem[] = [];
  let opened: OpenedGeneration;
  try {
    opened = await openSealedGeneration(context.repository, context.agents, source, last, key, {
      readsAll: true,
      salvage: true, // As a restore would: what it can get back is not lost.
      onSalvage: salvageProgress(context.onProgress),
      signal: context.signal,
    });
  } catch (error) {
    return [
      asProblem(
        error,
        seals.map((seal) => seal.snapshot.id),
      ),
    ];
  }
  await using reader = opened.reader;
  const everySnapshot = seals.map((seal) => seal.snapshot.id);
  for (const problem of opened.problems) problems.push(asProblem(problem, everySnapshot));
  const bad = await verifyPacks(context, opened, packs, problems);
  for (const pack of reader.index.packs) {
    const object = packObject(reader.generation, pack.name);
    if (missing.has(object)) await markBad(context, reader, pack, bad);
  }
  const whole = new Map<string, number>();
  for (const seal of seals) problems.push(...(await verifyTrees(context, opened, seal, {bad, whole})));
  return problems;
}

/** @returns the blobs that cannot be had, and why */
async function verifyPacks(
  {signal, onProgress}: VerifyContext,
  {reader, lost}: OpenedGeneration,
  packs: readonly NeededObject[],
  problems: Problem[],
): Promise<Map<BlobId, string>> {
  const total = packs.reduce((sum, object) => sum + object.size, 0);
  const bad = new Map<BlobId, string>();
  let bytes = 0;
  let files = 0;
  const verifyPack = async (object: NeededObject): Promise<void> => {
    signal?.throwIfAborted();
    const pack = reader.index.pack(object.hash);
    if (pack === undefined) {
      const why = lost.find((error) => error.object === object.name);
      if (why !== undefined) problems.push(asProblem(why, object.affects));
      return;
    }
    try {
      const wrong = await reader.checkPack(pack);
      for (const id of wrong) if (reader.index.find(id)?.frame.pack === pack) bad.set(id, object.name);
      if (wrong.length > 0) problems.push(wrongBlobs(object, wrong.length));
    } catch (error) {
      problems.push(asProblem(error, object.affects));
      // What restore could still read of it is not lost.
      await markLost(reader, pack, bad);
    }
    bytes += object.size;
    onProgress?.({
      phase: 'verify',
      files: {done: ++files, total: packs.length},
      bytes: {done: bytes, total},
      current: object.name,
    });
  };
  await pMap(packs, verifyPack, {concurrency: PARALLEL_PACKS});
  return bad;
}

function wrongBlobs({name, affects}: NeededObject, count: number): Problem {
  const which = count === 1 ? 'one blob in it is' : `${count} blobs in it are`;
  return {object: name, problem: `${which} not what the index says`, affects};
}

/** Of a pack that is missing, everything; of one of another size, what a restore could not read. */
async function markBad(
  {repository: {target}, signal}: VerifyContext,
  reader: BlobReader,
  pack: IndexedPack,
  bad: Map<BlobId, string>,
): Promise<void> {
  const object = packObject(reader.generation, pack.name);
  if ((await target.stat(object, {signal})) !== undefined) return markLost(reader, pack, bad);
  for (const frame of pack.frames)
    for (let at = 0; at < frame.count; at++) markBlob(reader, pack, reader.index.idOf(frame, at), bad);
}

async function markLost(reader: BlobReader, pack: IndexedPack, bad: Map<BlobId, string>): Promise<void> {
  for (const frame of pack.frames)
    for (const id of await reader.lostIn(frame)) markBlob(reader, pack, id, bad);
}

/** What lies in another pack, too, can be had from there. */
function markBlob(reader: BlobReader, pack: IndexedPack, id: BlobId, bad: Map<BlobId, string>): void {
  if (reader.index.find(id)?.frame.pack === pack) bad.set(id, packObject(reader.generation, pack.name));
}

interface Seen {
  /** The blobs that cannot be had, and why. */
  readonly bad: ReadonlyMap<BlobId, string>;
  /** Listings below which nothing is missing, with the number of entries there: snapshots share most of theirs, which are followed once. */
  readonly whole: Map<string, number>;
}

/** Follows the trees of a snapshot: everything must be in the index, and in no bad pack. */
async function verifyTrees(
  context: VerifyContext,
  {reader, trees}: OpenedGeneration,
  seal: CheckedSeal,
  {bad, whole}: Seen,
): Promise<Problem[]> {
  const {repository, agents, signal} = context;
  const id = seal.snapshot.id;
  const affected = new Map<string, string[]>();
  let found = 0;
  const affects = (object: string, path: Buffer): void => {
    const paths = affected.get(object) ?? [];
    affected.set(object, paths);
    paths.push(`${id}:${path.toString()}`);
    found++;
  };
  const look = (path: Buffer, blob: BlobId): void => {
    const place = reader.index.find(blob);
    const base = place?.base === undefined ? undefined : reader.index.find(place.base);
    const isThere = place !== undefined && (place.base === undefined || base !== undefined);
    const object =
      bad.get(blob) ??
      (place?.base === undefined ? undefined : bad.get(place.base)) ??
      (isThere ? undefined : `blob ${blob.slice(0, 16)}…`);
    if (object !== undefined) affects(object, path);
  };
  const failed = (path: Buffer, error: unknown): void => {
    if (!(error instanceof DamageError)) throw error;
    affects(error.object, path);
  };
  const lookAtAll = async (path: Buffer, ids: AsyncIterable<BlobId>): Promise<void> => {
    try {
      for await (const blob of ids) look(path, blob);
    } catch (error) {
      failed(path, error);
    }
  };
  /** What was found before each of the folders that the walk is in. */
  const before: number[] = [];
  try {
    const {root} = await readSealedSnapshot(repository, agents, seal, reader);
    if ((whole.get(listingOf(root)) ?? Number.POSITIVE_INFINITY) <= seal.entries.total) return [];
    const total = await walkTrees(
      trees,
      root,
      seal.entries.total,
      {
        enter(_path, entry) {
          const known = whole.get(listingOf(entry));
          if (known === undefined) before.push(found);
          return known ?? true;
        },
        leave(_path, entry, below) {
          if (before.pop() === found) whole.set(listingOf(entry), below);
        },
        entry(path, entry) {
          if (entry.type !== 'file') return undefined;
          const ids = contentIds(reader, entry);
          if (Symbol.asyncIterator in ids) return lookAtAll(path, ids);
          try {
            for (const blob of ids) look(path, blob);
          } catch (error) {
            failed(path, error);
          }
          return undefined;
        },
        damaged: (path, error) => affects(error.object, Buffer.concat([path, Buffer.from('/')])),
      },
      signal,
    );
    if (found === 0) whole.set(listingOf(root), total);
  } catch (error) {
    return [asProblem(error, [id])];
  }
  return [...affected].map(([object, paths]) => ({
    object,
    problem: FILES_AFFECTED,
    affects: paths,
  }));
}

/** The same for the same content of a folder. */
function listingOf({tree = []}: TreeEntry): string {
  return tree.join();
}

function asProblem(error: unknown, affects: readonly string[]): Problem {
  if (!(error instanceof DamageError)) throw error;
  return {object: error.object, problem: error.message.replace(`${error.object}: `, ''), affects};
}
