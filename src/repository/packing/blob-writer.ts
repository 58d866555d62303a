import {type Chunker, createChunker, DELTA_CHUNKING, STREAM_CHUNKING} from '../../chunker/chunker.ts';
import {type Mac, newMac} from '../../system/linked.ts';
import {encodeDelta} from '../delta.ts';
import type {BlobId} from '../layout.ts';
import type {PackKind, PackRecord} from '../pack.ts';
import {IdFilter} from './id-filter.ts';
import type {Delta} from './lane.ts';
import type {Packer} from './packer.ts';

/** Reads the next bytes of a content into the buffer; fewer than fit only at the end. */
export type ContentReader = (into: Buffer) => number;

export interface StoredContent {
  readonly blobs: BlobId[];
  readonly sizeBytes: number;
}

/** Whole blobs of this generation that those of a stream may be stored as differences to. */
export interface BaseBlobs {
  /** The base of the content that lay in the same place in the last version; `before` are the bytes before it. */
  find(
    before: Uint8Array,
    content: Uint8Array,
  ): {readonly id: BlobId; read(): Uint8Array | undefined} | undefined;
  /** What became of a chunk: it is stored whole, or builds on a base. Also of chunks that were known already. */
  stored(before: Uint8Array, content: Uint8Array, id: BlobId, base: BlobId | undefined): void;
}

export interface StreamOptions {
  /** The length of all chunks but the last; by default content decides. */
  readonly chunkBytes?: number | undefined;
  readonly bases?: BaseBlobs | undefined;
}

export interface BlobWriterOptions {
  readonly packer: Packer;
  readonly blobIdKey: Uint8Array;
  readonly chunker: {
    readonly seed: Uint8Array;
    readonly min: number;
    readonly maskBits: number;
    readonly max: number;
  };
  /** Whether an acknowledged pack holds this blob. */
  isKnown(id: Buffer): boolean;
  /** The generation holds no blob at all yet: only what was written here needs a look-up. */
  readonly isFresh: boolean;
}

/** How much is read at once while looking for the end of a chunk. */
const STEP_BYTES = 262_144;
/** The same for streams, whose chunks are small: what is read beyond a chunk is copied twice. */
const STREAM_STEP_BYTES = 8192;
/** So much of what stands before a chunk tells its place. */
const BEFORE_BYTES = 64;

type StreamTier = (typeof STREAM_CHUNKING)[number] | (typeof DELTA_CHUNKING)[number];

/** Cuts content into blobs, names them, and stores those that are new in the generation. */
export class BlobWriter {
  readonly counts = {blobs: 0, bytes: 0};
  readonly #options: BlobWriterOptions;
  readonly #chunker: Chunker;
  readonly #mac: Mac;
  /** Blobs on their way: given to the packer, not yet acknowledged. */
  readonly #pending = new Set<string>();
  readonly #written: IdFilter | undefined;
  readonly #rest = Buffer.alloc(STEP_BYTES);
  readonly #streamChunkers = new Map<StreamTier, Chunker>();

  constructor(options: BlobWriterOptions) {
    this.#options = options;
    this.#chunker = createChunker(options.packer.memory, 0, options.chunker);
    this.#mac = newMac(options.blobIdKey);
    this.#written = options.isFresh ? new IdFilter() : undefined;
  }

  /** A pack was acknowledged: from now on `isKnown` answers for its blobs. */
  acknowledged(record: PackRecord): void {
    for (const {blobs} of record.frames) for (const [id] of blobs) this.#pending.delete(id);
  }

  /** Stores a blob that is in memory. */
  async storeWhole(kind: PackKind, content: Uint8Array): Promise<BlobId> {
    const mac = this.#mac(content);
    const id = mac.toString('hex') as BlobId;
    if (this.#isStored(id, mac)) return id;
    const {packer} = this.#options;
    if (packer.mustWait(kind)) await packer.ready(kind);
    packer.reserve(kind, content.length).bytes.set(content);
    this.#commit(kind, id, mac, content.length);
    return id;
  }

  /**
   * Stores what `read` gives, in chunks. The bytes go straight into the packer's memory.
   * @param expectedBytes what the file's size says; more or fewer may come
   */
  async storeContent(read: ContentReader, expectedBytes: number): Promise<StoredContent> {
    if (expectedBytes < this.#chunker.min) return this.#storeSmall(read, expectedBytes);
    return this.#storeChunks(read, this.#rest.subarray(0, 0));
  }

  /**
   * Stores a stream in small chunks, which grow the further in they lie. No other content may be stored until it has ended.
   * @param onBlob takes the ids in order, and may store lists of them as trees
   * @returns the length of the stream
   * @throws whatever the stream throws, and then its last bytes are in no blob
   */
  async storeStream(
    pieces: AsyncIterable<Uint8Array>,
    onBlob: (id: BlobId) => Promise<void> | undefined,
    {chunkBytes, bases}: StreamOptions = {},
  ): Promise<number> {
    const {packer} = this.#options;
    await using input = new Pieces(pieces);
    packer.material = 'dump';
    let sizeBytes = 0;
    let rest: Buffer = this.#rest.subarray(0, 0);
    let before: Buffer = Buffer.alloc(0);
    for (let ended = false; !ended; ) {
      const chunker =
        chunkBytes === undefined
          ? this.#streamChunker(bases === undefined ? STREAM_CHUNKING : DELTA_CHUNKING, sizeBytes)
          : new FixedChunker(chunkBytes);
      if (packer.mustWait('data')) await packer.ready('data');
      const {bytes, offset} = packer.reserve('data', chunker.max + STREAM_STEP_BYTES);
      bytes.set(rest);
      let length = rest.length;
      chunker.begin();
      let cut = chunker.scan(offset, length);
      while (cut === 0 && !ended) {
        if (input.isEmpty) ended = !(await input.fetch());
        length += input.copyTo(bytes.subarray(length, length + STREAM_STEP_BYTES));
        cut = chunker.scan(offset, length);
      }
      if (cut === 0) cut = length;
      else ended = false;
      rest = this.#keep(bytes.subarray(cut, length));
      sizeBytes += cut;
      if (cut === 0) continue;
      const content = bytes.subarray(0, cut);
      if (bases === undefined) await onBlob(this.#storeReserved(content));
      else {
        const tail = Buffer.from(content.subarray(-BEFORE_BYTES)); // A delta takes the place of the content.
        await onBlob(this.#storeResembling(content, before, bases));
        before = tail;
      }
    }
    packer.material = 'files';
    return sizeBytes;
  }

  #streamChunker(tiers: readonly StreamTier[], atByte: number): Chunker {
    const {
      packer,
      chunker: {seed},
    } = this.#options;
    const tier = tiers.findLast(({from}) => atByte >= from) as StreamTier;
    const made = this.#streamChunkers.get(tier);
    if (made !== undefined) return made;
    const chunker = createChunker(packer.memory, 0, {...tier, seed});
    this.#streamChunkers.set(tier, chunker);
    return chunker;
  }

  async #storeSmall(read: ContentReader, expectedBytes: number): Promise<StoredContent> {
    const {packer} = this.#options;
    if (packer.mustWait('data')) await packer.ready('data');
    // One byte more than expected tells that the file has grown, without another call.
    const {bytes} = packer.reserve('data', expectedBytes + 1);
    const length = read(bytes);
    if (length > expectedBytes) return this.#storeChunks(read, Buffer.from(bytes));
    if (length === 0) return {blobs: [], sizeBytes: 0};
    return {blobs: [this.#storeReserved(bytes.subarray(0, length))], sizeBytes: length};
  }

  async #storeChunks(read: ContentReader, head: Buffer): Promise<StoredContent> {
    const {packer} = this.#options;
    const blobs: BlobId[] = [];
    let sizeBytes = 0;
    let rest = head;
    for (let ended = false; !ended; ) {
      if (packer.mustWait('data')) await packer.ready('data');
      const {bytes, offset} = packer.reserve('data', this.#chunker.max + STEP_BYTES);
      bytes.set(rest);
      let length = rest.length;
      this.#chunker.begin();
      let cut = this.#chunker.scan(offset, length);
      while (cut === 0 && !ended) {
        const got = read(bytes.subarray(length, length + STEP_BYTES));
        ended = got < STEP_BYTES;
        length += got;
        cut = this.#chunker.scan(offset, length);
      }
      if (cut === 0) cut = length;
      else if (cut < length) ended = false;
      rest = this.#keep(bytes.subarray(cut, length));
      sizeBytes += cut;
      if (cut > 0) blobs.push(this.#storeReserved(bytes.subarray(0, cut)));
    }
    return {blobs, sizeBytes};
  }

  /** What was read beyond a chunk belongs to the next one, which may lie in another slot. */
  #keep(bytes: Buffer): Buffer {
    if (bytes.length > this.#rest.length) return Buffer.from(bytes);
    bytes.copy(this.#rest);
    return this.#rest.subarray(0, bytes.length);
  }

  #storeReserved(content: Buffer): BlobId {
    const mac = this.#mac(content);
    const id = mac.toString('hex') as BlobId;
    if (!this.#isStored(id, mac)) this.#commit('data', id, mac, content.length);
    return id;
  }

  /** Stores a chunk as a delta where the chunk that lay there before halves it, or better. */
  #storeResembling(content: Buffer, before: Buffer, bases: BaseBlobs): BlobId {
    const mac = this.#mac(content);
    const id = mac.toString('hex') as BlobId;
    const found = bases.find(before, content);
    const isStored = this.#isStored(id, mac);
    let delta: Delta | undefined;
    const dictionary = isStored ? undefined : found?.read();
    if (found !== undefined && dictionary !== undefined) {
      const member = encodeDelta(content, found.id, dictionary);
      if (member !== undefined) delta = {base: found.id, member};
    }
    // A chunk that is known may be a delta from an earlier run: then it goes on building on the base that is found for it.
    bases.stored(before, content, id, isStored ? found?.id : delta?.base);
    if (!isStored) this.#commit('data', id, mac, content.length, delta);
    return id;
  }

  #commit(kind: PackKind, id: BlobId, mac: Buffer, length: number, delta?: Delta): void {
    this.#written?.add(mac);
    this.#options.packer.commit(kind, id, length, delta);
    this.#pending.add(id);
    this.counts.blobs++;
    this.counts.bytes += length;
  }

  #isStored(id: BlobId, mac: Buffer): boolean {
    if (this.#written?.mayHave(mac) === false) return false;
    return this.#pending.has(id) || this.#options.isKnown(mac);
  }
}

/** Ends every chunk at the same length. */
class FixedChunker implements Chunker {
  readonly min: number;
  readonly max: number;

  constructor(length: number) {
    this.min = length;
    this.max = length;
  }

  begin(): void {}

  scan(_offset: number, length: number): number {
    return length >= this.max ? this.max : 0;
  }
}

/** The pieces of a stream, to be taken in any portions. */
class Pieces implements AsyncDisposable {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = Buffer.alloc(0);
  #at = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#iterator = pieces[Symbol.asyncIterator]();
  }

  get isEmpty(): boolean {
    return this.#at === this.#piece.length;
  }

  /** Waits for the next piece. @returns false at the end of the stream */
  async fetch(): Promise<boolean> {
    const {done, value} = await this.#iterator.next();
    if (done === true) return false;
    this.#piece = value;
    this.#at = 0;
    return true;
  }

  copyTo(into: Uint8Array): number {
    const portion = this.#piece.subarray(this.#at, this.#at + into.length);
    into.set(portion);
    this.#at += portion.length;
    return portion.length;
  }

  /** Whoever makes the stream is told that nobody reads on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#iterator.return?.();
  }
}
