import type { TreeEntry } from '../../repository/tree.ts';
import { type Libc } from '../../system/libc.ts';
import { type Overwrite } from './existing.ts';
import { type WriterCounts } from './outcome.ts';
import { RestoredFile } from './restored-file.ts';
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
 * is a warning, and the rest goes on; a {@link RestoreError} is thrown only where nothing more can be written.
 */
export declare class FolderWriter implements Disposable {
    #private;
    /** @throws {@link RestoreError} if the root cannot be made or opened */
    constructor(options: FolderWriterOptions);
    get counts(): Readonly<WriterCounts>;
    /**
     * Goes down into a directory, which is made if it is not there. An existing one is kept with what is in it, and gets the entry's metadata.
     * @returns false (after a warning) if that cannot be: leave out its content, and do not close it
     */
    openDirectory(name: Buffer, entry: TreeEntry): boolean;
    /** Goes back up. The directory gets its links and its metadata as soon as no file in it is open any more. */
    closeDirectory(): void;
    /** @returns where its content goes; undefined if it is there already, or cannot be written (after a warning) */
    file(name: Buffer, entry: TreeEntry): RestoredFile | undefined;
    /** Made when its directory is closed, after everything else in it; at once if it has several names. */
    symlink(name: Buffer, entry: TreeEntry): void;
    /** Makes a FIFO, a character device or a block device. */
    special(name: Buffer, entry: TreeEntry): void;
    /**
     * Makes `name` a further name of the inode whose first name was written before (`entry.hardlink` is the same).
     * @returns false if there is none, or it cannot be linked: write a copy then. True if nothing is left to do for it.
     */
    hardlink(name: Buffer, entry: TreeEntry): boolean;
    /** Makes the last links, and gives the root its metadata if `root` is given. Nothing can be written afterwards. */
    finish(root?: TreeEntry): void;
    /** Discards open files and lets go. Entries that are complete stay. */
    [Symbol.dispose](): void;
}
