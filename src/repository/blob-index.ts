/** Where every blob of a generation lies, in some 55 bytes each: a restore of millions of files has to know all of them. */
import type {BlobId, PackName} from './layout.ts';
import {MEMBER_HEADER_BYTES, memberLength, type PackKind, type PackRecord} from './pack.ts';

export interface IndexedFrame {
  readonly pack: IndexedPack;
  /** In the `.tar.zst`. */
  readonly offset: number;
  readonly size: number;
  /** Decompressed size. */
  readonly raw: number;
  /** Number of its first blob in the index; the others follow. */
  readonly first: number;
  readonly count: number;
}

export interface IndexedPack {
  readonly name: PackName;
  /** Of the whole object. */
  readonly size: number;
  readonly kind: PackKind;
  readonly frames: readonly IndexedFrame[];
}

/** Where a blob lies. */
export interface BlobPlace {
  readonly frame: IndexedFrame;
  /** Its number in the frame. */
  readonly at: number;
  /** In the decompressed frame. */
  readonly offset: number;
  /** Of what lies there: the blob, or the delta. */
  readonly stored: number;
  /** Of the blob. */
  readonly length: number;
  /** The blob that a delta is the difference to. */
  readonly base?: BlobId | undefined;
}

const ID_BYTES = 32;
const FIRST_ROOM = 1024;

export class BlobIndex {
  readonly #packs = new Map<string, IndexedPack>();
  readonly #frames: IndexedFrame[] = [];
  #count = 0;
  #ids = Buffer.allocUnsafeSlow(FIRST_ROOM * ID_BYTES);
  #frameOf = new Uint32Array(FIRST_ROOM);
  #offsets = new Uint32Array(FIRST_ROOM);
  /** As stored. */
  #lengths = new Uint32Array(FIRST_ROOM);
  /** By number of the blob. */
  readonly #deltas = new Map<number, {readonly length: number; readonly base: BlobId}>();
  /** Open addressing, by the first bytes of the id, which are random: number of the blob + 1. */
  #table = new Uint32Array(2 * FIRST_ROOM);

  get packs(): IterableIterator<IndexedPack> {
    return this.#packs.values();
  }

  pack(name: string): IndexedPack | undefined {
    return this.#packs.get(name);
  }

  /** @param isPreferred of a blob that lies in several packs, the place in this one is taken */
  add(record: PackRecord, isPreferred: boolean): void {
    if (this.#packs.has(record.pack)) return;
    const frames: IndexedFrame[] = [];
    const pack: IndexedPack = {name: record.pack, size: record.size, kind: record.kind, frames};
    for (const {offset, size, raw, blobs} of record.frames) {
      frames.push({pack, offset, size, raw, first: this.#count, count: blobs.length});
      let at = 0;
      for (const [id, length, base, stored = length] of blobs) {
        if (base !== undefined) this.#deltas.set(this.#count, {length, base});
        this.#addBlob(id, at + MEMBER_HEADER_BYTES, stored, isPreferred);
        at += memberLength(stored);
      }
      this.#frames.push(frames.at(-1) as IndexedFrame);
    }
    this.#packs.set(record.pack, pack);
  }

  find(id: BlobId): BlobPlace | undefined {
    const key = Buffer.from(id, 'hex');
    const blob = (this.#table[this.#slotOf(key)] as number) - 1;
    if (blob < 0) return undefined;
    const frame = this.#frames[this.#frameOf[blob] as number] as IndexedFrame;
    const stored = this.#lengths[blob] as number;
    const {length = stored, base} = this.#deltas.get(blob) ?? {};
    return {
      frame,
      at: blob - frame.first,
      offset: this.#offsets[blob] as number,
      stored,
      length,
      base,
    };
  }

  /** Numbers of those of a frame's blobs that are deltas. */
  deltasOf({first, count}: IndexedFrame): number[] {
    if (this.#deltas.size === 0) return [];
    return Array.from({length: count}, (_, at) => at).filter((at) => this.#deltas.has(first + at));
  }

  /** The ids of a frame's blobs, 32 bytes each. */
  idsOf({first, count}: IndexedFrame): Uint8Array {
    return this.#ids.subarray(first * ID_BYTES, (first + count) * ID_BYTES);
  }

  /** As stored. */
  lengthsOf({first, count}: IndexedFrame): Uint32Array {
    return this.#lengths.subarray(first, first + count);
  }

  /** @param at number of the blob in the frame */
  idOf(frame: IndexedFrame, at: number): BlobId {
    return this.#ids.toString(
      'hex',
      (frame.first + at) * ID_BYTES,
      (frame.first + at + 1) * ID_BYTES,
    ) as BlobId;
  }

  #addBlob(id: BlobId, offset: number, length: number, isPreferred: boolean): void {
    if (this.#count === this.#lengths.length) this.#grow();
    const blob = this.#count++;
    const key = this.#ids.subarray(blob * ID_BYTES, (blob + 1) * ID_BYTES);
    key.write(id, 'hex');
    this.#frameOf[blob] = this.#frames.length;
    this.#offsets[blob] = offset;
    this.#lengths[blob] = length;
    const slot = this.#slotOf(key);
    if (this.#table[slot] === 0 || isPreferred) this.#table[slot] = blob + 1;
  }

  /** Where the blob with this id is in the table, or would be. */
  #slotOf(key: Buffer): number {
    const mask = this.#table.length - 1;
    let slot = key.readUInt32LE(0) & mask;
    for (;;) {
      const blob = (this.#table[slot] as number) - 1;
      if (blob < 0 || key.compare(this.#ids, blob * ID_BYTES, (blob + 1) * ID_BYTES) === 0) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const room = Math.ceil(this.#lengths.length * 1.5);
    const ids = Buffer.allocUnsafeSlow(room * ID_BYTES);
    ids.set(this.#ids);
    free(this.#ids);
    this.#ids = ids;
    const grown = (numbers: Uint32Array): Uint32Array<ArrayBuffer> => {
      const more = new Uint32Array(room);
      more.set(numbers);
      free(numbers);
      return more;
    };
    this.#frameOf = grown(this.#frameOf);
    this.#offsets = grown(this.#offsets);
    this.#lengths = grown(this.#lengths);
    if (room * 1.3 > this.#table.length) this.#enlargeTable();
  }

  #enlargeTable(): void {
    const known = this.#table;
    this.#table = new Uint32Array(2 * known.length);
    for (const entry of known) {
      if (entry === 0) continue;
      this.#table[this.#slotOf(this.#ids.subarray((entry - 1) * ID_BYTES, entry * ID_BYTES))] = entry;
    }
    free(known);
  }
}

/** Sooner than the garbage collector would, which does not see how large it is. */
function free({buffer}: Uint8Array | Uint32Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
