/** Where every blob of a generation lies: a restore of millions of files has to know all of them. In memory, some ten bytes each. */
import {release} from '../system/memory.ts';
import {type BlobColumns, BlobRecords} from './blob-records.ts';
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
  /** Of what lies there: the blob, or the delta. */
  readonly stored: number;
  /** Of the blob. */
  readonly length: number;
  /** The blob that a delta is the difference to. */
  readonly base?: BlobId | undefined;
}

const FIRST_SLOTS = 2048;
/** Of the slots of the table. */
const MOST_FULL = 0.7;

export class BlobIndex implements Disposable {
  readonly #packs = new Map<string, IndexedPack>();
  /** In the order of their blobs' numbers. */
  readonly #frames: IndexedFrame[] = [];
  readonly #records = new BlobRecords();
  /** By number of the blob. */
  readonly #deltas = new Map<number, {readonly length: number; readonly base: BlobId}>();
  /** Open addressing, by the first bytes of the id, which are random: number of the blob + 1. */
  #table = new Uint32Array(FIRST_SLOTS);
  /** Numbers of blobs that lie elsewhere, too, and are taken from there. */
  readonly #passedOver = new Set<number>();

  [Symbol.dispose](): void {
    this.#records[Symbol.dispose]();
  }

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
      frames.push({pack, offset, size, raw, first: this.#records.count, count: blobs.length});
      for (const [id, length, base, stored = length] of blobs) {
        if (base !== undefined) this.#deltas.set(this.#records.count, {length, base});
        this.#addBlob(id, stored, isPreferred);
      }
      if (blobs.length > 0) this.#frames.push(frames.at(-1) as IndexedFrame);
    }
    this.#packs.set(record.pack, pack);
  }

  find(id: BlobId): BlobPlace | undefined {
    const blob = (this.#table[this.#slotOf(Buffer.from(id, 'hex'))] as number) - 1;
    if (blob < 0) return undefined;
    const frame = this.#frameOf(blob);
    const stored = this.#records.lengthOf(blob);
    const {length = stored, base} = this.#deltas.get(blob) ?? {};
    return {frame, at: blob - frame.first, stored, length, base};
  }

  /** Where the blob, or the delta, begins in its decompressed frame. */
  offsetOf({frame, at}: BlobPlace): number {
    const before = this.#records.lengths(frame.first, at);
    return before.reduce((offset, length) => offset + memberLength(length), MEMBER_HEADER_BYTES);
  }

  /** Numbers of those of a frame's blobs that are deltas. */
  deltasOf({first, count}: IndexedFrame): number[] {
    if (this.#deltas.size === 0) return [];
    return Array.from({length: count}, (_, at) => at).filter((at) => this.#deltas.has(first + at));
  }

  /** The blob that what lies there is the difference to; undefined for what is stored whole. */
  baseOf({first}: IndexedFrame, at: number): BlobId | undefined {
    return this.#deltas.get(first + at)?.base;
  }

  /** The ids of a frame's blobs, and their lengths as stored. */
  columnsOf({first, count}: IndexedFrame): BlobColumns {
    return this.#records.columns(first, count);
  }

  /** @param at number of the blob in the frame */
  idOf(frame: IndexedFrame, at: number): BlobId {
    return this.#records.idOf(frame.first + at);
  }

  /** As stored. */
  lengthOf(frame: IndexedFrame, at: number): number {
    return this.#records.lengthOf(frame.first + at);
  }

  #frameOf(blob: number): IndexedFrame {
    let low = 0;
    let high = this.#frames.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#frames[middle] as IndexedFrame).first <= blob) low = middle;
      else high = middle - 1;
    }
    return this.#frames[low] as IndexedFrame;
  }

  #addBlob(id: BlobId, length: number, isPreferred: boolean): void {
    const bytes = Buffer.from(id, 'hex');
    const slot = this.#slotOf(bytes);
    const blob = this.#records.add(bytes, length);
    const known = (this.#table[slot] as number) - 1;
    if (known < 0 || isPreferred) this.#table[slot] = blob + 1;
    if (known >= 0) this.#passedOver.add(isPreferred ? known : blob);
    if (this.#records.count > MOST_FULL * this.#table.length) this.#enlargeTable();
  }

  /** Where the blob with this id is in the table, or would be. */
  #slotOf(id: Buffer): number {
    const mask = this.#table.length - 1;
    let slot = id.readUInt32LE(0) & mask;
    for (;;) {
      const blob = (this.#table[slot] as number) - 1;
      if (blob < 0 || this.#records.hasId(blob, id)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #enlargeTable(): void {
    const size = 2 * this.#table.length;
    release(this.#table);
    const table = new Uint32Array(size);
    let blob = 0;
    for (const hash of this.#records.hashes()) {
      const number = blob++;
      if (this.#passedOver.has(number)) continue;
      let slot = hash & (size - 1);
      while (table[slot] !== 0) slot = (slot + 1) & (size - 1);
      table[slot] = number + 1;
    }
    this.#table = table;
  }
}
