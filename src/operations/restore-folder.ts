/** Plans which blob goes where, as far ahead as memory allows, and has threads write in the order of the packs. */
import {DamageError} from '../errors.ts';
import type {IndexedFrame} from '../repository/blob-index.ts';
import type {BlobReader} from '../repository/blob-reader.ts';
import type {BlobId} from '../repository/layout.ts';
import {contentIds} from '../repository/open-snapshot.ts';
import type {TreeEntry} from '../repository/tree.ts';
import type {FrameWriter, Outcome} from '../repository/unpacking/frame-writer.ts';
import type {Order, WholeOrder} from '../repository/unpacking/orders.ts';
import type {OpenDirectory} from '../sources/folder/directory.ts';
import type {FilePiece, RestoredFile} from '../sources/folder/restored-file.ts';
import type {FolderWriter} from '../sources/folder/writer.ts';
import {descriptorLimit} from '../system/descriptors.ts';
import type {EntrySink, RestoreReport} from './restore-sink.ts';

/** Planned before any of it is written. Some 60 bytes and a name each. */
const MOST_ORDERS = 64_000;
/** Of what is planned, and of what is being read: the more, the fewer packs are opened twice. */
const MOST_DESCRIPTORS = 8192;

/** Fetched before the first of them is read. */
const DELTAS_AHEAD = 4;

/** A file that is written in parts. */
interface OpenFile {
  readonly path: Buffer;
  readonly file: RestoredFile;
  /** Parts that are planned and not yet written, and one while it is being planned. */
  left: number;
  bytes: number;
  damage: DamageError | undefined;
}

/** Content that has to be put together from two blobs. */
interface Delta {
  readonly open: OpenFile;
  readonly id: BlobId;
  readonly pieces: readonly FilePiece[];
}

interface LaterLink {
  readonly directory: OpenDirectory;
  readonly path: Buffer;
  readonly entry: TreeEntry;
}

export interface FolderSinkOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told what threads have spent so far on opening packs and on writing files. */
  readonly onSpent?: ((spent: FrameWriter['spent']) => void) | undefined;
}

export class FolderSink implements EntrySink {
  readonly readsContent = false;
  readonly #writer: FolderWriter;
  readonly #reader: BlobReader;
  readonly #orders: FrameWriter;
  readonly #report: RestoreReport;
  readonly #signal: AbortSignal | undefined;
  readonly #onSpent: FolderSinkOptions['onSpent'];
  readonly #mostDescriptors = Math.min(MOST_DESCRIPTORS, Math.floor(descriptorLimit() / 2));
  readonly #directories = new Map<number, OpenDirectory>();
  readonly #files = new Map<number, OpenFile>();
  /** Inodes of which a first name is planned. */
  readonly #planned = new Set<string>();
  #links: LaterLink[] = [];
  #deltas: Delta[] = [];
  /** What the system refused in a thread. */
  #refused: [frame: IndexedFrame, order: Order][] = [];
  #count = 0;

  constructor(
    writer: FolderWriter,
    reader: BlobReader,
    report: RestoreReport,
    {signal, onSpent}: FolderSinkOptions,
  ) {
    this.#writer = writer;
    this.#reader = reader;
    this.#orders = reader.frameWriter();
    this.#report = report;
    this.#signal = signal;
    this.#onSpent = onSpent;
  }

  async openDirectory(_path: Buffer, entry: TreeEntry): Promise<boolean> {
    await this.#keepWithinBounds();
    return this.#writer.openDirectory(entry.name, entry);
  }

  closeDirectory(): void {
    this.#writer.closeDirectory();
  }

  async entry(path: Buffer, entry: TreeEntry): Promise<void> {
    const {name} = entry;
    if (entry.hardlink !== undefined) {
      const directory = this.#writer.current;
      if (this.#planned.has(entry.hardlink)) {
        this.#writer.hold(directory);
        this.#links.push({directory, path, entry});
        return;
      }
      if (this.#link(directory, path, entry)) return;
    }
    if (entry.type === 'file') {
      await this.#keepWithinBounds();
      if (!this.#planWhole(entry)) await this.#planParts(path, entry, this.#writer.current);
      return;
    }
    if (entry.type === 'symlink') this.#writer.symlink(name, entry);
    else this.#writer.special(name, entry);
    this.#report.done(path, entry, 0);
  }

  /** Writes all that is planned. */
  async flush(): Promise<void> {
    while (!this.#orders.isEmpty || this.#deltas.length > 0 || this.#links.length > 0) {
      await this.#orders.flush(this.#settle, this.#signal);
      for (const [frame, order] of this.#refused.splice(0)) await this.#tryAgain(frame, order);
      await this.#writeDeltas();
      this.#planned.clear();
      this.#count = 0;
      const links = this.#links;
      this.#links = [];
      for (const {directory, path, entry} of links) {
        if (!this.#link(directory, path, entry)) await this.#planParts(path, entry, directory);
        this.#writer.release(directory);
      }
    }
    this.#onSpent?.(this.#orders.spent);
  }

  #link(directory: OpenDirectory, path: Buffer, entry: TreeEntry): boolean {
    const before = this.#writer.counts.written;
    if (!this.#writer.hardlink(entry.name, entry, directory)) return false;
    this.#report.done(path, entry, this.#writer.counts.written > before ? 0 : undefined);
    return true;
  }

  async #keepWithinBounds(): Promise<void> {
    if (this.#count >= MOST_ORDERS || this.#writer.descriptors >= this.#mostDescriptors) await this.flush();
  }

  /** Most files are nothing but one blob. */
  #planWhole(entry: TreeEntry): boolean {
    const [id, ...more] = entry.content ?? [];
    if (id === undefined || more.length > 0 || entry.extents !== undefined) return false;
    const place = this.#reader.index.find(id);
    if (place === undefined || place.length !== entry.size || place.base !== undefined) return false;
    const directory = this.#writer.current;
    const file = this.#writer.wholeFile(entry.name, entry);
    if (file === undefined) return false;
    this.#directories.set(file.directory, directory);
    this.#add(place.frame, {kind: 'whole', at: place.at, file});
    return true;
  }

  async #planParts(path: Buffer, entry: TreeEntry, directory: OpenDirectory): Promise<void> {
    const file = this.#writer.file(entry.name, entry, directory);
    if (file === undefined) return this.#report.done(path, entry, undefined);
    if (entry.hardlink !== undefined) this.#planned.add(entry.hardlink);
    const open: OpenFile = {path, file, left: 1, bytes: 0, damage: undefined};
    this.#files.set(file.fd, open);
    try {
      for await (const id of contentIds(this.#reader, entry)) {
        const {frame, at, length, base} = this.#reader.find(id);
        const pieces = [...file.pieces(length)];
        open.left += pieces.length;
        if (base !== undefined) this.#addDelta({open, id, pieces});
        else for (const piece of pieces) this.#add(frame, {kind: 'part', at, fd: file.fd, ...piece});
      }
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      open.damage = error;
    }
    this.#partDone(open);
  }

  #add(frame: IndexedFrame, order: Order): void {
    this.#orders.add(frame, order);
    this.#count++;
  }

  #addDelta(delta: Delta): void {
    this.#deltas.push(delta);
    this.#count++;
  }

  async #writeDeltas(): Promise<void> {
    const deltas = this.#deltas;
    this.#deltas = [];
    for (const [number, {open, id, pieces}] of deltas.entries()) {
      this.#signal?.throwIfAborted();
      if (number === 0) for (const {id} of deltas.slice(0, DELTAS_AHEAD)) this.#reader.want(id);
      const next = deltas[number + DELTAS_AHEAD];
      if (next !== undefined) this.#reader.want(next.id);
      try {
        const content = await this.#reader.read(id);
        for (const piece of pieces) open.file.writePiece(content, piece);
      } catch (error) {
        if (!(error instanceof DamageError)) throw error;
        open.damage ??= error;
      }
      this.#reader.release(id);
      for (const {length} of pieces) {
        open.bytes += length;
        this.#partDone(open);
      }
    }
  }

  readonly #settle = (frame: IndexedFrame, order: Order, outcome: Outcome): void => {
    if (outcome === 'failed') this.#refused.push([frame, order]);
    else if (order.kind === 'whole') this.#wholeDone(frame, order, outcome);
    else {
      const open = this.#files.get(order.fd) as OpenFile;
      if (outcome === 'done') open.bytes += order.length;
      else open.damage ??= outcome;
      this.#partDone(open);
    }
  };

  #wholeDone(frame: IndexedFrame, {at, file}: WholeOrder, outcome: 'done' | DamageError): void {
    const directory = this.#directories.get(file.directory) as OpenDirectory;
    const path = directory.pathOf(file.name);
    if (outcome === 'done') this.#report.done(path, {type: 'file'}, this.#lengthOf(frame, at));
    else this.#report.damaged(path, outcome.message);
    this.#writer.madeWhole(directory, outcome === 'done');
  }

  #partDone(open: OpenFile): void {
    if (--open.left > 0) return;
    this.#files.delete(open.file.fd);
    if (open.damage === undefined) {
      const isPlaced = open.file.commit();
      this.#report.done(open.path, {type: 'file'}, isPlaced ? open.bytes : undefined);
    } else {
      open.file.abort();
      this.#report.damaged(open.path, open.damage.message);
    }
  }

  /** Where the reason can be told. @throws RestoreError if nothing more can be written */
  async #tryAgain(frame: IndexedFrame, order: Order): Promise<void> {
    let outcome: 'done' | DamageError = 'done';
    let content: Uint8Array | undefined;
    try {
      content = await this.#reader.read(this.#reader.index.idOf(frame, order.at));
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      outcome = error;
    }
    if (order.kind === 'part') {
      if (content !== undefined) this.#files.get(order.fd)?.file.writePiece(content, order);
      this.#settle(frame, order, outcome);
    } else if (content === undefined) this.#wholeDone(frame, order, outcome);
    else this.#writeWhole(order, content);
  }

  #writeWhole({file}: WholeOrder, content: Uint8Array): void {
    const directory = this.#directories.get(file.directory) as OpenDirectory;
    const {owner, ...rest} = file;
    const entry: TreeEntry = {...rest, ...(owner ?? {uid: 0, gid: 0}), type: 'file', size: content.length};
    const restored = this.#writer.file(file.name, entry, directory);
    restored?.write(content);
    const isPlaced = restored?.commit() === true;
    this.#report.done(directory.pathOf(file.name), entry, isPlaced ? content.length : undefined);
    this.#writer.release(directory);
  }

  #lengthOf(frame: IndexedFrame, at: number): number {
    return this.#reader.index.lengthOf(frame, at);
  }
}
