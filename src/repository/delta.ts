/** Blobs that are stored as what differs from another one, their base (docs/format.md §5). */
import {decompressInOne} from '../system/decompress.ts';
import {loadZstd, ZSTD_MARGIN_BYTES} from '../system/linked.ts';
import {type BlobId, isHash} from './layout.ts';

/** A skippable zstd frame with the base's id in hex: the member tells of itself what it takes, and zstd passes over it. */
const BASE_MAGIC = 0x184d2a50;
/** How a dictionary begins that zstd was trained for (RFC 8878 §5). */
const DICTIONARY_MAGIC = Buffer.from('37a430ec', 'hex');
const SURELY_WORTH_IT = 40;
const BASE_HEADER_BYTES = 8;
const BASE_BYTES = BASE_HEADER_BYTES + 64;

/** What was stored is not what a delta is. */
export class DeltaError extends Error {}

/**
 * The content of the member `blobs/<id>.delta`. `zstd -d -D` with the base as dictionary decodes it.
 * @returns memory that the next delta is written to; undefined where a delta is not less than half of what the content takes by itself
 */
export function encodeDelta(content: Uint8Array, base: BlobId, dictionary: Uint8Array): Buffer | undefined {
  if (!servesAsDictionary(dictionary)) return undefined;
  const member = room('delta', BASE_BYTES + content.length + ZSTD_MARGIN_BYTES);
  member.writeUInt32LE(BASE_MAGIC, 0);
  member.writeUInt32LE(BASE_BYTES - BASE_HEADER_BYTES, 4);
  member.write(base, BASE_HEADER_BYTES, 'latin1');
  const length = BASE_BYTES + loadZstd().compressDelta(member.subarray(BASE_BYTES), content, dictionary);
  return isWorthIt(length, content) ? member.subarray(0, length) : undefined;
}

/** What begins like a dictionary that zstd was trained for, it would take for one. */
function servesAsDictionary(base: Uint8Array): boolean {
  return base.length >= 8 && !DICTIONARY_MAGIC.equals(base.subarray(0, DICTIONARY_MAGIC.length));
}

function isWorthIt(deltaBytes: number, content: Uint8Array): boolean {
  if (deltaBytes >= content.length / 2) return false;
  // Few contents compress to less than a tenth: then it need not be tried.
  if (deltaBytes < content.length / SURELY_WORTH_IT) return true;
  return deltaBytes < loadZstd().compress(room('whole', content.length + ZSTD_MARGIN_BYTES), content) / 2;
}

/** Memory that is used again. */
const rooms = {delta: Buffer.alloc(0), whole: Buffer.alloc(0)};

function room(name: keyof typeof rooms, bytes: number): Buffer {
  if (rooms[name].length < bytes) rooms[name] = Buffer.allocUnsafeSlow(bytes);
  return rooms[name];
}

/** The base that a delta names, and where in the member what differs begins. Undefined if it is no delta. */
export function deltaBase(member: Buffer): {readonly base: BlobId; readonly length: number} | undefined {
  const base = member.toString('latin1', BASE_HEADER_BYTES, BASE_BYTES);
  if (member.length < BASE_BYTES || member.readUInt32LE(0) !== BASE_MAGIC || !isHash(base)) return undefined;
  return {base: base as BlobId, length: BASE_BYTES};
}

/**
 * @param base what the index says it is; the delta must say the same
 * @param length of the content
 * @throws {@link DeltaError}
 */
export function decodeDelta(member: Buffer, base: BlobId, dictionary: Uint8Array, length: number): Buffer {
  if (deltaBase(member)?.base !== base) throw new DeltaError('a delta names another base than the index');
  let content: Buffer;
  try {
    content = decompressInOne(member.subarray(BASE_BYTES), length, {dictionary});
  } catch (cause) {
    throw new DeltaError('a delta does not decompress', {cause});
  }
  if (content.length !== length) throw new DeltaError('a delta has another length than the index says');
  return content;
}
