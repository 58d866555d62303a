/** What lets a restore fetch content before it is written: the walk is some entries ahead of the writing. */
import type {BlobReader} from '../repository/blob-reader.ts';
import type {BlobId} from '../repository/layout.ts';
import {contentIds} from '../repository/open-snapshot.ts';
import type {TreeEntry} from '../repository/tree.ts';

const AHEAD_BYTES = 16 * 2 ** 20;
const AHEAD_ENTRIES = 4000;
/** What an entry without content costs, roughly. */
const ENTRY_BYTES = 512;
/** Blobs of one file that are fetched before the first of them is read. */
const BLOBS_AHEAD = 4;
/** After so many files whose content nobody read (they are there already), none is fetched ahead. */
const UNREAD_MOST = 16;

type Step = () => void | Promise<void>;

/** Steps that wait for their turn, within bounds. */
export class StepQueue {
  readonly #isAhead: boolean;
  #steps: (readonly [step: Step, bytes: number])[] = [];
  #at = 0;
  #bytes = 0;

  /** @param isAhead false has each step taken at once */
  constructor(isAhead: boolean) {
    this.#isAhead = isAhead;
  }

  /** Takes the oldest steps when there are too many. @throws what they throw */
  async add(step: Step, contentBytes = 0): Promise<void> {
    if (!this.#isAhead) return step();
    this.#steps.push([step, contentBytes + ENTRY_BYTES]);
    this.#bytes += contentBytes + ENTRY_BYTES;
    while (this.#bytes > AHEAD_BYTES || this.#steps.length - this.#at > AHEAD_ENTRIES) await this.#next();
  }

  async finish(): Promise<void> {
    while (this.#at < this.#steps.length) await this.#next();
  }

  async #next(): Promise<void> {
    const [step, bytes] = this.#steps[this.#at++] as readonly [Step, number];
    this.#bytes -= bytes;
    if (this.#at >= AHEAD_ENTRIES) {
      this.#steps = this.#steps.slice(this.#at);
      this.#at = 0;
    }
    const pending = step();
    if (pending !== undefined) await pending;
  }
}

/** Has the content of files fetched, unless it turns out that nobody reads it. */
export class ContentAhead {
  readonly #reader: BlobReader;
  readonly #linked = new Set<string>();
  #unread = 0;

  constructor(reader: BlobReader) {
    this.#reader = reader;
  }

  of(entry: TreeEntry): FileContent {
    const isOtherName = entry.hardlink !== undefined && this.#linked.has(entry.hardlink);
    if (entry.hardlink !== undefined) this.#linked.add(entry.hardlink);
    const isLikelyRead = !isOtherName && this.#unread < UNREAD_MOST;
    return new FileContent(this.#reader, entry, isLikelyRead, (wasRead) => {
      if (!isOtherName) this.#unread = wasRead ? 0 : this.#unread + 1;
    });
  }
}

/** The content of a file, parts of it on their way already. */
export class FileContent implements Disposable {
  /** How many bytes of it may be kept at once. */
  readonly aheadBytes: number;
  readonly #reader: BlobReader;
  readonly #entry: TreeEntry;
  readonly #done: (wasRead: boolean) => void;
  /** Wanted, and not yet read. */
  readonly #wanted: BlobId[] = [];
  /** The blob that was read last. */
  #read: BlobId | undefined;
  #wasRead = false;

  constructor(reader: BlobReader, entry: TreeEntry, fetch: boolean, done: (wasRead: boolean) => void) {
    this.#reader = reader;
    this.#entry = entry;
    this.#done = done;
    const ids = fetch ? (entry.content ?? []).slice(0, BLOBS_AHEAD) : [];
    let bytes = 0;
    for (const id of ids) {
      bytes += reader.index.find(id)?.length ?? 0;
      this.#want(id);
    }
    this.aheadBytes = bytes;
  }

  /** Its blobs, checked. Each is valid until the next is asked for. @throws `DamageError` */
  async *read(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    this.#wasRead = true;
    let known = this.#wanted.length;
    for await (const id of contentIds(this.#reader, this.#entry)) {
      signal?.throwIfAborted();
      if (known > 0) known--;
      else this.#want(id);
      if (known === 0 && this.#wanted.length >= BLOBS_AHEAD) yield await this.#next();
    }
    while (this.#wanted.length > 0) yield await this.#next();
  }

  [Symbol.dispose](): void {
    this.#letGo();
    for (const id of this.#wanted.splice(0)) this.#reader.release(id);
    this.#done(this.#wasRead);
  }

  #want(id: BlobId): void {
    this.#wanted.push(id);
    this.#reader.want(id);
  }

  async #next(): Promise<Uint8Array> {
    this.#letGo();
    this.#read = this.#wanted.shift() as BlobId;
    return this.#reader.read(this.#read);
  }

  #letGo(): void {
    if (this.#read !== undefined) this.#reader.release(this.#read);
    this.#read = undefined;
  }
}
