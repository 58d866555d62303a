/** Index objects: which blobs lie in which pack (docs/format.md §7). */
import {constants, zstdCompressSync, zstdDecompressSync} from 'node:zlib';
import type {PublicKey} from 'openpgp';
import {verifyMessage} from '../crypto/message.ts';
import type {Session} from '../crypto/seipd.ts';
import {type Agent, openSigned, sealSigned} from './agent.ts';
import {Fields, FormatError, isCount} from './fields.ts';
import {
  type BlobId,
  FORMAT,
  type GenerationPlace,
  type IndexName,
  isHash,
  type PackName,
  sha256,
} from './layout.ts';
import {type FrameRecord, LIMITS, memberLength, type PackRecord, type StoredBlob} from './pack.ts';

/** No index object is larger, nor its content. */
export const INDEX_MOST_BYTES = 256 * 2 ** 20;

export interface IndexObject {
  readonly name: IndexName;
  readonly object: Buffer;
}

/**
 * @param records one JSON line per pack, as {@link encodePackRecord} makes them
 * @param agent who signs: an agent, or the operator of a repack
 */
export async function makeIndex(
  place: GenerationPlace & {repository: string},
  records: readonly string[],
  agent: Agent,
  session: Session,
  now: Date,
): Promise<IndexObject> {
  const header = JSON.stringify({
    type: 'holdfast-index',
    format: FORMAT,
    repository: place.repository,
    source: place.source,
    generation: place.generation,
    agent: agent.fingerprint,
    created: now.toISOString(),
  });
  const lines = Buffer.from(`${[header, ...records].join('\n')}\n`);
  const compressed = zstdCompressSync(lines, {params: {[constants.ZSTD_c_compressionLevel]: 3}});
  const object = await sealSigned(agent, session, compressed, now);
  return {name: sha256(object) as IndexName, object};
}

export function encodePackRecord(record: PackRecord): string {
  return JSON.stringify(record);
}

/**
 * Opens an index object and checks its signer and where it belongs.
 * @returns its records, which are read one by one while they are asked for: that, too, throws {@link FormatError}
 * @throws PacketError, SignatureError, {@link FormatError}
 */
export async function readIndex(
  object: Uint8Array,
  sessionKey: Uint8Array,
  signers: readonly PublicKey[],
  expected: GenerationPlace & {repository: string},
): Promise<Iterable<PackRecord>> {
  const {data, signer} = await verifyMessage(openSigned(object, sessionKey), signers);
  const [header, ...lines] = decompress(data).trimEnd().split('\n');
  const fields = Fields.parse(header ?? '');
  if (fields.text('type') !== 'holdfast-index') throw new FormatError('it is not an index');
  fields.format();
  if (
    fields.text('agent') !== signer ||
    fields.text('repository') !== expected.repository ||
    fields.text('source') !== expected.source ||
    fields.text('generation') !== expected.generation
  ) {
    throw new FormatError('it belongs to another repository, source or generation');
  }
  return decodeAll(lines);
}

function* decodeAll(lines: readonly string[]): Generator<PackRecord> {
  for (const line of lines) yield decodePackRecord(line);
}

/** @throws {@link FormatError} */
export function decodePackRecord(line: string): PackRecord {
  const fields = Fields.parse(line);
  const size = fields.count('size');
  const kind = fields.text('kind') === 'tree' ? 'tree' : 'data';
  let end = 0;
  const frames = fields.list('frames', 1_000_000, (item) => {
    const frame = decodeFrame(new Fields(item));
    if (frame.offset !== end) throw new FormatError('the frames of a pack do not follow each other');
    end += frame.size;
    return frame;
  });
  if (size > LIMITS.packBytes || end > size) throw new FormatError('a pack is larger than it may be');
  return {pack: fields.hash('pack') as PackName, size, kind, frames};
}

function decodeFrame(fields: Fields): FrameRecord {
  const raw = fields.count('raw');
  let members = 0;
  const blobs = fields.list('blobs', LIMITS.frameBytes / 512, (item): StoredBlob => {
    const [id, length, base, stored, ...more] = Array.isArray(item) ? item : [];
    if (more.length > 0) throw new FormatError('a blob is stored in a way that this Holdfast does not know');
    if (!isHash(id) || !isCount(length) || length > LIMITS.blobBytes)
      throw new FormatError('a blob has no id or length');
    if (base === undefined) {
      members += memberLength(length);
      return [id as BlobId, length];
    }
    if (!isHash(base) || !isCount(stored) || stored > LIMITS.blobBytes)
      throw new FormatError('a delta has no base or length');
    members += memberLength(stored);
    return [id as BlobId, length, base as BlobId, stored];
  });
  if (raw > LIMITS.frameBytes || members !== raw)
    throw new FormatError('a frame is not as long as its blobs');
  return {offset: fields.count('offset'), size: fields.count('size'), raw, blobs};
}

function decompress(data: Uint8Array): string {
  try {
    return zstdDecompressSync(data, {maxOutputLength: INDEX_MOST_BYTES}).toString('utf8');
  } catch (cause) {
    throw new FormatError('its content does not decompress', {cause});
  }
}
