/** Reads an archive of mongodump while it passes (mongo-tools, common/archive/spec.md): is it whole, and what is in it? */
import {hash} from 'node:crypto';

/** The archive is not what mongodump writes, or not all of it. */
export class ArchiveError extends Error {}

/** A collection: database.collection, documents, checksum of them in any order. */
export type CollectionCount = readonly [name: string, documents: number, checksum: string];

export interface ArchiveFacts {
  readonly serverVersion: string;
  readonly toolVersion: string;
  readonly collections: readonly CollectionCount[];
}

type Field = string | number | boolean | bigint;

const MAGIC = Buffer.from([0x6d, 0xe2, 0x99, 0x81]);
/** Ends the prelude, and each segment. */
const TERMINATOR = -1;
const LENGTH_BYTES = 4;
const LEAST_DOCUMENT = 5;
/** MongoDB's own limit is 16 MiB, and a little for what it keeps itself. */
const MOST_DOCUMENT = 17 * 2 ** 20;

/** What comes next: header and metadata of the prelude, then segments, each a header and its documents. */
type State = 'magic' | 'header' | 'metadata' | 'segment' | 'documents' | 'ended';

export class ArchiveReader {
  #state: State = 'magic';
  #rest: Buffer = Buffer.alloc(0);
  #serverVersion = '';
  #toolVersion = '';
  readonly #withData = new Set<string>();
  readonly #open = new Set<string>();
  readonly #counts = new Map<string, {documents: number; sum: bigint; isEnded: boolean}>();
  #current = '';

  /** @param checksums whether documents are hashed, or only counted */
  readonly #checksums: boolean;

  constructor(checksums: boolean) {
    this.#checksums = checksums;
  }

  /** @throws {@link ArchiveError} */
  push(piece: Buffer): void {
    let bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    for (;;) {
      const taken = this.#take(bytes);
      if (taken === 0) break;
      bytes = bytes.subarray(taken);
    }
    this.#rest = Buffer.from(bytes);
  }

  /** The stream has ended. @throws {@link ArchiveError} unless everything that was announced is there */
  end(): ArchiveFacts {
    if (this.#state !== 'segment' || this.#rest.length > 0) throw new ArchiveError('it ends in the middle');
    const [open] = this.#open;
    if (open !== undefined) throw new ArchiveError(`it ends within the data of ${open}`);
    for (const name of this.#withData) {
      const [database = '', ...collection] = name.split('.');
      if (!this.#counts.has(name) && !this.#counts.has(`${database}.system.buckets.${collection.join('.')}`))
        throw new ArchiveError(`it has no data of ${name}`);
    }
    const collections = [...this.#counts].map(
      ([name, {documents, sum}]): CollectionCount => [name, documents, sum.toString()],
    );
    return {
      serverVersion: this.#serverVersion,
      toolVersion: this.#toolVersion,
      collections: collections.sort(([a], [b]) => (a < b ? -1 : 1)),
    };
  }

  /** @returns how many bytes were used; 0 if more are needed */
  #take(bytes: Buffer): number {
    if (bytes.length < LENGTH_BYTES) return 0;
    if (this.#state === 'magic') {
      if (!bytes.subarray(0, LENGTH_BYTES).equals(MAGIC))
        throw new ArchiveError('it is no archive of mongodump');
      this.#state = 'header';
      return LENGTH_BYTES;
    }
    const length = bytes.readInt32LE(0);
    if (length === TERMINATOR) {
      this.#terminate();
      return LENGTH_BYTES;
    }
    if (length < LEAST_DOCUMENT || length > MOST_DOCUMENT)
      throw new ArchiveError(`it has a document of ${length} bytes`);
    if (bytes.length < length) return 0;
    const document = bytes.subarray(0, length);
    if (document[length - 1] !== 0) throw new ArchiveError('it has a document without its end');
    this.#document(document);
    return length;
  }

  #terminate(): void {
    if (this.#state !== 'metadata' && this.#state !== 'documents' && this.#state !== 'ended')
      throw new ArchiveError('it has a segment without a header');
    this.#state = 'segment';
  }

  #document(document: Buffer): void {
    switch (this.#state) {
      case 'header': {
        const header = fieldsOf(document);
        if (header.get('version') !== '0.1') throw new ArchiveError('it is of an unknown version');
        this.#serverVersion = String(header.get('server_version') ?? '');
        this.#toolVersion = String(header.get('tool_version') ?? '');
        this.#state = 'metadata';
        return;
      }
      case 'metadata': {
        const about = fieldsOf(document);
        const isView =
          about.get('type') === 'view' || /"type"\s*:\s*"view"/.test(String(about.get('metadata') ?? ''));
        if (!isView) this.#withData.add(nameOf(about));
        return;
      }
      case 'segment':
        this.#begin(fieldsOf(document));
        return;
      case 'documents':
        this.#count(document);
        return;
      default:
        throw new ArchiveError('it goes on where it should end');
    }
  }

  #begin(header: ReadonlyMap<string, Field>): void {
    const name = nameOf(header);
    const known = this.#counts.get(name) ?? {documents: 0, sum: 0n, isEnded: false};
    if (known.isEnded) throw new ArchiveError(`it has data of ${name} behind its end`);
    this.#counts.set(name, known);
    if (header.get('EOF') === true) {
      known.isEnded = true;
      this.#open.delete(name);
      this.#state = 'ended';
    } else {
      this.#open.add(name);
      this.#current = name;
      this.#state = 'documents';
    }
  }

  #count(document: Buffer): void {
    const count = this.#counts.get(this.#current);
    if (count === undefined) return;
    count.documents++;
    if (this.#checksums) count.sum += hash('sha256', document, 'buffer').readBigUInt64LE();
  }
}

function nameOf(fields: ReadonlyMap<string, Field>): string {
  const collection = fields.get('collection');
  if (typeof collection !== 'string') throw new ArchiveError('it has a header that names no collection');
  return `${fields.get('db')}.${collection}`;
}

/** The fields of a flat BSON document (bsonspec.org), as headers are. */
function fieldsOf(document: Buffer): Map<string, Field> {
  const fields = new Map<string, Field>();
  try {
    for (let at = LENGTH_BYTES; at < document.length - 1; ) {
      const type = document[at];
      const end = document.indexOf(0, at + 1);
      const name = document.toString('utf8', at + 1, end);
      at = end + 1;
      if (type === 0x02) {
        const length = document.readInt32LE(at);
        fields.set(name, document.toString('utf8', at + 4, at + 4 + length - 1));
        at += 4 + length;
      } else if (type === 0x08) fields.set(name, document[at++] === 1);
      else if (type === 0x10) {
        fields.set(name, document.readInt32LE(at));
        at += 4;
      } else if (type === 0x12) {
        fields.set(name, document.readBigInt64LE(at));
        at += 8;
      } else throw new ArchiveError(`a header has a field of type ${type}`);
    }
  } catch (cause) {
    if (cause instanceof ArchiveError) throw cause;
    throw new ArchiveError('a header is cut off', {cause});
  }
  return fields;
}
