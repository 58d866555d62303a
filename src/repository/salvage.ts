/**
 * Tells from a pack itself what lies in it, for where no index object does: from the headers of its members (docs/format.md §5).
 * A pack that was cut off or altered is read around the damage. What is found counts as little as what an index says: every blob
 * is checked against its id when it is read.
 */
import {LITERAL_HEADER_LENGTH, PacketError} from '../crypto/packets.ts';
import {CHUNK_BYTES, END_BYTES, type EncryptedMessage, openRange, sealedRange} from '../crypto/seipd.ts';
import {loadZstd} from '../system/linked.ts';
import {deltaBase} from './delta.ts';
import type {PackName} from './layout.ts';
import {
  type FrameRecord,
  LIMITS,
  MEMBER_HEADER_BYTES,
  memberLength,
  type PackRecord,
  readMemberHeader,
  type StoredBlob,
} from './pack.ts';
import {ZSTD_MAGIC, zstdFrameAt} from './zstd-frame.ts';

/** What begins like a frame and is none lies in few packs, and only where something is damaged. */
const MOST_FALSE_STARTS = 10_000;

/** Bytes from `start` to before `end`. */
interface Gap {
  readonly start: number;
  readonly end: number;
}

/**
 * @param message what the first bytes of the pack say of it
 * @param bytes the pack, or what is left of it; they are used up
 * @param size that the pack should have
 */
export function salvageRecord(
  pack: PackName,
  size: number,
  message: EncryptedMessage,
  sessionKey: Uint8Array,
  bytes: Uint8Array,
): PackRecord {
  const {inner, gaps} = openAround(message, sessionKey, bytes);
  const frames: FrameRecord[] = [];
  const room = {bytes: Buffer.alloc(0)};
  let falseStarts = 0;
  for (let at = LITERAL_HEADER_LENGTH; ; ) {
    at = inner.indexOf(ZSTD_MAGIC, at);
    if (at < 0 || falseStarts > MOST_FALSE_STARTS) break;
    const found = zstdFrameAt(inner, at);
    const isWhole = found !== undefined && !gaps.some(({start, end}) => start < at + found.size && end > at);
    const blobs = isWhole ? blobsOf(inner.subarray(at, at + found.size), found.contentSize, room) : undefined;
    if (!isWhole || blobs === undefined) {
      at += 1;
      falseStarts++;
      continue;
    }
    const {size, contentSize: raw} = found;
    if (blobs.length > 0) frames.push({offset: at - LITERAL_HEADER_LENGTH, size, raw, blobs});
    at += size;
  }
  return {pack, size, kind: 'data', frames};
}

/** Decrypts what can be: each AEAD chunk is authenticated by itself. What cannot becomes zeros. */
function openAround(
  message: EncryptedMessage,
  sessionKey: Uint8Array,
  bytes: Uint8Array,
): {readonly inner: Buffer; readonly gaps: readonly Gap[]} {
  const memory = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const gaps: Gap[] = [];
  const chunks = Math.ceil((message.chunksLength - END_BYTES) / (CHUNK_BYTES + END_BYTES));
  let length = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const start = chunk * CHUNK_BYTES;
    const range = sealedRange(message, start, 1);
    const sealed = memory.subarray(range.offset, range.offset + range.length);
    length = start + range.length - END_BYTES;
    try {
      if (sealed.length < range.length) throw new PacketError('it is cut off');
      // A plaintext lies before where its ciphertext lay, and reaches into none that is not opened yet.
      memory.set(openRange(message, sessionKey, sealed, chunk), start);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      memory.subarray(start, length).fill(0);
      gaps.push({start, end: length});
    }
  }
  return {inner: memory.subarray(0, length), gaps};
}

/** The blobs of a frame, in order; none where the archive ends in it. Undefined if it is no frame of ours. */
function blobsOf(frame: Buffer, raw: number, room: {bytes: Buffer}): StoredBlob[] | undefined {
  if (raw > LIMITS.frameBytes) return undefined;
  if (room.bytes.length < raw) room.bytes = Buffer.allocUnsafeSlow(raw);
  const content = room.bytes.subarray(0, raw);
  try {
    if (loadZstd().decompress(content, frame) !== raw) return undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const blobs: StoredBlob[] = [];
  let at = 0;
  while (at < raw) {
    const header = readMemberHeader(content, at);
    if (header === undefined) return isEndOfArchive(content.subarray(at)) ? blobs : undefined;
    const member = content.subarray(at + MEMBER_HEADER_BYTES, at + MEMBER_HEADER_BYTES + header.length);
    const blob = storedBlob(header, member);
    if (blob === undefined || member.length < header.length) return undefined;
    blobs.push(blob);
    at += memberLength(header.length);
  }
  return at === raw ? blobs : undefined;
}

function storedBlob(
  {id, length, isDelta}: NonNullable<ReturnType<typeof readMemberHeader>>,
  member: Buffer,
): StoredBlob | undefined {
  if (length > LIMITS.blobBytes) return undefined;
  if (!isDelta) return [id, length];
  const delta = deltaBase(member);
  const content = delta && zstdFrameAt(member, delta.length);
  if (content === undefined || content.contentSize > LIMITS.blobBytes) return undefined;
  return [id, content.contentSize, delta?.base as typeof id, length];
}

function isEndOfArchive(rest: Buffer): boolean {
  return rest.every((byte) => byte === 0);
}
