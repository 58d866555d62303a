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
import type {ChosenSource, VerifyContext} from './verify.ts';
import {verifyCiphertext} from './verify-ciphertext.ts';
import type {NeededObject} from './verify-structure.ts';

/** One that is fetched, and two that are unpacked. */
const PARALLEL_PACKS = 3;

/** Folders that are remembered, some 100 bytes each. */
const MOST_SOUND = 200_000;

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
    opened = await openSealedGeneration(context.repository, context.agents, source, last, key);
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
  const gone = new Map<BlobId, string>();
  for (const pack of reader.index.packs) {
    const object = packObject(reader.generation, pack.name);
    if (missing.has(object)) markBad(reader, pack, object, gone);
  }
  // The trees are followed while threads check the packs; again, where these turn out bad.
  const [checked, trees] = await Promise.allSettled([
    checkPacks(context, reader, packs, problems),
    verifyAllTrees(context, opened, seals, gone),
  ]);
  if (checked.status === 'rejected') throw checked.reason;
  if (trees.status === 'rejected') throw trees.reason;
  const bad = await badBlobs(reader, checked.value, problems);
  if (bad.size === 0) return [...problems, ...trees.value];
  for (const [id, object] of gone) bad.set(id, object);
  return [...problems, ...(await verifyAllTrees(context, opened, seals, bad))];
}

/** What was found of a pack: its blobs that are wrong, or why none can be had. */
type CheckedPack = readonly [object: NeededObject, pack: IndexedPack, found: readonly BlobId[] | Error];

async function checkPacks(
  {signal, onProgress}: VerifyContext,
  reader: BlobReader,
  packs: readonly NeededObject[],
  problems: Problem[],
): Promise<CheckedPack[]> {
  const total = packs.reduce((sum, object) => sum + object.size, 0);
  const checked: CheckedPack[] = [];
  let bytes = 0;
  let files = 0;
  const check = async (object: NeededObject): Promise<void> => {
    signal?.throwIfAborted();
    const pack = reader.index.pack(object.hash);
    if (pack === undefined) {
      problems.push({object: object.name, problem: 'no index object describes it', affects: object.affects});
      return;
    }
    try {
      checked.push([object, pack, await reader.checkPack(pack)]);
    } catch (error) {
      problems.push(asProblem(error, object.affects));
      checked.push([object, pack, error as DamageError]);
    }
    bytes += object.size;
    onProgress?.({
      phase: 'verify',
      files: {done: ++files, total: packs.length},
      bytes: {done: bytes, total},
      current: object.name,
    });
  };
  await pMap(packs, check, {concurrency: PARALLEL_PACKS});
  return checked;
}

/** @returns the blobs that cannot be had, and the object that is to blame */
async function badBlobs(
  reader: BlobReader,
  checked: readonly CheckedPack[],
  problems: Problem[],
): Promise<Map<BlobId, string>> {
  const bad = new Map<BlobId, string>();
  for (const [object, pack, found] of checked) {
    const wrong: BlobId[] = [];
    if (found instanceof Error) {
      // What restore could still read of it is not lost.
      for (const frame of pack.frames) wrong.push(...(await reader.lostIn(frame)));
    } else {
      wrong.push(...found, ...(await reader.wrongDeltasIn(pack)));
      if (wrong.length > 0) problems.push(wrongBlobs(object, wrong.length));
    }
    for (const id of wrong) if (reader.index.find(id)?.frame.pack === pack) bad.set(id, object.name);
  }
  return bad;
}

function wrongBlobs({name, affects}: NeededObject, count: number): Problem {
  const which = count === 1 ? 'one blob in it is' : `${count} blobs in it are`;
  return {object: name, problem: `${which} not what the index says`, affects};
}

/** What lies in another pack, too, can be had from there. */
function markBad(reader: BlobReader, pack: IndexedPack, object: string, bad: Map<BlobId, string>): void {
  for (const frame of pack.frames) {
    for (let at = 0; at < frame.count; at++) {
      const id = reader.index.idOf(frame, at);
      if (reader.index.find(id)?.frame.pack === pack) bad.set(id, object);
    }
  }
}

/** Follows the trees of all snapshots: what is in each must be in the index, and in no bad pack. */
async function verifyAllTrees(
  context: VerifyContext,
  opened: OpenedGeneration,
  seals: readonly CheckedSeal[],
  bad: ReadonlyMap<BlobId, string>,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const sound = new SoundFolders();
  for (const seal of seals) problems.push(...(await verifyTrees(context, opened, seal, bad, sound)));
  return problems;
}

/** Folders in which everything is as it should be: other snapshots have most of them, too. */
class SoundFolders {
  /** By their trees: how many entries are in them. */
  readonly #known = new Map<string, number>();
  /** Of the folders that are being followed: how many problems there were when each was entered. */
  readonly #before: number[] = [];

  /** @returns true, or how many entries are in it, where it need not be followed again */
  enter(entry: TreeEntry, problems: number): number | true {
    const known = this.#known.get(nameOf(entry));
    if (known !== undefined) return known;
    this.#before.push(problems);
    return true;
  }

  leave(entry: TreeEntry, entries: number, problems: number): void {
    if (this.#before.pop() === problems && this.#known.size < MOST_SOUND)
      this.#known.set(nameOf(entry), entries);
  }
}

/** Short, and of a memory of its own. */
function nameOf({tree = []}: TreeEntry): string {
  return Buffer.from(tree.join(''), 'hex').toString('latin1');
}

async function verifyTrees(
  context: VerifyContext,
  {reader, trees}: OpenedGeneration,
  seal: CheckedSeal,
  bad: ReadonlyMap<BlobId, string>,
  sound: SoundFolders,
): Promise<Problem[]> {
  const {repository, agents, signal} = context;
  const id = seal.snapshot.id;
  const affected = new Map<string, string[]>();
  let count = 0;
  const affects = (object: string, path: Buffer): void => {
    count++;
    const paths = affected.get(object) ?? [];
    affected.set(object, paths);
    paths.push(`${id}:${path.toString()}`);
  };
  try {
    const {root} = await readSealedSnapshot(repository, agents, seal, reader);
    await walkTrees(
      trees,
      root,
      seal.entries.total,
      {
        enter: (_path, entry) => sound.enter(entry, count),
        leave: (_path, entry, entries) => sound.leave(entry, entries, count),
        async entry(path, entry) {
          if (entry.type !== 'file') return;
          try {
            for await (const blob of contentIds(reader, entry)) {
              const place = reader.index.find(blob);
              const base = place?.base === undefined ? undefined : reader.index.find(place.base);
              const isThere = place !== undefined && (place.base === undefined || base !== undefined);
              const object =
                bad.get(blob) ??
                (place?.base === undefined ? undefined : bad.get(place.base)) ??
                (isThere ? undefined : `blob ${blob.slice(0, 16)}…`);
              if (object !== undefined) affects(object, path);
            }
          } catch (error) {
            if (!(error instanceof DamageError)) throw error;
            affects(error.object, path);
          }
        },
        damaged: (path, error) => affects(error.object, Buffer.concat([path, Buffer.from('/')])),
      },
      signal,
    );
  } catch (error) {
    return [asProblem(error, [id])];
  }
  return [...affected].map(([object, paths]) => ({
    object,
    problem: FILES_AFFECTED,
    affects: paths,
  }));
}

function asProblem(error: unknown, affects: readonly string[]): Problem {
  if (!(error instanceof DamageError)) throw error;
  return {object: error.object, problem: error.message.replace(`${error.object}: `, ''), affects};
}
