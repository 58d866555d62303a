/** What is to be done with the blobs of one frame, in few bytes: a restore has an order for every file and goes to threads with them. */
import type {WholeFile} from '../../system/whole-file.ts';

/** Make a file that has no other content than this blob. */
export interface WholeOrder {
  readonly kind: 'whole';
  /** Number of the blob in its frame. */
  readonly at: number;
  readonly file: WholeFile;
}

/** Write a part of this blob into an open file. */
export interface PartOrder {
  readonly kind: 'part';
  readonly at: number;
  readonly fd: number;
  /** Where in the file. */
  readonly position: number;
  /** Which part of the blob. */
  readonly from: number;
  readonly length: number;
}

export type Order = WholeOrder | PartOrder;

const KIND = {part: 0, whole: 1, wholeWithOwner: 2} as const;
const PART_BYTES = 25;
const WHOLE_BYTES = 29;
const FIRST_BYTES = 32;

export class Orders {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  add(order: Order): void {
    const at = this.#room(order.kind === 'part' ? PART_BYTES : WHOLE_BYTES + order.file.name.length);
    const bytes = this.#bytes;
    bytes.writeUInt32LE(order.at, at + 1);
    if (order.kind === 'part') {
      bytes[at] = KIND.part;
      bytes.writeUInt32LE(order.fd, at + 5);
      bytes.writeDoubleLE(order.position, at + 9);
      bytes.writeUInt32LE(order.from, at + 17);
      bytes.writeUInt32LE(order.length, at + 21);
    } else {
      const {directory, name, owner, mode, mtimeNs} = order.file;
      bytes[at] = owner === undefined ? KIND.whole : KIND.wholeWithOwner;
      bytes.writeUInt32LE(directory, at + 5);
      bytes.writeUInt32LE(owner?.uid ?? 0, at + 9);
      bytes.writeUInt32LE(owner?.gid ?? 0, at + 13);
      bytes.writeUInt16LE(mode, at + 17);
      bytes.writeBigInt64LE(mtimeNs, at + 19);
      bytes.writeUInt16LE(name.length, at + 27);
      bytes.set(name, at + WHOLE_BYTES);
    }
  }

  /** A copy of its own. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  #room(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    return at;
  }
}

/** Names lie in the memory of `encoded`. */
export function* readOrders(encoded: Uint8Array): Generator<Order> {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at];
    const blob = bytes.readUInt32LE(at + 1);
    if (kind === KIND.part) {
      yield {
        kind: 'part',
        at: blob,
        fd: bytes.readUInt32LE(at + 5),
        position: bytes.readDoubleLE(at + 9),
        from: bytes.readUInt32LE(at + 17),
        length: bytes.readUInt32LE(at + 21),
      };
      at += PART_BYTES;
    } else {
      const name = bytes.subarray(at + WHOLE_BYTES, at + WHOLE_BYTES + bytes.readUInt16LE(at + 27));
      const owner =
        kind === KIND.wholeWithOwner
          ? {uid: bytes.readUInt32LE(at + 9), gid: bytes.readUInt32LE(at + 13)}
          : undefined;
      const directory = bytes.readUInt32LE(at + 5);
      const mode = bytes.readUInt16LE(at + 17);
      yield {
        kind: 'whole',
        at: blob,
        file: {directory, name, owner, mode, mtimeNs: bytes.readBigInt64LE(at + 19)},
      };
      at += WHOLE_BYTES + name.length;
    }
  }
}
