/** Where restored entries go. */
import type {TreeEntry} from '../repository/tree.ts';

/** Something that takes the entries of a snapshot, in order; some time after the walk came by them. */
export interface EntrySink {
  /** Whether `entry` reads what it is given of a file. One that does not gets its content in another way, if at all. */
  readonly readsContent: boolean;
  /** @returns false to leave it and what is in it out */
  openDirectory(path: Buffer, entry: TreeEntry): boolean | Promise<boolean>;
  closeDirectory(): void;
  /** Takes anything but a directory, and reports it now or later; `content` gives a file's checked blobs. */
  entry(path: Buffer, entry: TreeEntry, content: () => AsyncIterable<Uint8Array>): Promise<void>;
  /** Finishes what was only planned. */
  flush?(): Promise<void>;
}

/** Where a sink says what became of an entry. */
export interface RestoreReport {
  /** @param bytes that were written; undefined if it was left as it is */
  done(path: Buffer, entry: Pick<TreeEntry, 'type'>, bytes: number | undefined): void;
  /** The repository cannot give it back whole. */
  damaged(path: Buffer, problem: string): void;
}
