/** Reads blobs of an open generation: finds them in the index, fetches, decrypts, decompresses, checks. */
import {createHmac, createSecretKey, type KeyObject} from 'node:crypto';
import {zstdDecompressSync} from 'node:zlib';
import type {PublicKey} from 'openpgp';
import {openSession} from '../crypto/message.ts';
import {literalData, PacketError} from '../crypto/packets.ts';
import {inspectMessage, openMessage} from '../crypto/seipd.ts';
import {DamageError, HoldfastError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import {encryptionFingerprint} from './agent.ts';
import type {OpenGeneration} from './generation.ts';
import {INDEX_MOST_BYTES, readIndex} from './index-object.ts';
import {type BlobId, indexObject, type PackName, packObject, sha256} from './layout.ts';
import {type FrameRecord, MEMBER_HEADER_BYTES, memberLength, type PackKind, type PackRecord} from './pack.ts';
import type {Repository} from './repository.ts';

/** Where a blob lies. */
export interface BlobPlace {
  readonly pack: PackName;
  readonly frame: number;
  /** In the decompressed frame. */
  readonly offset: number;
  readonly length: number;
}

/** Unpacked packs that are kept; reading follows the order of writing, so few suffice. */
const PACKS_KEPT: Record<PackKind, number> = {data: 4, tree: 4};
const FRAMES_KEPT = 12;

export class BlobReader {
  readonly generation: OpenGeneration;
  readonly #repository: Repository;
  readonly #needed: ReadonlySet<string> | undefined;
  readonly #idKey: KeyObject;
  readonly #records = new Map<PackName, PackRecord>();
  readonly #places = new Map<BlobId, {record: PackRecord; frame: number; at: number}>();
  readonly #sessions = new Map<string, Promise<Uint8Array>>();
  readonly #packs: Record<PackKind, Map<PackName, Promise<Uint8Array>>> = {data: new Map(), tree: new Map()};
  readonly #frames = new Map<FrameRecord, Buffer>();

  /** @param needed names of the packs that a seal counts on; of a blob in several packs, one in these is taken */
  constructor(repository: Repository, generation: OpenGeneration, needed?: ReadonlySet<string>) {
    this.#repository = repository;
    this.#needed = needed;
    this.generation = generation;
    this.#idKey = createSecretKey(generation.blobIdKey);
  }

  /**
   * Takes in an index object, after checking its name, signature and place.
   * @param mostBytes its size, where a seal tells it
   * @throws {@link DamageError}
   */
  async addIndex(
    name: string,
    agents: readonly PublicKey[],
    mostBytes: number = INDEX_MOST_BYTES,
  ): Promise<void> {
    const object = indexObject(this.generation, name);
    const bytes = await this.#fetch(object, Math.min(mostBytes, INDEX_MOST_BYTES));
    if (sha256(bytes) !== name) throw new DamageError(object, 'its content does not match its name');
    await this.#reading(object, async () => {
      const key = await this.#session(inspectMessage(bytes, bytes.length).pkesks);
      const place = {repository: this.#repository.id, ...this.generation};
      for (const record of await readIndex(bytes, key, agents, place)) this.#addRecord(record);
    });
  }

  get packs(): IterableIterator<PackRecord> {
    return this.#records.values();
  }

  has(id: BlobId): boolean {
    return this.#places.has(id);
  }

  /** How long a blob is; undefined if the index does not know it. */
  lengthOf(id: BlobId): number | undefined {
    const place = this.#places.get(id);
    return place?.record.frames[place.frame]?.blobs[place.at]?.[1];
  }

  /** In which pack a blob lies, and how long it is; undefined if the index does not know it. */
  place(id: BlobId): BlobPlace | undefined {
    const place = this.#places.get(id);
    if (place === undefined) return undefined;
    const {record, frame, at} = place;
    const blobs = record.frames[frame]?.blobs ?? [];
    let offset = MEMBER_HEADER_BYTES;
    for (let i = 0; i < at; i++) offset += memberLength(blobs[i]?.[1] ?? 0);
    return {pack: record.pack, frame, offset, length: blobs[at]?.[1] ?? 0};
  }

  /**
   * A blob's content, checked against its id.
   * @throws {@link DamageError}
   */
  async read(id: BlobId): Promise<Buffer> {
    const place = this.#places.get(id);
    const found = this.place(id);
    if (place === undefined || found === undefined) {
      throw new DamageError(
        `blob ${id.slice(0, 16)}…`,
        `no index object of ${this.generation.source}/${this.generation.generation} knows it`,
      );
    }
    const frame = place.record.frames[place.frame] as FrameRecord;
    const raw = this.#frames.get(frame) ?? (await this.#openFrame(place.record, frame));
    const content = raw.subarray(found.offset, found.offset + found.length);
    if (createHmac('sha256', this.#idKey).update(content).digest('hex') !== id) {
      throw new DamageError(
        packObject(this.generation, found.pack),
        'it holds other content than the index says',
      );
    }
    return content;
  }

  /** The decrypted `.tar.zst` of a pack, checked against its name. @throws {@link DamageError} */
  async openPack(record: PackRecord): Promise<Uint8Array> {
    const cache = this.#packs[record.kind];
    const cached = cache.get(record.pack);
    if (cached !== undefined) {
      cache.delete(record.pack);
      cache.set(record.pack, cached);
      return cached;
    }
    const opening = this.#readPack(record);
    cache.set(record.pack, opening);
    forgetOldest(cache, PACKS_KEPT[record.kind]);
    try {
      return await opening;
    } catch (error) {
      cache.delete(record.pack);
      throw error;
    }
  }

  /** A frame, decompressed. @throws {@link DamageError} */
  decompress(record: PackRecord, frame: FrameRecord, pack: Uint8Array): Buffer {
    const compressed = pack.subarray(frame.offset, frame.offset + frame.size);
    try {
      const raw = zstdDecompressSync(compressed, {
        chunkSize: Math.max(frame.raw, 64),
        maxOutputLength: frame.raw,
      });
      if (raw.length === frame.raw) return raw;
    } catch (cause) {
      throw new DamageError(
        packObject(this.generation, record.pack),
        'a frame does not decompress to the size that the index says',
        {cause},
      );
    }
    throw new DamageError(packObject(this.generation, record.pack), 'a frame is shorter than the index says');
  }

  async #openFrame(record: PackRecord, frame: FrameRecord): Promise<Buffer> {
    const raw = this.decompress(record, frame, await this.openPack(record));
    this.#frames.set(frame, raw);
    forgetOldest(this.#frames, FRAMES_KEPT);
    return raw;
  }

  async #readPack(record: PackRecord): Promise<Uint8Array> {
    const object = packObject(this.generation, record.pack);
    const bytes = await this.#fetch(object, record.size);
    if (sha256(bytes) !== record.pack) throw new DamageError(object, 'its content does not match its name');
    return this.#reading(object, async () => {
      const message = inspectMessage(bytes, bytes.length);
      const own = encryptionFingerprint(this.generation.privateKey);
      if (message.recipients.length !== 1 || message.recipients[0] !== own)
        throw new PacketError('it is encrypted to another key');
      return literalData(openMessage(bytes, await this.#session(message.pkesks)));
    });
  }

  #session(pkesks: Uint8Array): Promise<Uint8Array> {
    const id = sha256(pkesks);
    let session = this.#sessions.get(id);
    if (session === undefined) {
      session = openSession(pkesks, this.generation.privateKey);
      this.#sessions.set(id, session);
    }
    return session;
  }

  async #fetch(object: string, maxBytes: number): Promise<Uint8Array> {
    try {
      return await readObject(this.#repository.target, object, {maxBytes});
    } catch (cause) {
      if (cause instanceof ObjectMissingError) throw new DamageError(object, 'it is missing', {cause});
      throw cause;
    }
  }

  async #reading<T>(object: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof HoldfastError) throw cause;
      throw new DamageError(object, (cause as Error).message, {cause});
    }
  }

  #addRecord(record: PackRecord): void {
    if (this.#records.has(record.pack)) return;
    this.#records.set(record.pack, record);
    // Packs that were lost and stored again under another name are still in the index.
    const isNeeded = this.#needed === undefined || this.#needed.has(record.pack);
    record.frames.forEach((frame, number) => {
      frame.blobs.forEach(([id], at) => {
        const known = this.#places.get(id);
        if (known !== undefined && !isNeeded) return;
        this.#places.set(id, {record, frame: number, at});
      });
    });
  }
}

function forgetOldest<K, V>(cache: Map<K, V>, keep: number): void {
  if (cache.size <= keep) return;
  const oldest = cache.keys().next();
  if (!oldest.done) cache.delete(oldest.value);
}
