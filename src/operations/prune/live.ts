/** Which blobs of a generation some snapshot still needs: told by its trees, so with the key alone. */
import type {PublicKey} from 'openpgp';
import type {BlobPlace, IndexedPack} from '../../repository/blob-index.ts';
import type {BlobReader} from '../../repository/blob-reader.ts';
import type {BlobId} from '../../repository/layout.ts';
import {contentIds, type OpenedGeneration, readSealedSnapshot} from '../../repository/open-snapshot.ts';
import type {Repository} from '../../repository/repository.ts';
import type {CheckedSeal} from '../../repository/seal.ts';
import type {TreeEntry} from '../../repository/tree.ts';
import {walkTrees} from '../../repository/tree-walk.ts';
import type {CallOptions} from '../../targets/target.ts';

const LIVE = 1;
/** A tree whose entries were followed. Content of a file may be the same bytes, so this is not the same as living. */
const FOLLOWED = 2;
const TAKEN = 4;

/** What lives of one pack, by the bytes of its blobs as they are stored. */
export interface PackLife {
  readonly pack: IndexedPack;
  readonly bytes: number;
  readonly liveBytes: number;
}

/** One byte for each blob of the index. */
export class LiveBlobs {
  readonly #reader: BlobReader;
  readonly #marks: Uint8Array;

  private constructor(reader: BlobReader) {
    this.#reader = reader;
    let count = 0;
    for (const {frames} of reader.index.packs) for (const frame of frames) count += frame.count;
    this.#marks = new Uint8Array(count);
  }

  /**
   * Follows the trees of all these snapshots.
   * @throws {@link DamageError} if anything that they need is not in the index, or cannot be read
   */
  static async of(
    {repository, agents, signal}: {repository: Repository; agents: readonly PublicKey[]} & CallOptions,
    {reader, trees}: OpenedGeneration,
    seals: readonly CheckedSeal[],
  ): Promise<LiveBlobs> {
    const live = new LiveBlobs(reader);
    for (const seal of seals) {
      const {root} = await readSealedSnapshot(repository, agents, seal, reader);
      if (live.#follow(root))
        await walkTrees(
          trees,
          root,
          seal.entries.total,
          {
            enter: (_, entry) => live.#follow(entry),
            entry: (_, entry) => live.#addContent(entry),
          },
          signal,
        );
    }
    live.#addBases();
    return live;
  }

  has(id: BlobId): boolean {
    const place = this.#reader.index.find(id);
    return place !== undefined && (this.#at(place) & LIVE) !== 0;
  }

  lifeOf(pack: IndexedPack): PackLife {
    const {index} = this.#reader;
    let bytes = 0;
    let liveBytes = 0;
    for (const frame of pack.frames)
      for (let at = 0; at < frame.count; at++) {
        const length = index.lengthOf(frame, at);
        bytes += length;
        if (this.has(index.idOf(frame, at))) liveBytes += length;
      }
    return {pack, bytes, liveBytes};
  }

  /** Ids of what lives of a pack, in the order in which it lies there; each id once, in whatever pack it was asked for first. */
  take({frames}: IndexedPack): BlobId[] {
    const ids: BlobId[] = [];
    for (const frame of frames)
      for (let at = 0; at < frame.count; at++) {
        const id = this.#reader.index.idOf(frame, at);
        const place = this.#find(id);
        if ((this.#at(place) & (LIVE | TAKEN)) !== LIVE) continue;
        this.#set(place, TAKEN);
        ids.push(id);
      }
    return ids;
  }

  /** @returns false where the listing was followed before */
  #follow({tree = []}: TreeEntry): boolean {
    const isKnown = tree.every((id) => (this.#at(this.#find(id)) & FOLLOWED) !== 0);
    for (const id of tree) this.#set(this.#find(id), LIVE | FOLLOWED);
    return !isKnown;
  }

  #addContent(entry: TreeEntry): void | Promise<void> {
    if (entry.contentIn !== undefined) return this.#addLongContent(entry);
    for (const id of entry.content ?? []) this.#set(this.#find(id), LIVE);
  }

  async #addLongContent(entry: TreeEntry): Promise<void> {
    for (const id of entry.contentIn ?? []) this.#set(this.#find(id), LIVE);
    for await (const id of contentIds(this.#reader, entry)) this.#set(this.#find(id), LIVE);
  }

  /** What a delta builds on must stay, wherever it is a copy of what lives. Bases are no deltas: one look is enough. */
  #addBases(): void {
    const {index} = this.#reader;
    for (const {frames} of index.packs)
      for (const frame of frames)
        for (const at of index.deltasOf(frame)) {
          const base = index.baseOf(frame, at);
          if (base !== undefined && this.has(index.idOf(frame, at))) this.#set(this.#find(base), LIVE);
        }
  }

  /** @throws {@link DamageError} if no index object describes it */
  #find(id: BlobId): BlobPlace {
    return this.#reader.find(id);
  }

  #at({frame, at}: BlobPlace): number {
    return this.#marks[frame.first + at] ?? 0;
  }

  #set(place: BlobPlace, flags: number): void {
    this.#marks[place.frame.first + place.at] = this.#at(place) | flags;
  }
}
