/** Reads blobs of an open generation: finds them in the index, fetches, decrypts, decompresses, checks. */
import type {PublicKey} from 'openpgp';
import {openSession} from '../crypto/message.ts';
import {PacketError} from '../crypto/packets.ts';
import {type EncryptedMessage, inspectMessage} from '../crypto/seipd.ts';
import {DamageError, HoldfastError} from '../errors.ts';
import {type Mac, nodeMac} from '../system/linked.ts';
import {keepHeapSmall} from '../system/memory.ts';
import {readObject} from '../targets/read.ts';
import {type ByteRange, ObjectMissingError} from '../targets/target.ts';
import {encryptionFingerprint} from './agent.ts';
import {BlobIndex, type BlobPlace, type IndexedFrame, type IndexedPack} from './blob-index.ts';
import {DeltaError, decodeDelta} from './delta.ts';
import type {OpenGeneration} from './generation.ts';
import {INDEX_MOST_BYTES, readIndex} from './index-object.ts';
import {type BlobId, indexObject, type PackName, packObject, sha256} from './layout.ts';
import {LIMITS} from './pack.ts';
import type {Repository} from './repository.ts';
import {salvageRecord} from './salvage.ts';
import {FrameLoader} from './unpacking/frame-loader.ts';
import {FrameWriter} from './unpacking/frame-writer.ts';
import {PackOpener, shapeOf} from './unpacking/pack-opener.ts';
import {Unpacker} from './unpacking/unpacker.ts';

export interface BlobReaderOptions {
  /** Names of the packs that a seal counts on; of a blob in several packs, one in these is taken. */
  readonly needed?: ReadonlySet<string> | undefined;
  /** Reads what is whole in damaged packs. Otherwise nothing of a pack counts that was cut off or altered at its end. */
  readonly salvage?: boolean;
}

/** Serves one reader at a time. Disposing of it ends its threads. */
export class BlobReader implements AsyncDisposable {
  readonly generation: OpenGeneration;
  readonly #repository: Repository;
  readonly #needed: ReadonlySet<string> | undefined;
  readonly #index = new BlobIndex();
  readonly #sessions = new Map<string, Promise<Uint8Array>>();
  readonly #mac: Mac;
  readonly #unpacker: Unpacker;
  readonly #opener: PackOpener;
  readonly #loader: FrameLoader;
  readonly #salvaged = new Map<string, DamageError>();
  readonly #isSalvaging: boolean;
  #own: string | undefined;

  constructor(
    repository: Repository,
    generation: OpenGeneration,
    {needed, salvage = false}: BlobReaderOptions = {},
  ) {
    this.#repository = repository;
    this.#needed = needed;
    this.#isSalvaging = salvage;
    this.generation = generation;
    this.#mac = nodeMac(generation.blobIdKey);
    this.#unpacker = new Unpacker(generation.blobIdKey);
    this.#opener = new PackOpener({
      target: repository.target,
      nameOf: (pack) => packObject(generation, pack.name),
      sessionKey: (message) => this.#packSession(message),
      onSalvaged: salvage ? (problem) => this.#salvaged.set(problem.object, problem) : undefined,
    });
    this.#loader = new FrameLoader({opener: this.#opener, unpacker: this.#unpacker, index: this.#index});
  }

  /** Starts the threads that will be needed: meanwhile the index is read. */
  expectMuch(): void {
    this.#unpacker.startAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#unpacker[Symbol.asyncDispose]();
    this.#index[Symbol.dispose]();
  }

  /**
   * Takes in an index object, after checking its name, signature and place.
   * @param mostBytes its size, where a seal tells it
   * @throws {@link DamageError}
   */
  async addIndex(
    name: string,
    signers: readonly PublicKey[],
    mostBytes: number = INDEX_MOST_BYTES,
  ): Promise<void> {
    const object = indexObject(this.generation, name);
    const bytes = await this.#fetch(object, Math.min(mostBytes, INDEX_MOST_BYTES));
    if (sha256(bytes) !== name) throw new DamageError(object, 'its content does not match its name');
    await this.#reading(object, async () => {
      const key = await this.#session(inspectMessage(bytes, bytes.length).pkesks);
      const place = {repository: this.#repository.id, ...this.generation};
      for (const record of await readIndex(bytes, key, signers, place))
        this.#index.add(record, this.#needed === undefined || this.#needed.has(record.pack));
      keepHeapSmall();
    });
  }

  /**
   * Takes in a pack that no index object describes, by what lies in it. It is read whole; of a damaged one, what is whole counts.
   * @param size that it should have
   * @throws {@link DamageError} if nothing in it can be had
   */
  async addUnindexed(name: PackName, size: number): Promise<void> {
    const object = packObject(this.generation, name);
    const found = await this.#repository.target.stat(object);
    if (found === undefined) throw new DamageError(object, 'it is missing');
    const length = Math.min(found.sizeBytes, size, LIMITS.packBytes);
    if (length === 0) throw new DamageError(object, 'it is empty');
    const bytes = await this.#fetch(object, length, {offset: 0, length});
    const problem =
      found.sizeBytes !== size
        ? `it has ${found.sizeBytes} bytes instead of ${size}`
        : sha256(bytes) !== name
          ? 'its content does not match its name'
          : undefined;
    await this.#reading(object, async () => {
      const message = inspectMessage(bytes, size);
      const record = salvageRecord(name, size, message, await this.#packSession(message), bytes);
      if (problem !== undefined && record.frames.length === 0) throw new PacketError(problem);
      this.#index.add(record, this.#needed === undefined || this.#needed.has(name));
    });
    if (problem !== undefined) this.#salvaged.set(object, new DamageError(object, problem));
    keepHeapSmall();
  }

  /** Damaged packs of which something was read: what that is, was checked blob by blob. */
  get salvaged(): DamageError[] {
    return [...this.#salvaged.values()];
  }

  /** What the index says. */
  get index(): BlobIndex {
    return this.#index;
  }

  /** Has a blob fetched that will be read soon. Whoever calls this calls {@link release} as often. */
  want(id: BlobId): void {
    for (const {frame, at} of this.#placesOf(id)) this.#loader.want(frame, at);
  }

  release(id: BlobId): void {
    for (const {frame} of this.#placesOf(id)) this.#loader.release(frame);
  }

  /** @throws {@link DamageError} if no index knows it */
  find(id: BlobId): BlobPlace {
    const found = this.#index.find(id);
    if (found !== undefined) return found;
    const place = `${this.generation.source}/${this.generation.generation}`;
    throw new DamageError(
      `blob ${id.slice(0, 16)}…`,
      this.#isSalvaging
        ? `no pack of ${place} that can be read holds it`
        : `no index object of ${place} knows it`,
    );
  }

  /**
   * A blob's content, checked against its id. It may be taken back with the next call of `read`, `want` or `release`.
   * @throws {@link DamageError}
   */
  async read(id: BlobId): Promise<Buffer> {
    const place = this.find(id);
    return place.base === undefined ? this.#readWhole(id, place) : this.#readDelta(id, place, place.base);
  }

  /** What is stored of a blob, after its content was checked: the content itself, or the delta. It may be taken back like that. */
  async readStored(id: BlobId): Promise<{readonly bytes: Buffer; readonly place: BlobPlace}> {
    const content = await this.read(id);
    const place = this.find(id);
    if (place.base === undefined) return {bytes: content, place};
    const {raw} = await this.#loader.load(place.frame);
    return {bytes: Buffer.from(raw.buffer, this.#index.offsetOf(place), place.stored), place};
  }

  async #readWhole(id: BlobId, place: BlobPlace): Promise<Buffer> {
    const {raw, wrong, checked} = await this.#loader.load(place.frame);
    const content = Buffer.from(raw.buffer, this.#index.offsetOf(place), place.length);
    const isWrong =
      checked === undefined || checked.includes(place.at)
        ? wrong.includes(place.at)
        : this.#mac(content).toString('hex') !== id;
    if (isWrong) throw this.#otherContent(place.frame);
    return content;
  }

  async #readDelta(id: BlobId, place: BlobPlace, base: BlobId): Promise<Buffer> {
    const object = packObject(this.generation, place.frame.pack.name);
    const basePlace = this.#index.find(base);
    if (basePlace === undefined || basePlace.base !== undefined)
      throw new DamageError(
        object,
        `no whole blob ${base.slice(0, 16)}… is there, which its content builds on`,
      );
    const dictionary = Buffer.from(await this.#readWhole(base, basePlace));
    const {raw} = await this.#loader.load(place.frame);
    const member = Buffer.from(raw.buffer, this.#index.offsetOf(place), place.stored);
    return this.#reading(object, async () => {
      const content = decodeDelta(member, base, dictionary, place.length);
      if (this.#mac(content).toString('hex') !== id)
        throw new DeltaError('it holds other content than the index says');
      return content;
    });
  }

  /** Where a blob lies, and what it builds on. */
  #placesOf(id: BlobId): BlobPlace[] {
    const place = this.#index.find(id);
    const base = place?.base === undefined ? undefined : this.#index.find(place.base);
    return [base, place].filter((found) => found !== undefined);
  }

  /** The deltas of a frame that are wrong in themselves: where the base cannot be read, that is told of its pack. */
  async #wrongDeltas(frame: IndexedFrame): Promise<BlobId[]> {
    const object = packObject(this.generation, frame.pack.name);
    const wrong: BlobId[] = [];
    for (const at of this.#index.deltasOf(frame)) {
      const id = this.#index.idOf(frame, at);
      const place = this.#index.find(id);
      if (place?.frame !== frame) continue; // Another one is used.
      try {
        await this.read(id);
      } catch (error) {
        if (!(error instanceof DamageError)) throw error;
        if (error.object === object) wrong.push(id);
      }
    }
    return wrong;
  }

  /** Writes blobs into files, in the order of the packs. */
  frameWriter(): FrameWriter {
    return new FrameWriter({
      opener: this.#opener,
      unpacker: this.#unpacker,
      index: this.#index,
      damageOf: (frame) => this.#otherContent(frame),
    });
  }

  /**
   * Reads a whole pack and checks everything in it.
   * @returns the blobs in it that are not what their id says
   * @throws {@link DamageError} if nothing in it can be had
   */
  async checkPack(pack: IndexedPack): Promise<BlobId[]> {
    const object = packObject(this.generation, pack.name);
    const check = async (): Promise<readonly (readonly number[])[]> => {
      const bytes = await this.#fetch(object, pack.size);
      if (sha256(bytes) !== pack.name) throw new PacketError('its content does not match its name');
      const sessionKey = await this.#packSession(inspectMessage(bytes, bytes.length));
      const frames = pack.frames.map((frame) => shapeOf(this.#index, frame));
      return this.#unpacker.pack({type: 'pack', sessionKey, bytes, frames});
    };
    return this.#reading(object, async () => {
      // Wrong bytes are read a second time before they count.
      const wrong = await check().catch(check);
      keepHeapSmall();
      const ids = pack.frames.flatMap((frame, number) =>
        (wrong[number] ?? []).map((at) => this.#index.idOf(frame, at)),
      );
      for (const frame of pack.frames) ids.push(...(await this.#wrongDeltas(frame)));
      return ids;
    });
  }

  /** The blobs of a frame that cannot be read, in a pack of which something is wrong. */
  async lostIn(frame: IndexedFrame): Promise<BlobId[]> {
    const named = (numbers: readonly number[]): BlobId[] => numbers.map((at) => this.#index.idOf(frame, at));
    try {
      const {wrong} = await this.#loader.load(frame); // Nothing is wanted of it, so all of it is checked.
      return [...named(wrong), ...(await this.#wrongDeltas(frame))];
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      return named(Array.from({length: frame.count}, (_, at) => at));
    }
  }

  #otherContent({pack}: IndexedFrame): DamageError {
    return new DamageError(
      packObject(this.generation, pack.name),
      'it holds other content than the index says',
    );
  }

  /** @throws `PacketError` if the message is for another key than the generation's */
  #packSession({recipients, pkesks}: EncryptedMessage): Promise<Uint8Array> {
    this.#own ??= encryptionFingerprint(this.generation.privateKey);
    if (recipients.length !== 1 || recipients[0] !== this.#own)
      return Promise.reject(new PacketError('it is encrypted to another key'));
    return this.#session(pkesks);
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

  async #fetch(object: string, maxBytes: number, range?: ByteRange): Promise<Uint8Array> {
    try {
      return await readObject(this.#repository.target, object, {maxBytes, range});
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
}
