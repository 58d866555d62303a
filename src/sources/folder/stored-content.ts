/** Stores the content of files, that of an inode with several names once. */
import type {BigIntStats} from 'node:fs';
import type {BlobId} from '../../repository/layout.ts';
import type {BlobWriter} from '../../repository/packing/blob-writer.ts';
import type {TreeEntry} from '../../repository/tree.ts';
import type {Libc} from '../../system/libc.ts';
import {inodeKey} from './entry.ts';
import type {FsPath} from './names.ts';
import {type FileContent, storeFile} from './read-file.ts';

/** What an entry says of its content. */
type ContentMembers = Pick<TreeEntry, 'content' | 'contentIn' | 'extents' | 'size' | 'changed'>;

interface StoredContent {
  readonly content: ContentMembers;
  /** As it was when the reading ended. */
  readonly stats: BigIntStats;
  /** Undefined if it was read before, under another name. */
  readonly readBytes: number | undefined;
}

/** A file's chunk ids beyond this many are stored as blobs of their own. */
const IDS_MOST = 4096;
const IDS_PER_BLOB = 32_768;

export class ContentStore {
  readonly #writer: BlobWriter;
  readonly #libc: Libc | undefined;
  /** Content of inodes with several names, until all of them were seen. */
  readonly #linked = new Map<string, {stored: StoredContent; namesLeft: bigint}>();

  constructor(writer: BlobWriter, libc: Libc | undefined) {
    this.#writer = writer;
    this.#libc = libc;
  }

  /** @throws what `fs` throws; `ReplacedError` */
  async store(path: FsPath, listed: BigIntStats): Promise<StoredContent> {
    const key = listed.nlink > 1n ? inodeKey(listed) : undefined;
    const linked = key === undefined ? undefined : this.#linked.get(key);
    if (key !== undefined && linked !== undefined && linked.stored.stats.ctimeNs === listed.ctimeNs) {
      if (--linked.namesLeft === 0n) this.#linked.delete(key);
      return {...linked.stored, readBytes: undefined};
    }
    const file = await storeFile(path, listed, this.#writer, this.#libc);
    const {stats, readBytes} = file;
    const stored = {content: await this.#membersOf(file), stats, readBytes};
    if (key !== undefined) this.#linked.set(key, {stored, namesLeft: listed.nlink - 1n});
    return stored;
  }

  async #membersOf({blobs, sizeBytes, extents, changed}: FileContent): Promise<ContentMembers> {
    const rest = {size: sizeBytes, ...(extents && {extents}), ...(changed && {changed})};
    if (blobs.length <= IDS_MOST) return {...rest, content: blobs};
    const contentIn: BlobId[] = [];
    for (let at = 0; at < blobs.length; at += IDS_PER_BLOB) {
      const ids = Buffer.from(blobs.slice(at, at + IDS_PER_BLOB).join(''), 'hex');
      contentIn.push(await this.#writer.storeWhole('tree', ids));
    }
    return {...rest, contentIn};
  }
}
