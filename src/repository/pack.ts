/** What a pack is made of (docs/format.md §5): tar members in zstd frames, and the record of them that goes into the index. */
import {type BlobId, isHash, type PackName} from './layout.ts';

/** Whether a pack holds file content or trees; a hint that keeps browsing cheap. */
export type PackKind = 'data' | 'tree';

/** A blob of a frame; of a delta also its base, a whole blob of the same generation, and the length of its member. */
export type StoredBlob =
  | readonly [id: BlobId, length: number]
  | readonly [id: BlobId, length: number, base: BlobId, stored: number];

/** What lies in a frame, in order. */
export type BlobList = readonly StoredBlob[];

/** @typeParam Blobs how the blobs are told: their list, or something that stands for it */
export interface FrameRecord<Blobs = BlobList> {
  /** In the `.tar.zst`. */
  readonly offset: number;
  readonly size: number;
  /** Decompressed size. */
  readonly raw: number;
  readonly blobs: Blobs;
}

export interface PackRecord<Blobs = BlobList> {
  readonly pack: PackName;
  /** Of the whole object. */
  readonly size: number;
  readonly kind: PackKind;
  readonly frames: readonly FrameRecord<Blobs>[];
}

export const LIMITS = {
  packBytes: 256 * 2 ** 20,
  frameBytes: 16 * 2 ** 20,
  blobBytes: 8 * 2 ** 20,
} as const;

export const MEMBER_HEADER_BYTES = 512;

/** Bytes that a member of so much content takes in a frame. */
export function memberLength(contentLength: number): number {
  return MEMBER_HEADER_BYTES + contentLength + padding(contentLength);
}

/** Zeros behind so much content. */
export function padding(contentLength: number): number {
  return -contentLength & (MEMBER_HEADER_BYTES - 1);
}

const NAME_PREFIX = 'blobs/';
const DELTA_SUFFIX = '.delta';
const SIZE_AT = 124;
const CHECKSUM_AT = 148;
const TEMPLATE = templateHeader();
const TEMPLATE_SUM = TEMPLATE.reduce((sum, byte) => sum + byte, 0);

/** Writes the ustar header of a blob to `at`. */
export function writeMemberHeader(
  frame: Buffer,
  at: number,
  id: BlobId,
  length: number,
  isDelta = false,
): void {
  const name = isDelta ? id + DELTA_SUFFIX : id;
  TEMPLATE.copy(frame, at);
  frame.write(name, at + NAME_PREFIX.length, 'latin1');
  const size = length.toString(8).padStart(11, '0');
  frame.write(size, at + SIZE_AT, 'latin1');
  let sum = TEMPLATE_SUM;
  for (let i = 0; i < name.length; i++) sum += name.charCodeAt(i);
  for (let i = 0; i < size.length; i++) sum += size.charCodeAt(i);
  frame.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + CHECKSUM_AT, 'latin1');
}

export interface MemberHeader {
  readonly id: BlobId;
  /** Of what is stored: the blob, or the delta. */
  readonly length: number;
  readonly isDelta: boolean;
}

/** The ustar header of a blob at `at`. Undefined if none is there that {@link writeMemberHeader} writes. */
export function readMemberHeader(frame: Buffer, at: number): MemberHeader | undefined {
  if (at + MEMBER_HEADER_BYTES > frame.length) return undefined;
  const name = frame.toString('latin1', at + NAME_PREFIX.length, at + NAME_PREFIX.length + 70);
  const [id = '', suffix = ''] = [name.slice(0, 64), name.slice(64).replace(/\0+$/, '')];
  const length = Number.parseInt(frame.toString('latin1', at + SIZE_AT, at + SIZE_AT + 11), 8);
  const isDelta = suffix === DELTA_SUFFIX;
  if (!isHash(id) || !(isDelta || suffix === '') || !Number.isSafeInteger(length)) return undefined;
  const expected = Buffer.alloc(MEMBER_HEADER_BYTES);
  writeMemberHeader(expected, 0, id as BlobId, length, isDelta);
  if (expected.compare(frame, at, at + MEMBER_HEADER_BYTES) !== 0) return undefined;
  return {id: id as BlobId, length, isDelta};
}

/** A header without name and size; its checksum field counts as blanks. */
function templateHeader(): Buffer {
  const header = Buffer.alloc(MEMBER_HEADER_BYTES);
  header.write(NAME_PREFIX, 0);
  header.write('0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write('00000000000\0', 136);
  header.write(' '.repeat(8), CHECKSUM_AT);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  return header;
}
