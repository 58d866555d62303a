import {zstdCompressSync} from 'node:zlib';
import {LITERAL_HEADER_LENGTH, literalHeader} from '../../crypto/packets.ts';
import {
  inspectMessage,
  type Session,
  sealedLength,
  sealedPrefixLength,
  sealInPlace,
} from '../../crypto/seipd.ts';
import {loadZstd, type Material, ZSTD_MARGIN_BYTES, type Zstd} from '../../system/linked.ts';
import {type PackName, sha256} from '../layout.ts';
import {type BlobList, type FrameRecord, LIMITS, type PackKind, type PackRecord} from '../pack.ts';

/** Where the pack may be read: the message went wrong in this machine's memory, so nothing of it may leave. */
export class PackCheckError extends Error {}

export interface SealedPack<Blobs = BlobList> {
  readonly record: PackRecord<Blobs>;
  readonly bytes: Buffer;
}

export interface PackBuilderOptions {
  readonly session: Session;
  /** Fingerprint of the only key that may open the packs. */
  readonly generationKey: string;
  readonly kind: PackKind;
  /** A pack is closed when its compressed frames reach this. */
  readonly packBytes: number;
}

/** A pack is closed when it holds so many blobs, however small: lists of them are kept in memory until it is stored. */
const BLOBS_MOST = 8192;
const CODEC_ERROR =
  'A compressed frame did not decompress to what it was made of: faulty memory or a codec bug.';
const END_OF_ARCHIVE = zstdCompressSync(Buffer.alloc(1024));
/**
 * Compresses frames and seals them into packs. What it made is decoded and compared before it is handed out. A pack is gathered
 * and encrypted in one piece of memory.
 */
export class PackBuilder<Blobs = BlobList> {
  readonly #options: PackBuilderOptions;
  readonly #dataStart: number;
  readonly #zstd: Zstd;
  /** What was compressed is decompressed here. */
  #back = Buffer.allocUnsafeSlow(0);
  /** The pack that is being filled; its frames begin at `#dataStart`. */
  #memory: Buffer | undefined;
  #frames: FrameRecord<Blobs>[] = [];
  #length = 0;
  #blobs = 0;

  constructor(options: PackBuilderOptions) {
    this.#options = options;
    this.#dataStart = sealedPrefixLength(options.session) + LITERAL_HEADER_LENGTH;
    this.#zstd = loadZstd();
  }

  /** Takes one frame of whole tar members, `count` blobs. Returns a pack when that filled one. */
  add(raw: Uint8Array, blobs: Blobs, count: number, material: Material): SealedPack<Blobs> | undefined {
    this.#memory ??= Buffer.allocUnsafeSlow(this.#roomBytes);
    const start = this.#dataStart + this.#length;
    const size = this.#zstd.compress(
      this.#memory.subarray(start, start + raw.length + ZSTD_MARGIN_BYTES),
      raw,
      material,
    );
    this.#check(this.#memory.subarray(start, start + size), raw);
    this.#frames.push({offset: this.#length, size, raw: raw.length, blobs});
    this.#length += size;
    this.#blobs += count;
    const isFull = this.#length >= this.#options.packBytes || this.#blobs >= BLOBS_MOST;
    return isFull ? this.finish() : undefined;
  }

  /** Seals what is there, if anything. */
  finish(): SealedPack<Blobs> | undefined {
    if (this.#memory === undefined) return undefined;
    this.#memory.set(END_OF_ARCHIVE, this.#dataStart + this.#length);
    const dataLength = this.#length + END_OF_ARCHIVE.length;
    this.#memory.set(literalHeader(dataLength), this.#dataStart - LITERAL_HEADER_LENGTH);
    const bytes = sealInPlace(this.#options.session, this.#memory, LITERAL_HEADER_LENGTH + dataLength);
    refuseForeign(bytes, this.#options.generationKey);
    const record: PackRecord<Blobs> = {
      pack: sha256(bytes) as PackName,
      size: bytes.length,
      kind: this.#options.kind,
      frames: this.#frames,
    };
    this.#memory = undefined;
    this.#frames = [];
    this.#length = 0;
    this.#blobs = 0;
    return {record, bytes};
  }

  /** @throws {@link PackCheckError} unless a frame decompresses to what it was made of */
  #check(frame: Uint8Array, raw: Uint8Array): void {
    if (this.#back.length < raw.length) this.#back = Buffer.allocUnsafeSlow(raw.length);
    const back = this.#back.subarray(0, raw.length);
    try {
      if (this.#zstd.decompress(back, frame) === raw.length && Buffer.compare(back, raw) === 0) return;
    } catch (cause) {
      throw new PackCheckError(CODEC_ERROR, {cause});
    }
    throw new PackCheckError(CODEC_ERROR);
  }

  /** For frames just short of a full pack, one more of the largest size, and what encryption adds. */
  get #roomBytes(): number {
    return sealedLength(this.#options.session, this.#options.packBytes + LIMITS.frameBytes / 2);
  }
}

/** Fail closed: what leaves can be opened with the generation's key and no other. */
function refuseForeign(bytes: Buffer, generationKey: string): void {
  const {recipients} = inspectMessage(bytes.subarray(0, 4096), bytes.length);
  if (recipients.length !== 1 || recipients[0] !== generationKey) {
    throw new PackCheckError('A pack was not encrypted to the generation key; it was not uploaded.');
  }
}
