/** Blobs that are stored as what differs from another one, their base (docs/format.md §5). */
import {constants, zstdCompressSync} from 'node:zlib';
import {decompressInOne} from './decompress.ts';
import type {BlobId} from './layout.ts';

/** A skippable zstd frame with the base's id in hex: the member tells of itself what it takes, and zstd passes over it. */
const BASE_MAGIC = 0x184d2a50;
const BASE_HEADER_BYTES = 8;
const BASE_BYTES = BASE_HEADER_BYTES + 64;

/** What was stored is not what a delta is. */
export class DeltaError extends Error {}

/** The content of the member `blobs/<id>.delta`. `zstd -d -D` with the base as dictionary decodes it. */
export function encodeDelta(content: Uint8Array, base: BlobId, dictionary: Uint8Array): Buffer {
  const header = Buffer.alloc(BASE_BYTES);
  header.writeUInt32LE(BASE_MAGIC, 0);
  header.writeUInt32LE(BASE_BYTES - BASE_HEADER_BYTES, 4);
  header.write(base, BASE_HEADER_BYTES, 'latin1');
  // Tables as large as the dictionary: those of the level's default would find little of it (PERFORMANCE §5).
  const tableLog = Math.min(Math.max(Math.ceil(Math.log2(dictionary.length)), 12), 20);
  const windowLog = Math.ceil(Math.log2(dictionary.length + content.length)) + 1;
  const frame = zstdCompressSync(content, {
    chunkSize: content.length + 1024,
    dictionary,
    params: {
      [constants.ZSTD_c_compressionLevel]: 3,
      [constants.ZSTD_c_windowLog]: Math.min(Math.max(windowLog, 12), 24),
      [constants.ZSTD_c_hashLog]: tableLog,
      [constants.ZSTD_c_chainLog]: tableLog,
    },
  });
  return Buffer.concat([header, frame]);
}

/**
 * @param base what the index says it is; the delta must say the same
 * @param length of the content
 * @throws {@link DeltaError}
 */
export function decodeDelta(member: Buffer, base: BlobId, dictionary: Uint8Array, length: number): Buffer {
  if (
    member.length < BASE_BYTES ||
    member.readUInt32LE(0) !== BASE_MAGIC ||
    member.toString('latin1', BASE_HEADER_BYTES, BASE_BYTES) !== base
  )
    throw new DeltaError('a delta names another base than the index');
  let content: Buffer;
  try {
    content = decompressInOne(member.subarray(BASE_BYTES), length, {dictionary});
  } catch (cause) {
    throw new DeltaError('a delta does not decompress', {cause});
  }
  if (content.length !== length) throw new DeltaError('a delta has another length than the index says');
  return content;
}
