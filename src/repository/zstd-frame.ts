/** What a zstd frame says of itself (RFC 8878 §3.1.1), without decompressing it. */

export const ZSTD_MAGIC = Buffer.from('28b52ffd', 'hex');
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const BLOCK_HEADER_BYTES = 3;
const BLOCK = {raw: 0, rle: 1, compressed: 2} as const;

export interface ZstdFrame {
  /** Of the whole frame. */
  readonly size: number;
  /** Of what it decompresses to. */
  readonly contentSize: number;
}

/** The frame that begins at `at`. Undefined unless a whole one with a content size is there. */
export function zstdFrameAt(bytes: Buffer, at: number): ZstdFrame | undefined {
  try {
    return readFrame(bytes, at);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // It goes on behind the end of the bytes.
    throw error;
  }
}

function readFrame(bytes: Buffer, at: number): ZstdFrame | undefined {
  if (bytes.compare(ZSTD_MAGIC, 0, 4, at, at + 4) !== 0) return undefined;
  const descriptor = bytes.readUInt8(at + 4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  if ((descriptor & 0x08) !== 0) return undefined;
  let next = at + 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_BYTES[descriptor & 3] as number);
  let contentSize: number;
  switch (descriptor >> 6) {
    case 0:
      if (!isSingleSegment) return undefined;
      contentSize = bytes.readUInt8(next);
      next += 1;
      break;
    case 1:
      contentSize = bytes.readUInt16LE(next) + 256;
      next += 2;
      break;
    case 2:
      contentSize = bytes.readUInt32LE(next);
      next += 4;
      break;
    default:
      contentSize = Number(bytes.readBigUInt64LE(next));
      next += 8;
  }
  for (let isLast = false; !isLast; ) {
    const header = bytes.readUIntLE(next, BLOCK_HEADER_BYTES);
    isLast = (header & 1) !== 0;
    const type = (header >> 1) & 3;
    if (type > BLOCK.compressed) return undefined;
    next += BLOCK_HEADER_BYTES + (type === BLOCK.rle ? 1 : header >> 3);
  }
  const size = next + (hasChecksum ? 4 : 0) - at;
  return at + size > bytes.length ? undefined : {size, contentSize};
}
