/** The pieces of an RDB file as one run of bytes: whoever reads waits, as a generator, for the piece that it needs. */

/** Gives what was read; asks for the next piece wherever it needs one. */
export type Reading<T> = Generator<void, T, Buffer>;

/** Something in the file that this version of Holdfast does not know; the message is the end of a sentence. */
export class RdbUnknownError extends Error {}

/** Of a longer string only the length is given, as a text: the memory of a backup stays small. */
const LONGEST_BYTES = 32 * 1024 * 1024;

/** How the numbers in place of a length are written. */
const ENCODED = {int8: 0, int16: 1, int32: 2, lzf: 3} as const;

export class RdbInput {
  #data: Buffer = Buffer.alloc(0);
  #at = 0;

  /** The next bytes, valid until more is read. */
  *take(count: number): Reading<Buffer> {
    if (this.#data.length - this.#at < count) yield* this.#fill(count);
    this.#at += count;
    return this.#data.subarray(this.#at - count, this.#at);
  }

  *byte(): Reading<number> {
    if (this.#at === this.#data.length) yield* this.#fill(1);
    return this.#data[this.#at++] as number;
  }

  /** A plain number. */
  *length(): Reading<number> {
    const read = yield* this.#lengthOrEncoding();
    if (read < 0) throw new RdbUnknownError('it has a number where none is known to be');
    return read;
  }

  /** Owned by the caller. */
  *string(): Reading<Buffer> {
    const read = yield* this.#lengthOrEncoding();
    if (read >= 0) return yield* this.#bytes(read);
    switch (-1 - read) {
      case ENCODED.int8:
        return Buffer.from(String((yield* this.take(1)).readInt8()));
      case ENCODED.int16:
        return Buffer.from(String((yield* this.take(2)).readInt16LE()));
      case ENCODED.int32:
        return Buffer.from(String((yield* this.take(4)).readInt32LE()));
      case ENCODED.lzf: {
        const packed = yield* this.length();
        const length = yield* this.length();
        if (length > LONGEST_BYTES) return yield* this.#skip(packed, length);
        return expandLzf(yield* this.take(packed), length);
      }
      default:
        throw new RdbUnknownError(`it has strings of an unknown encoding (${-1 - read})`);
    }
  }

  *#bytes(length: number): Reading<Buffer> {
    return length > LONGEST_BYTES ? yield* this.#skip(length, length) : Buffer.from(yield* this.take(length));
  }

  *#skip(count: number, length: number): Reading<Buffer> {
    for (let left = count; left > 0; ) {
      const step = Math.min(left, 65_536);
      yield* this.take(step);
      left -= step;
    }
    return Buffer.from(`${length} bytes`);
  }

  /** @returns less than 0 for what is no length: -1 minus its encoding */
  *#lengthOrEncoding(): Reading<number> {
    const first = yield* this.byte();
    switch (first >> 6) {
      case 0:
        return first;
      case 1:
        return ((first & 0x3f) << 8) | (yield* this.byte());
      case 2:
        return first === 0x80
          ? (yield* this.take(4)).readUInt32BE()
          : Number((yield* this.take(8)).readBigUInt64BE());
      default:
        return -1 - (first & 0x3f);
    }
  }

  *#fill(count: number): Reading<void> {
    const parts: Buffer[] = [this.#data.subarray(this.#at)];
    let missing = count - (this.#data.length - this.#at);
    while (missing > 0) {
      const piece = yield;
      parts.push(piece);
      missing -= piece.length;
    }
    this.#data = Buffer.concat(parts);
    this.#at = 0;
  }
}

/** LZF: runs of up to 32 bytes as they are, and copies of up to 264 bytes from at most 8 KiB before. */
export function expandLzf(packed: Buffer, length: number): Buffer {
  const out = Buffer.allocUnsafe(length);
  let to = 0;
  for (let at = 0; at < packed.length; ) {
    const control = packed[at++] as number;
    if (control < 32) {
      packed.copy(out, to, at, at + control + 1);
      at += control + 1;
      to += control + 1;
      continue;
    }
    let count = control >> 5;
    if (count === 7) count += packed[at++] ?? 0;
    let from = to - ((control & 0x1f) << 8) - (packed[at++] ?? 0) - 1;
    if (from < 0) break;
    // Byte by byte: a copy may begin in what it has just written.
    for (const end = to + count + 2; to < end; ) out[to++] = out[from++] as number;
  }
  if (to !== length) throw new RdbUnknownError('it has a compressed string that is not whole');
  return out;
}
