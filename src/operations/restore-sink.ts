/** Where restored entries go. */
import type {TreeEntry} from '../repository/tree.ts';
import type {FolderWriter} from '../sources/folder/writer.ts';

/** Something that takes the entries of a snapshot, in order; some time after the walk came by them. */
export interface EntrySink {
  /** Whether `entry` reads what it is given of a file. */
  readonly readsContent: boolean;
  /** @returns false to leave it and what is in it out */
  openDirectory(path: Buffer, entry: TreeEntry): boolean | Promise<boolean>;
  closeDirectory(): void;
  /** Writes anything but a directory; `content` gives a file's checked blobs. @returns bytes written; undefined if it was left as it is */
  entry(
    path: Buffer,
    entry: TreeEntry,
    content: () => AsyncIterable<Uint8Array>,
  ): Promise<number | undefined>;
}

export class FolderSink implements EntrySink {
  readonly readsContent = true;
  readonly #writer: FolderWriter;

  constructor(writer: FolderWriter) {
    this.#writer = writer;
  }

  openDirectory(_path: Buffer, entry: TreeEntry): boolean {
    return this.#writer.openDirectory(entry.name, entry);
  }

  closeDirectory(): void {
    this.#writer.closeDirectory();
  }

  async entry(
    _path: Buffer,
    entry: TreeEntry,
    content: () => AsyncIterable<Uint8Array>,
  ): Promise<number | undefined> {
    const before = this.#writer.counts.written;
    const bytes = await this.#write(entry, content);
    return this.#writer.counts.written > before ? bytes : undefined;
  }

  async #write(entry: TreeEntry, content: () => AsyncIterable<Uint8Array>): Promise<number> {
    const {name} = entry;
    if (this.#writer.hardlink(name, entry)) return 0;
    if (entry.type === 'symlink') this.#writer.symlink(name, entry);
    else if (entry.type !== 'file') this.#writer.special(name, entry);
    else return this.#file(entry, content);
    return 0;
  }

  async #file(entry: TreeEntry, content: () => AsyncIterable<Uint8Array>): Promise<number> {
    const file = this.#writer.file(entry.name, entry);
    if (file === undefined) return 0;
    let bytes = 0;
    try {
      for await (const chunk of content()) {
        file.write(chunk);
        bytes += chunk.length;
      }
    } catch (error) {
      file.abort();
      throw error;
    }
    file.commit();
    return bytes;
  }
}
