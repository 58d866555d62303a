/** Small collections, which Redis packs into one string each: listpacks, ziplists (before Redis 7) and sets of integers. */
import {RdbUnknownError} from './rdb-input.ts';

const END = 0xff;

/** listpack.c: total bytes (4), elements (2), then each as encoding, content, and their length once more, to walk backwards. */
export function* listpackItems(pack: Buffer): Generator<Buffer, void> {
  for (let at = 6; pack[at] !== END; ) {
    const [item, next] = listpackItem(pack, at);
    yield item;
    at = next + backLength(next - at);
  }
}

function listpackItem(pack: Buffer, at: number): [item: Buffer, next: number] {
  const first = pack.readUInt8(at);
  if (first < 0x80) return [text(first), at + 1];
  if (first < 0xc0) return bytes(pack, at + 1, first & 0x3f);
  if (first < 0xe0) {
    const value = ((first & 0x1f) << 8) | pack.readUInt8(at + 1);
    return [text(value >= 4096 ? value - 8192 : value), at + 2];
  }
  if (first < 0xf0) return bytes(pack, at + 2, ((first & 0x0f) << 8) | pack.readUInt8(at + 1));
  switch (first) {
    case 0xf0:
      return bytes(pack, at + 5, pack.readUInt32LE(at + 1));
    case 0xf1:
      return integer(pack, at + 1, 2);
    case 0xf2:
      return integer(pack, at + 1, 3);
    case 0xf3:
      return integer(pack, at + 1, 4);
    case 0xf4:
      return integer(pack, at + 1, 8);
    default:
      throw new RdbUnknownError('it has a listpack with an unknown entry');
  }
}

/** How many bytes tell the length of an entry. */
function backLength(length: number): number {
  if (length < 128) return 1;
  if (length < 16_383) return 2;
  if (length < 2_097_151) return 3;
  return length < 268_435_455 ? 4 : 5;
}

/** ziplist.c: total bytes (4), the last one's place (4), entries (2), then each as the length of the one before, encoding, content. */
export function* ziplistItems(list: Buffer): Generator<Buffer, void> {
  for (let at = 10; list[at] !== END; ) {
    const [item, next] = ziplistItem(list, at + (list.readUInt8(at) < 254 ? 1 : 5));
    yield item;
    at = next;
  }
}

function ziplistItem(list: Buffer, at: number): [item: Buffer, next: number] {
  const first = list.readUInt8(at);
  if (first < 0x40) return bytes(list, at + 1, first);
  if (first < 0x80) return bytes(list, at + 2, ((first & 0x3f) << 8) | list.readUInt8(at + 1));
  switch (first) {
    case 0x80:
      return bytes(list, at + 5, list.readUInt32BE(at + 1));
    case 0xc0:
      return integer(list, at + 1, 2);
    case 0xd0:
      return integer(list, at + 1, 4);
    case 0xe0:
      return integer(list, at + 1, 8);
    case 0xf0:
      return integer(list, at + 1, 3);
    case 0xfe:
      return integer(list, at + 1, 1);
    default:
      if (first > 0xf0 && first < 0xfe) return [text((first & 0x0f) - 1), at + 1];
      throw new RdbUnknownError('it has a ziplist with an unknown entry');
  }
}

/** intset.c: bytes of each integer (4), how many (4), and these. */
export function* intsetItems(set: Buffer): Generator<Buffer, void> {
  const size = set.readUInt32LE(0);
  for (let at = 8; at < set.length; at += size) yield integer(set, at, size)[0];
}

function text(value: number | bigint): Buffer {
  return Buffer.from(String(value));
}

function bytes(from: Buffer, at: number, length: number): [Buffer, number] {
  return [from.subarray(at, at + length), at + length];
}

function integer(from: Buffer, at: number, size: number): [Buffer, number] {
  return [text(size === 8 ? from.readBigInt64LE(at) : from.readIntLE(at, size)), at + size];
}
