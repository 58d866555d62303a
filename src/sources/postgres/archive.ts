/**
 * Looks through a custom-format archive of pg_dump while it passes: is it whole? Reads the table of contents of the directory format,
 * too. The layout is that of pg_backup_archiver.c, pg_backup_custom.c and pg_backup_directory.c, archive versions 1.12 to 1.16
 * (PostgreSQL 9 to 18).
 */

/** An entry of the table of contents. */
export interface TocEntry {
  readonly id: number;
  /** Such as `TABLE DATA`. */
  readonly kind: string;
  readonly name: string;
  readonly schema: string | null;
  readonly owner: string | null;
  /** A block of data follows for it. */
  readonly hasData: boolean;
  /** In the directory format: the file with its data. */
  readonly file?: string;
}

export interface ArchiveHead {
  readonly database: string;
  /** As the server says it, such as `15.18 (Debian 15.18-0+deb12u1)`. */
  readonly serverVersion: string;
  readonly dumpVersion: string;
  readonly entries: readonly TocEntry[];
}

/** It is no archive, or one that ends too early. */
export class ArchiveError extends Error {}

const TOC_MOST_BYTES = 256 * 2 ** 20;
const CUSTOM_FORMAT = 1;
/** pg_dump marks the table of contents of the directory format as one of a tar archive: they are alike. */
const DIRECTORY_FORMAT = 3;
const DATA_BLOCK = 1;
const BLOBS_BLOCK = 3;
const NO_DATA = 3;
const NEED_MORE = Symbol('more bytes are needed');

type State = 'block' | 'id' | 'large-object' | 'length' | 'skip';

/** Takes an archive piece by piece. */
export class ArchiveReader {
  /** The table of contents, as soon as it has passed. */
  head: ArchiveHead | undefined;
  #pending = Buffer.alloc(0);
  #tryFrom = 4096;
  #intBytes = 4;
  #missing = new Set<number>();
  #state: State = 'block';
  #inLargeObjects = false;
  #skip = 0;

  /** @throws {@link ArchiveError} */
  push(piece: Uint8Array): void {
    if (this.head !== undefined) {
      this.#blocks(piece);
      return;
    }
    this.#pending = Buffer.concat([this.#pending, piece]);
    if (this.#pending.length >= this.#tryFrom) this.#tryToc();
  }

  /** @throws {@link ArchiveError} unless the archive is whole */
  end(): ArchiveHead {
    if (this.head === undefined) this.#tryToc();
    if (this.head === undefined) throw new ArchiveError('it ends within its table of contents');
    if (this.#state !== 'block' || this.#pending.length > 0)
      throw new ArchiveError('it ends within the data of a table');
    if (this.#missing.size > 0)
      throw new ArchiveError(`it ends before the data of ${this.#missing.size} of its entries`);
    return this.head;
  }

  #tryToc(): void {
    const cursor = new Cursor(this.#pending);
    try {
      this.head = readHead(cursor, CUSTOM_FORMAT);
    } catch (error) {
      if (error !== NEED_MORE) throw error;
      if (this.#pending.length > TOC_MOST_BYTES) throw new ArchiveError('its table of contents has no end');
      this.#tryFrom = this.#pending.length * 1.5;
      return;
    }
    this.#intBytes = 1 + cursor.intSize;
    this.#missing = new Set(this.head.entries.filter(({hasData}) => hasData).map(({id}) => id));
    const rest = this.#pending.subarray(cursor.at);
    this.#pending = Buffer.alloc(0);
    this.#blocks(rest);
  }

  #blocks(piece: Uint8Array): void {
    let bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    if (this.#pending.length > 0) {
      bytes = Buffer.concat([this.#pending, bytes]);
      this.#pending = Buffer.alloc(0);
    }
    for (let at = 0; at < bytes.length; ) {
      if (this.#state === 'skip') {
        const step = Math.min(this.#skip, bytes.length - at);
        this.#skip -= step;
        at += step;
        if (this.#skip === 0) this.#state = 'length';
        continue;
      }
      const width = this.#state === 'block' ? 1 : this.#intBytes;
      if (at + width > bytes.length) {
        this.#pending = Buffer.from(bytes.subarray(at));
        return;
      }
      this.#take(this.#state === 'block' ? (bytes[at] as number) : integer(bytes, at, width - 1));
      at += width;
    }
  }

  #take(value: number): void {
    if (this.#state === 'block') {
      if (value !== DATA_BLOCK && value !== BLOBS_BLOCK)
        throw new ArchiveError(`it has a block of unknown kind ${value}`);
      this.#inLargeObjects = value === BLOBS_BLOCK;
      this.#state = 'id';
    } else if (this.#state === 'id') {
      if (!this.#missing.delete(value))
        throw new ArchiveError('it has data that its table of contents does not name');
      this.#state = this.#inLargeObjects ? 'large-object' : 'length';
    } else if (this.#state === 'large-object') {
      this.#state = value === 0 ? 'block' : 'length';
    } else if (value === 0) {
      this.#state = this.#inLargeObjects ? 'large-object' : 'block';
    } else {
      if (value < 0) throw new ArchiveError('it has data of negative length');
      this.#skip = value;
      this.#state = 'skip';
    }
  }
}

/** The table of contents of the directory format, `toc.dat`. @throws {@link ArchiveError} unless it is whole */
export function readDirectoryToc(bytes: Buffer): ArchiveHead {
  const cursor = new Cursor(bytes);
  try {
    const head = readHead(cursor, DIRECTORY_FORMAT);
    if (cursor.at !== bytes.length)
      throw new ArchiveError('its table of contents goes on where it should end');
    return head;
  } catch (error) {
    if (error === NEED_MORE) throw new ArchiveError('it ends within its table of contents');
    throw error;
  }
}

/** A sign, then the bytes of the number, the least first. */
function integer(bytes: Buffer, at: number, size: number): number {
  const value = bytes.readUIntLE(at + 1, size);
  return bytes[at] === 0 ? value : -value;
}

class Cursor {
  at = 0;
  intSize = 4;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    if (this.at + length > this.#bytes.length) throw NEED_MORE;
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  int(): number {
    return integer(this.take(1 + this.intSize), 0, this.intSize);
  }

  text(): string | null {
    const length = this.int();
    if (length > TOC_MOST_BYTES) throw new ArchiveError('it has a text without end');
    return length < 0 ? null : this.take(length).toString('utf8');
  }
}

function readHead(cursor: Cursor, format: number): ArchiveHead {
  if (cursor.take(5).toString('latin1') !== 'PGDMP') throw new ArchiveError('it is no archive of pg_dump');
  const [major, minor] = [cursor.byte(), cursor.byte()];
  cursor.byte();
  if (major !== 1 || minor < 12 || minor > 16)
    throw new ArchiveError(`its version ${major}.${minor} is unknown`);
  cursor.intSize = cursor.byte();
  const offsetBytes = cursor.byte();
  if (cursor.intSize !== 4 || offsetBytes > 8) throw new ArchiveError('it has numbers of unknown size');
  if (cursor.byte() !== format) throw new ArchiveError('it is of another format than it should be');
  if (minor >= 15) cursor.byte();
  else cursor.int(); // How it is compressed.
  for (let field = 0; field < 7; field++) cursor.int(); // When it was made.
  const [database, serverVersion, dumpVersion] = [cursor.text(), cursor.text(), cursor.text()];
  const count = cursor.int();
  const entries: TocEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(readEntry(cursor, minor, format, offsetBytes));
  return {
    database: database ?? '',
    serverVersion: serverVersion ?? '',
    dumpVersion: dumpVersion ?? '',
    entries,
  };
}

function readEntry(cursor: Cursor, minor: number, format: number, offsetBytes: number): TocEntry {
  const id = cursor.int();
  cursor.int(); // Whether pg_dump had data for it; the offset below tells it, too.
  cursor.text(); // Object ids.
  cursor.text();
  const name = cursor.text() ?? '';
  const kind = cursor.text() ?? '';
  cursor.int(); // Section.
  for (let statement = 0; statement < 3; statement++) cursor.text(); // Create, drop, copy.
  const schema = cursor.text();
  cursor.text(); // Table space.
  if (minor >= 14) cursor.text(); // Access method.
  if (minor >= 16) cursor.int(); // Kind of relation.
  const owner = cursor.text();
  cursor.text(); // Formerly: with oids.
  while (cursor.text() !== null); // Dependencies.
  const entry = {id, kind, name, schema, owner};
  if (format === DIRECTORY_FORMAT) {
    const file = cursor.text() ?? '';
    return file === '' ? {...entry, hasData: false} : {...entry, hasData: true, file};
  }
  const hasData = cursor.byte() !== NO_DATA;
  cursor.take(offsetBytes);
  return {...entry, hasData};
}
