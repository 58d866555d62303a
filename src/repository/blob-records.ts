/** Ids and lengths of blobs, by number: the first in memory, the many of a large generation in a temporary file. */
import {closeSync, readSync, writeSync} from 'node:fs';
import {openScratchFile} from '../system/scratch-file.ts';
import type {BlobId} from './layout.ts';

const ID_BYTES = 32;
const LENGTH_BYTES = 4;
/** A segment has the ids of so many blobs, then their lengths. */
const SEGMENT_RECORDS = 2 ** 16;
const LENGTHS_AT = SEGMENT_RECORDS * ID_BYTES;
const SEGMENT_BYTES = LENGTHS_AT + SEGMENT_RECORDS * LENGTH_BYTES;
/** In memory, beside the one that is being filled: half a million blobs in all. */
const MOST_SEGMENTS = 7;

/** Of blobs that follow each other. Its memory is its own. */
export interface BlobColumns {
  /** 32 bytes each. */
  readonly ids: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
}

/** Bytes, and where in them what was asked for begins. */
type Found = readonly [bytes: Buffer, at: number];

export class BlobRecords implements Disposable {
  /** Full ones: their bytes, or where in the file they lie. */
  readonly #segments: (Buffer | number)[] = [];
  #filling = Buffer.alloc(0);
  #count = 0;
  #file: number | undefined;
  #fileBytes = 0;
  readonly #one = Buffer.allocUnsafeSlow(ID_BYTES);

  get count(): number {
    return this.#count;
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** @param id 32 bytes. @returns the number of the new record */
  add(id: Buffer, length: number): number {
    const at = this.#count % SEGMENT_RECORDS;
    if (at === 0) this.#begin();
    this.#filling.set(id, at * ID_BYTES);
    this.#filling.writeUInt32LE(length, LENGTHS_AT + at * LENGTH_BYTES);
    return this.#count++;
  }

  hasId(number: number, id: Buffer): boolean {
    const [bytes, at] = this.#id(number);
    // Most of those that are looked at on the way differ at once: no call into C++ for them.
    return bytes.readUInt32LE(at) === id.readUInt32LE(0) && id.compare(bytes, at, at + ID_BYTES) === 0;
  }

  idOf(number: number): BlobId {
    const [bytes, at] = this.#id(number);
    return bytes.toString('hex', at, at + ID_BYTES) as BlobId;
  }

  lengthOf(number: number): number {
    const at = LENGTHS_AT + (number % SEGMENT_RECORDS) * LENGTH_BYTES;
    const [bytes, start] = this.#find(number, at, LENGTH_BYTES);
    return bytes.readUInt32LE(start);
  }

  columns(first: number, count: number): BlobColumns {
    const ids = new Uint8Array(count * ID_BYTES);
    this.#copy(first, count, {at: 0, width: ID_BYTES}, ids);
    return {ids, lengths: this.lengths(first, count)};
  }

  lengths(first: number, count: number): Uint32Array<ArrayBuffer> {
    const lengths = new Uint32Array(count);
    this.#copy(first, count, {at: LENGTHS_AT, width: LENGTH_BYTES}, new Uint8Array(lengths.buffer));
    return lengths;
  }

  /** The first four bytes of every id, which are random. */
  *hashes(): Generator<number> {
    for (const {first, count} of runs(0, this.#count)) {
      const [bytes, start] = this.#find(first, 0, count * ID_BYTES);
      for (let at = start; at < start + count * ID_BYTES; at += ID_BYTES) yield bytes.readUInt32LE(at);
    }
  }

  #id(number: number): Found {
    return this.#find(number, (number % SEGMENT_RECORDS) * ID_BYTES, ID_BYTES);
  }

  /** @param column where in a segment it begins, and how wide it is */
  #copy(first: number, count: number, {at, width}: {at: number; width: number}, to: Uint8Array): void {
    for (const run of runs(first, first + count)) {
      const from = at + (run.first % SEGMENT_RECORDS) * width;
      const length = run.count * width;
      const [bytes, start] = this.#find(run.first, from, length);
      to.set(bytes.subarray(start, start + length), (run.first - first) * width);
    }
  }

  /** @param at in the segment that holds this record */
  #find(number: number, at: number, length: number): Found {
    const segment = this.#segments[Math.floor(number / SEGMENT_RECORDS)] ?? this.#filling;
    if (typeof segment !== 'number') return [segment, at];
    const bytes = length > ID_BYTES ? Buffer.allocUnsafeSlow(length) : this.#one;
    const read = readSync(this.#file as number, bytes, 0, length, segment + at);
    if (read !== length) throw new Error('A temporary file of this run has been shortened.');
    return [bytes, 0];
  }

  #begin(): void {
    if (this.#count > 0) {
      const kept = this.#segments.length < MOST_SEGMENTS ? undefined : this.#store(this.#filling);
      this.#segments.push(kept ?? this.#filling);
      if (kept !== undefined) return; // Its memory is used again.
    }
    this.#filling = Buffer.allocUnsafeSlow(SEGMENT_BYTES);
  }

  /** @returns where it lies; undefined where the temporary folder has no room for it: memory may have */
  #store(segment: Buffer): number | undefined {
    try {
      this.#file ??= openScratchFile();
      for (let done = 0; done < segment.length; )
        done += writeSync(this.#file, segment, done, segment.length - done, this.#fileBytes + done);
    } catch {
      return undefined;
    }
    this.#fileBytes += segment.length;
    return this.#fileBytes - segment.length;
  }
}

/** Records from `first` to before `end`, by segment. */
function* runs(first: number, end: number): Generator<{readonly first: number; readonly count: number}> {
  for (let at = first; at < end; ) {
    const next = Math.min(end, (Math.floor(at / SEGMENT_RECORDS) + 1) * SEGMENT_RECORDS);
    yield {first: at, count: next - at};
    at = next;
  }
}
