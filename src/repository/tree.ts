/** Trees: the listing of one directory as JSON lines (docs/format.md §6). */
import {isUtf8} from 'node:buffer';
import {crc32} from 'node:zlib';
import {type BlobId, isHash} from './layout.ts';

export type EntryType = 'file' | 'directory' | 'symlink' | 'fifo' | 'chardevice' | 'blockdevice';
const ENTRY_TYPES: ReadonlySet<string> = new Set<EntryType>([
  'file',
  'directory',
  'symlink',
  'fifo',
  'chardevice',
  'blockdevice',
]);

export interface TreeEntry {
  /** One path component, as bytes. */
  readonly name: Buffer;
  readonly type: EntryType;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
  /** Logical size of a file. */
  readonly size?: number;
  /** A file's blobs, in order. */
  readonly content?: readonly BlobId[];
  /** Instead of `content`: blobs that hold the ids of the content's blobs, 32 bytes each. */
  readonly contentIn?: readonly BlobId[];
  /** Of a sparse file: where its data lies; the rest is a hole. */
  readonly extents?: readonly (readonly [offset: number, length: number])[];
  /** Equal in all names of one inode. */
  readonly hardlink?: string;
  /** The file changed while it was read. */
  readonly changed?: boolean;
  /** Where a symlink points, as bytes. */
  readonly target?: Buffer;
  readonly device?: readonly [major: number, minor: number];
  /** A directory's listing, in order. */
  readonly tree?: readonly BlobId[];
}

/** A tree is not as the format says. Callers say of which object. */
export class TreeError extends Error {}

/** One line of a tree, without its line break. */
export function encodeEntry(entry: TreeEntry): string {
  const {name, type, mode, uid, gid, mtimeNs, xattrs, target, ...rest} = entry;
  return JSON.stringify({
    ...bytesMember('name', name),
    type,
    mode: mode.toString(8),
    uid,
    gid,
    mtime: mtimeNs.toString(),
    ...(xattrs && {
      xattrs: Object.fromEntries(
        Object.entries(xattrs).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
      ),
    }),
    ...rest,
    ...(target && bytesMember('target', target)),
  });
}

/** The line of what a directory is by itself: not what is in it, nor its time, which changes with that. */
export function encodeDirectoryItself({tree: _tree, ...entry}: TreeEntry): string {
  return encodeEntry({...entry, mtimeNs: 0n});
}

/**
 * The entries of one tree blob.
 * @throws {@link TreeError}
 */
export function decodeTree(blob: Uint8Array): TreeEntry[] {
  const text = utf8(blob);
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new TreeError('a tree does not end with a line break');
  const entries = text.slice(0, -1).split('\n').map(decodeEntry);
  for (let i = 1; i < entries.length; i++) {
    const [before, entry] = [entries[i - 1], entries[i]];
    if (before && entry && Buffer.compare(before.name, entry.name) >= 0)
      throw new TreeError('a tree is not in order');
  }
  return entries;
}

/**
 * Reads one line. The name is not judged here: whoever writes to a file system does.
 * @throws {@link TreeError}
 */
export function decodeEntry(line: string): TreeEntry {
  const raw = parseObject(line);
  const {type, mode, mtime} = raw;
  if (typeof type !== 'string' || !isEntryType(type)) throw new TreeError('an entry is of unknown type');
  const name = bytesOf(raw, 'name');
  const isWhole =
    typeof mode === 'string' && MODE.test(mode) && typeof mtime === 'string' && TIME.test(mtime);
  if (!isWhole || name === undefined) throw new TreeError('an entry lacks name, mode or time');
  const entry: Draft<TreeEntry> = {
    name,
    type,
    mode: Number.parseInt(mode, 8),
    uid: count(raw, 'uid'),
    gid: count(raw, 'gid'),
    mtimeNs: BigInt(mtime),
  };
  if (raw['xattrs'] !== undefined) entry.xattrs = xattrsOf(raw['xattrs']);
  if (typeof raw['hardlink'] === 'string' && type !== 'directory') entry.hardlink = raw['hardlink'];
  takeContent(entry, raw);
  return entry;
}

type Draft<Of> = {-readonly [Member in keyof Of]: Of[Member]};

const MODE = /^[0-7]{1,4}$/;
const TIME = /^-?\d{1,19}$/;

/** What an entry of its type has beside what all have. A million entries are read for one restore: no object is made but the entry. */
function takeContent(entry: Draft<TreeEntry>, raw: Record<string, unknown>): void {
  switch (entry.type) {
    case 'file':
      takeFile(entry, raw);
      return;
    case 'directory':
      if (raw['tree'] === undefined) throw new TreeError('a directory has no tree');
      entry.tree = idsOf(raw['tree'], 'tree');
      return;
    case 'symlink':
      entry.target = bytesOf(raw, 'target') ?? Buffer.alloc(0);
      if (entry.target.length === 0) throw new TreeError('a symlink has no target');
      return;
    case 'fifo':
      return;
    default:
      entry.device = deviceOf(raw['device']);
  }
}

function takeFile(entry: Draft<TreeEntry>, raw: Record<string, unknown>): void {
  const {content, contentIn, extents, changed} = raw;
  if ((content === undefined) === (contentIn === undefined)) throw new TreeError('a file has no content');
  const size = count(raw, 'size');
  entry.size = size;
  if (content !== undefined) entry.content = idsOf(content, 'content');
  else entry.contentIn = idsOf(contentIn, 'contentIn');
  if (extents !== undefined) {
    entry.extents = extentsOf(extents);
    if (entry.extents.some(([offset, length]) => offset + length > size))
      throw new TreeError('an extent lies behind the end of its file');
  }
  if (changed === true) entry.changed = true;
}

const PART_LEAST_ENTRIES = 1024;
const PART_MOST_ENTRIES = 16_384;
const PART_MOST_BYTES = 2 ** 21;

/**
 * Cuts a directory's lines into tree blobs. Small directories are one; large ones are cut behind names that their hash picks, so
 * that one changed entry changes one part.
 * @param names in latin1, one per line
 * @returns where each part ends (exclusive); empty for no lines
 */
export function cutTree(names: readonly string[], lines: readonly string[]): number[] {
  const ends: number[] = [];
  let start = 0;
  let bytes = 0;
  for (let i = 0; i < lines.length; i++) {
    bytes += (lines[i]?.length ?? 0) + 1;
    const count = i + 1 - start;
    if (
      count === PART_MOST_ENTRIES ||
      bytes >= PART_MOST_BYTES ||
      (count >= PART_LEAST_ENTRIES && (crc32(Buffer.from(names[i] ?? '', 'latin1')) & 1023) === 0)
    ) {
      ends.push(i + 1);
      start = i + 1;
      bytes = 0;
    }
  }
  if (start < lines.length) ends.push(lines.length);
  return ends;
}

function isEntryType(type: string): type is EntryType {
  return ENTRY_TYPES.has(type);
}

function bytesMember(member: string, bytes: Buffer): Record<string, string> {
  return isUtf8(bytes) ? {[member]: bytes.toString('utf8')} : {[`${member}Bytes`]: bytes.toString('base64')};
}

function bytesOf(raw: Record<string, unknown>, member: string): Buffer | undefined {
  const text = raw[member];
  if (typeof text === 'string') return Buffer.from(text, 'utf8');
  const encoded = raw[`${member}Bytes`];
  return typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : undefined;
}

function idsOf(ids: unknown, member: string): BlobId[] {
  if (!Array.isArray(ids) || !ids.every(isHash)) throw new TreeError(`${member} is not a list of blob ids`);
  return ids as BlobId[];
}

function count(raw: Record<string, unknown>, member: string): number {
  const value = raw[member];
  if (!isCount(value)) throw new TreeError(`${member} is not a count`);
  return value;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function extentsOf(extents: unknown): [number, number][] {
  if (!Array.isArray(extents)) throw new TreeError('extents are not a list');
  let end = -1;
  for (const extent of extents) {
    const [offset, length] = Array.isArray(extent) ? extent : [];
    if (!isCount(offset) || !isCount(length) || length === 0 || offset <= end)
      throw new TreeError('extents are not in order');
    end = offset + length;
  }
  return extents as [number, number][];
}

function xattrsOf(xattrs: unknown): Record<string, Uint8Array> {
  if (typeof xattrs !== 'object' || xattrs === null || Array.isArray(xattrs))
    throw new TreeError('xattrs are not an object');
  return Object.fromEntries(
    Object.entries(xattrs).map(([name, value]) => {
      if (typeof value !== 'string' || name.includes('\0')) throw new TreeError('an xattr is not text');
      return [name, Buffer.from(value, 'base64')];
    }),
  );
}

function deviceOf(device: unknown): [number, number] {
  if (!Array.isArray(device) || device.length !== 2 || !device.every(isCount))
    throw new TreeError('a device has no number');
  return device as [number, number];
}

function parseObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new TreeError('a line of a tree is not JSON', {cause});
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TreeError('a line of a tree is no entry');
  return value as Record<string, unknown>;
}

function utf8(blob: Uint8Array): string {
  if (!isUtf8(blob)) throw new TreeError('a tree is not UTF-8');
  return Buffer.from(blob.buffer, blob.byteOffset, blob.length).toString('utf8');
}
