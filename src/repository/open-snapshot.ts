/** Opens a snapshot with a recipient's private key: the way from a seal to every file. */

import type {PublicKey} from 'openpgp';
import pMap from 'p-map';
import {openSession} from '../crypto/message.ts';
import type {RecipientKey} from '../crypto/recipient-key.ts';
import {inspectMessage} from '../crypto/seipd.ts';
import {DamageError, HoldfastError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import {BlobReader} from './blob-reader.ts';
import {openGeneration} from './generation.ts';
import {resolveNeeds, type SourceHistory} from './history.ts';
import {
  type BlobId,
  indexPrefix,
  type PackName,
  packObject,
  packsPrefix,
  parseHashObject,
  sha256,
  snapshotObject,
} from './layout.ts';
import {storedOperators} from './operators.ts';
import type {NeededNames} from './repack.ts';
import type {Repository} from './repository.ts';
import type {CheckedSeal} from './seal.ts';
import {readSnapshot, SNAPSHOT_MOST_BYTES, type Snapshot} from './snapshot.ts';
import {decodeTree, type TreeEntry} from './tree.ts';
import type {TreeSource} from './tree-walk.ts';

export interface OpenedGeneration {
  readonly reader: BlobReader;
  readonly trees: TreeSource;
  /** Index objects that could not be used; what only they describe cannot be found, unless it was salvaged. */
  readonly problems: readonly DamageError[];
  /** Packs that no usable index object describes, and of which nothing can be had. */
  readonly lost: readonly DamageError[];
}

/** A look into a pack that no index object describes. */
export interface SalvageStep {
  readonly packs: {readonly done: number; readonly total: number};
  readonly bytes: {readonly done: number; readonly total: number};
  readonly object: string;
}

/** From this size of a snapshot on, threads are started before there is work for them. */
const MUCH_BYTES = 64 * 2 ** 20;

/** How a generation is opened, where not by what one seal needs. */
export interface OpeningOptions {
  /** Whether most of the content will be read. */
  readonly readsAll?: boolean;
  /** Index objects to take in, and packs to prefer. */
  readonly needs?: NeededNames;
  /**
   * Goes on past damage: packs that no index object describes are looked into, and what is whole in damaged packs is read. Every
   * blob is checked against its id as ever.
   */
  readonly salvage?: boolean;
  readonly onSalvage?: ((step: SalvageStep) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens the generation of a seal with everything that the seal needs of its index. */
export async function openSealedGeneration(
  repository: Repository,
  agents: readonly PublicKey[],
  history: SourceHistory,
  seal: CheckedSeal,
  key: RecipientKey,
  options: OpeningOptions = {},
): Promise<OpenedGeneration> {
  const {readsAll = false, needs = withReplacements(history, seal), salvage = false} = options;
  const needed = needs === undefined ? undefined : new Set(needs.packs.keys());
  const reader = new BlobReader(repository, await openGeneration(repository, seal, key), {needed, salvage});
  if (readsAll && seal.bytes.source > MUCH_BYTES) reader.expectMuch();
  const index = needs?.index ?? (await listed(repository, indexPrefix(seal)));
  // Of a repack, the operator signs the index. Where a seal or mark names it by its hash, any will do whose key is there.
  const operators =
    needs === undefined ? history.marks.operators : [...(await storedOperators(repository)).values()];
  const signers = [...agents, ...operators];
  const problems: DamageError[] = [];
  await pMap(
    index,
    async ([name, size]) => {
      try {
        await reader.addIndex(name, signers, size);
      } catch (error) {
        if (!(error instanceof DamageError)) throw error;
        problems.push(error);
      }
    },
    {concurrency: 4},
  );
  const lost = salvage
    ? await salvagePacks(reader, needs?.packs ?? (await listed(repository, packsPrefix(seal))), options)
    : [];
  return {reader, problems, lost, trees: {readTree: (id) => readTree(reader, id)}};
}

/** Looks into the packs that no index object describes, one after the other. @returns those of which nothing can be had */
async function salvagePacks(
  reader: BlobReader,
  packs: ReadonlyMap<string, number>,
  {onSalvage, signal}: OpeningOptions,
): Promise<DamageError[]> {
  const unknown = [...packs].filter(([name]) => reader.index.pack(name) === undefined);
  const total = unknown.reduce((sum, [, size]) => sum + size, 0);
  const lost: DamageError[] = [];
  let bytes = 0;
  for (const [number, [name, size]] of unknown.entries()) {
    signal?.throwIfAborted();
    onSalvage?.({
      packs: {done: number, total: unknown.length},
      bytes: {done: bytes, total},
      object: packObject(reader.generation, name),
    });
    try {
      await reader.addUnindexed(name as PackName, size);
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      lost.push(error);
    }
    bytes += size;
  }
  return lost;
}

/**
 * What a seal needs, without packs that the newest seal of the generation needs no more, and with everything that that one needs: what was
 * in a pack that got lost was stored again, where the source still had it. What only the lost pack held is looked for there.
 */
function withReplacements(history: SourceHistory, seal: CheckedSeal): NeededNames | undefined {
  const needs = resolveNeeds(history, seal);
  const newest = history.seals.findLast(({generation}) => generation === seal.generation);
  if (needs === undefined || newest === undefined || newest.sequence <= seal.sequence) return needs;
  const now = resolveNeeds(history, newest);
  if (now === undefined || [...needs.packs.keys()].every((name) => now.packs.has(name))) return needs;
  return {packs: now.packs, index: new Map([...needs.index, ...now.index])};
}

/** @throws {@link DamageError} */
export async function readSealedSnapshot(
  repository: Repository,
  agents: readonly PublicKey[],
  seal: CheckedSeal,
  reader: BlobReader,
): Promise<Snapshot> {
  const object = snapshotObject(seal, seal.snapshot.id);
  try {
    const maxBytes = Math.min(seal.snapshot.size, SNAPSHOT_MOST_BYTES);
    const bytes = await readObject(repository.target, object, {maxBytes});
    if (bytes.length !== seal.snapshot.size || sha256(bytes) !== seal.snapshot.sha256)
      throw new Error('its content is not what the seal says');
    const sessionKey = await openSession(
      inspectMessage(bytes, bytes.length).pkesks,
      reader.generation.privateKey,
    );
    return await readSnapshot(bytes, sessionKey, agents, {
      ...seal,
      repository: repository.id,
      id: seal.snapshot.id,
    });
  } catch (cause) {
    const hint =
      'Fetch it from another copy of the repository, or take another snapshot: no other one needs this object. "holdfast snapshots" lists them.';
    if (cause instanceof ObjectMissingError) throw new DamageError(object, 'it is missing', {cause, hint});
    if (cause instanceof HoldfastError) throw cause;
    throw new DamageError(object, (cause as Error).message, {cause, hint});
  }
}

/**
 * The ids of a file's blobs, in order; a very large file keeps them in blobs of their own. Never all of those at once, and none
 * beyond the file's size: a tree can repeat a blob without end. Most files have theirs at hand: those need no waiting.
 * @throws {@link DamageError} while they are asked for
 */
export function contentIds(reader: BlobReader, entry: TreeEntry): Iterable<BlobId> | AsyncIterable<BlobId> {
  const {content, contentIn = []} = entry;
  return content === undefined ? listedIds(reader, entry, contentIn) : fitting(reader, entry, content);
}

function* fitting(reader: BlobReader, entry: TreeEntry, ids: readonly BlobId[]): Generator<BlobId> {
  const room = new Room(reader, entry);
  for (const id of ids) {
    room.take(id);
    yield id;
  }
}

async function* listedIds(
  reader: BlobReader,
  entry: TreeEntry,
  lists: readonly BlobId[],
): AsyncGenerator<BlobId> {
  const room = new Room(reader, entry);
  for (const list of lists) {
    const bytes = Buffer.from(await reader.read(list)); // A copy: other blobs are read meanwhile.
    if (bytes.length % 32 !== 0)
      throw new DamageError(`blob ${list.slice(0, 16)}…`, 'it is not a list of blob ids');
    for (let at = 0; at < bytes.length; at += 32) {
      const id = bytes.toString('hex', at, at + 32) as BlobId;
      room.take(id);
      yield id;
    }
  }
}

/** What of a file's size is not taken yet. */
class Room {
  readonly #reader: BlobReader;
  #bytes: number;

  constructor(reader: BlobReader, entry: TreeEntry) {
    this.#reader = reader;
    this.#bytes = dataLength(entry);
  }

  /** @throws {@link DamageError} if the blob is larger than what is left */
  take(id: BlobId): void {
    const length = this.#reader.index.find(id)?.length ?? 1;
    if (length === 0 || length > this.#bytes)
      throw new DamageError(`blob ${id.slice(0, 16)}…`, 'it does not fit into the size of its file');
    this.#bytes -= length;
  }
}

/** How many bytes a file has on disk, beside its holes. */
function dataLength({size = 0, extents}: TreeEntry): number {
  return extents === undefined ? size : extents.reduce((sum, [, length]) => sum + length, 0);
}

async function readTree(reader: BlobReader, id: BlobId): Promise<TreeEntry[]> {
  const blob = await reader.read(id);
  try {
    return decodeTree(blob);
  } catch (cause) {
    throw new DamageError(`tree ${id.slice(0, 16)}…`, (cause as Error).message, {cause});
  }
}

async function listed({target}: Repository, prefix: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const {name, sizeBytes} of target.list(prefix)) {
    const hash = parseHashObject(prefix, name);
    if (hash !== undefined) found.set(hash, sizeBytes);
  }
  return found;
}
