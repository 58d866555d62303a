/** Writes restored entries below one folder, and nothing anywhere else (DESIGN §7). */
import {fstatSync, linkSync, lstatSync} from 'node:fs';
import type {TreeEntry} from '../../repository/tree.ts';
import {type Libc, loadLibc} from '../../system/libc.ts';
import type {WholeFile} from '../../system/whole-file.ts';
import {makeDirectory, OpenDirectory, openBelow, openRoot} from './directory.ts';
import {ExistingEntries, type Overwrite} from './existing.ts';
import {LinkedFiles} from './linked-files.ts';
import {MetadataWriter, Warnings} from './metadata.ts';
import {nodeMaker} from './nodes.ts';
import {nameIsSound, Outcome, type WriterCounts} from './outcome.ts';
import {Parts, removePart} from './parts.ts';
import {Placing} from './placing.ts';
import {extentsAreSound, RestoredFile} from './restored-file.ts';

/** NAME_MAX */
const NAME_MOST_BYTES = 255;

export interface FolderWriterOptions {
  /** Made if it is not there. */
  readonly root: string;
  /** What happens to entries that are there already and differ. One that is equal is kept, and counted as present, except with `always`. */
  readonly overwrite: Overwrite;
  /** Bring back user and group. By default only as root. */
  readonly owners?: boolean;
  /** Bring back setuid and setgid bits of files, devices, and `security.*` and `trusted.*` attributes. By default only as root. */
  readonly special?: boolean;
  /** Whatever could not be brought back as it was. `path` is relative to the root; empty for summaries. */
  readonly onWarning: (path: Buffer, problem: string) => void;
  /** For tests: undefined behaves as where koffi is missing. */
  readonly libc?: Libc | undefined;
}

/**
 * Takes the entries of a snapshot, a directory before its content. Names are judged one by one; every call works relative to the
 * directory that is open, so no link, restored or slipped in by somebody else meanwhile, is ever followed. What cannot be written
 * is a warning, and the rest goes on; a `RestoreError` is thrown only where nothing more can be written.
 */
export class FolderWriter implements Disposable {
  readonly #outcome: Outcome;
  readonly #warnings: Warnings;
  readonly #metadata: MetadataWriter;
  readonly #placing: Placing;
  readonly #links: LinkedFiles;
  readonly #libc: Libc | undefined;
  readonly #special: boolean;
  readonly #whyNotSpecial: string;
  readonly #root: OpenDirectory;
  readonly #files = new Set<RestoredFile>();
  readonly #directories = new Set<OpenDirectory>();
  readonly #parts: Parts;
  #current: OpenDirectory;

  /** @throws `RestoreError` if the root cannot be made or opened */
  constructor(options: FolderWriterOptions) {
    const asRoot = process.geteuid?.() === 0;
    this.#libc = 'libc' in options ? options.libc : loadLibc();
    this.#special = options.special ?? asRoot;
    this.#whyNotSpecial =
      options.special === undefined ? ': only root can bring it back, so restore as root' : ', as asked';
    this.#warnings = new Warnings(options.onWarning);
    this.#outcome = new Outcome(this.#warnings);
    this.#metadata = new MetadataWriter({
      owners: options.owners ?? asRoot,
      special: this.#special,
      whyNotSpecial: this.#whyNotSpecial,
      libc: this.#libc,
      warnings: this.#warnings,
    });
    this.#root = openRoot(options.root, this.#libc);
    this.#current = this.#root;
    this.#directories.add(this.#root);
    this.#parts = new Parts(this.#libc);
    this.#links = new LinkedFiles(this.#root);
    const existing = new ExistingEntries(
      options.overwrite,
      () => this.#parts.nextPath(this.#root),
      this.#libc,
    );
    this.#placing = new Placing(this.#outcome, existing, this.#links, this.#parts);
  }

  get counts(): Readonly<WriterCounts> {
    return this.#outcome.counts;
  }

  /** The directory that is open now. Content may be written into it later, while it is {@link hold held}. */
  get current(): OpenDirectory {
    return this.#current;
  }

  /** How many directories and files are open. */
  get descriptors(): number {
    return this.#directories.size + this.#files.size;
  }

  /** Keeps a directory open. */
  hold(directory: OpenDirectory): void {
    directory.pending++;
  }

  release(directory: OpenDirectory): void {
    directory.pending--;
    this.#finishDirectory(directory);
  }

  /**
   * Goes down into a directory, which is made if it is not there. An existing one is kept with what is in it, and gets the entry's metadata.
   * @returns false (after a warning) if that cannot be: leave out its content, and do not close it
   */
  openDirectory(name: Buffer, entry: TreeEntry): boolean {
    const parent = this.#current;
    if (!this.#outcome.acceptsName(parent, name)) return false;
    return this.#outcome.attempt(parent, name, false, () => {
      const path = parent.child(name);
      const fresh = makeDirectory(path) || this.#placing.clearForDirectory(parent, name);
      if (fresh === undefined) return false;
      const details = {parent, path: parent.pathOf(name), entry, fresh};
      const directory = new OpenDirectory(openBelow(path, true), path, details, this.#libc);
      this.#directories.add(directory);
      parent.pending++;
      this.#current = directory;
      if (!fresh) parent.remember(fstatSync(directory.fd, {bigint: true}));
      if (!fresh) directory.removeParts();
      this.#outcome.counts[fresh ? 'written' : 'present']++;
      return true;
    });
  }

  /** Goes back up. The directory gets its links and its metadata as soon as no file in it is open any more. */
  closeDirectory(): void {
    const directory = this.#current;
    if (directory.parent === undefined) throw new Error('closeDirectory without openDirectory');
    this.#current = directory.parent;
    directory.closed = true;
    this.#finishDirectory(directory);
  }

  /**
   * What another thread needs to make a file in the current directory, which is held until {@link madeWhole}. Whatever goes wrong there,
   * {@link file} is the one that says so.
   * @returns undefined if there is more to it than content
   */
  wholeFile(name: Buffer, entry: TreeEntry): WholeFile | undefined {
    const directory = this.#current;
    if (this.#libc === undefined || entry.hardlink !== undefined) return undefined;
    if (!nameIsSound(name) || name.length > NAME_MOST_BYTES) return undefined;
    if (directory.inheritsAcl || !this.#parts.areNameless(directory)) return undefined;
    const metadata = this.#metadata.plain(entry);
    if (metadata === undefined) return undefined;
    this.hold(directory);
    return {directory: directory.fd, name, ...metadata};
  }

  madeWhole(directory: OpenDirectory, isMade: boolean): void {
    if (isMade) this.#outcome.counts.written++;
    this.release(directory);
  }

  /** @returns where its content goes; undefined if it is there already, or cannot be written (after a warning) */
  file(name: Buffer, entry: TreeEntry, directory: OpenDirectory = this.#current): RestoredFile | undefined {
    if (!this.#outcome.acceptsName(directory, name)) return undefined;
    if (!extentsAreSound(entry))
      return this.#outcome.refuse(directory, name, 'its size or extents make no sense');
    return this.#outcome.attempt(directory, name, undefined, () => {
      if (!this.#parts.areNameless(directory) && !this.#placing.mayWrite(directory, name, entry))
        return undefined;
      const part = this.#parts.open(directory);
      const settle = (): void => {
        this.#files.delete(file);
        this.release(directory);
      };
      const file: RestoredFile = new RestoredFile(part.fd, entry, {
        place: (fd) => {
          this.#metadata.apply(fd, entry, () => directory.pathOf(name), directory.inheritsAcl);
          const placed = this.#outcome.attempt(directory, name, false, () =>
            this.#placing.place(directory, part, name),
          );
          if (placed) {
            this.#placing.register(directory, name, entry, fd);
            settle();
          }
          return placed;
        },
        discard: (problem) => {
          removePart(part.path);
          if (problem !== undefined) this.#outcome.refuse(directory, name, problem);
          settle();
        },
        explain: (error) => this.#outcome.explain(directory.pathOf(name), error),
      });
      this.hold(directory);
      this.#files.add(file);
      return file;
    });
  }

  /** Made when its directory is closed, after everything else in it; at once if it has several names. */
  symlink(name: Buffer, entry: TreeEntry): void {
    if (entry.hardlink !== undefined) this.#makeNode(this.#current, name, entry);
    else if (this.#outcome.acceptsName(this.#current, name)) this.#current.links.push({name, entry});
  }

  /** Makes a FIFO, a character device or a block device. */
  special(name: Buffer, entry: TreeEntry): void {
    this.#makeNode(this.#current, name, entry);
  }

  /**
   * Makes `name` a further name of the inode whose first name was written before (`entry.hardlink` is the same).
   * @returns false if there is none, or it cannot be linked: write a copy then. True if nothing is left to do for it.
   */
  hardlink(name: Buffer, entry: TreeEntry, directory: OpenDirectory = this.#current): boolean {
    if (entry.hardlink === undefined) return false;
    if (!this.#outcome.acceptsName(directory, name)) return true;
    return this.#outcome.attempt(directory, name, true, () => {
      const first = this.#links.find(entry.hardlink ?? '', directory);
      if (first === undefined) return false;
      using source = first;
      const found = lstatSync(directory.child(name), {bigint: true, throwIfNoEntry: false});
      if (found !== undefined && source.is(found)) return this.#placing.present(directory, found);
      const part = this.#parts.nextPath(directory);
      try {
        linkSync(source.path, part); // Does not follow links.
      } catch {
        return false; // Whatever the reason (too many links, no right to link): a copy is written then.
      }
      const made = lstatSync(part, {bigint: true, throwIfNoEntry: false});
      const placed = made !== undefined && source.is(made) && this.#placing.mayWrite(directory, name, entry);
      if (placed && this.#placing.place(directory, part, name)) return true;
      removePart(part);
      return made !== undefined && source.is(made); // Otherwise somebody put another file in the place of the first.
    });
  }

  /** Makes the last links, and gives the root its metadata if `root` is given. Nothing can be written afterwards. */
  finish(root?: TreeEntry): void {
    if (this.#current !== this.#root || this.#files.size > 0)
      throw new Error('finish with open directories or files');
    this.#makeLinks(this.#root);
    if (root !== undefined)
      this.#metadata.apply(this.#root.fd, root, () => Buffer.from('.'), !this.#root.fresh);
    this.#warnings.summarize();
    this[Symbol.dispose]();
  }

  /** Discards open files and lets go. Entries that are complete stay. */
  [Symbol.dispose](): void {
    for (const file of [...this.#files]) file.abort();
    for (const directory of this.#directories) directory[Symbol.dispose]();
    this.#directories.clear();
  }

  #finishDirectory(directory: OpenDirectory): void {
    if (!directory.closed || directory.pending > 0 || !this.#directories.has(directory)) return;
    this.#makeLinks(directory);
    const {entry, parent, path} = directory;
    const clearAcls = !directory.fresh || parent?.inheritsAcl === true;
    if (entry !== undefined) this.#metadata.apply(directory.fd, entry, () => path, clearAcls);
    this.#directories.delete(directory);
    directory[Symbol.dispose]();
    if (parent !== undefined) this.release(parent);
  }

  #makeLinks(directory: OpenDirectory): void {
    for (const {name, entry} of directory.links) this.#makeNode(directory, name, entry);
    directory.links.length = 0;
  }

  /** Makes what has no content: under a temporary name, then metadata, then the final name. */
  #makeNode(directory: OpenDirectory, name: Buffer, entry: TreeEntry): void {
    if (!this.#outcome.acceptsName(directory, name)) return;
    this.#outcome.attempt(directory, name, undefined, () => {
      const make = nodeMaker(entry, this.#libc, this.#special ? undefined : this.#whyNotSpecial);
      if (typeof make === 'string') return this.#outcome.refuse(directory, name, make);
      if (!this.#placing.mayWrite(directory, name, entry)) return undefined;
      const part = this.#parts.nextPath(directory);
      make(part);
      const clearAcls = directory.inheritsAcl && entry.type !== 'symlink';
      this.#metadata.apply(part, entry, () => directory.pathOf(name), clearAcls);
      const placed = this.#outcome.attempt(directory, name, false, () =>
        this.#placing.place(directory, part, name),
      );
      if (placed) this.#placing.register(directory, name, entry);
      else removePart(part);
      return undefined;
    });
  }
}
