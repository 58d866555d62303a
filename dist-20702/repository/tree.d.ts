import { type BlobId } from './layout.ts';
export type EntryType = 'file' | 'directory' | 'symlink' | 'fifo' | 'chardevice' | 'blockdevice';
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
export declare class TreeError extends Error {
}
/** One line of a tree, without its line break. */
export declare function encodeEntry(entry: TreeEntry): string;
/**
 * The entries of one tree blob.
 * @throws {@link TreeError}
 */
export declare function decodeTree(blob: Uint8Array): TreeEntry[];
/**
 * Reads one line. The name is not judged here: whoever writes to a file system does.
 * @throws {@link TreeError}
 */
export declare function decodeEntry(line: string): TreeEntry;
/**
 * Cuts a directory's lines into tree blobs. Small directories are one; large ones are cut behind names that their hash picks, so
 * that one changed entry changes one part.
 * @param names in latin1, one per line
 * @returns where each part ends (exclusive); empty for no lines
 */
export declare function cutTree(names: readonly string[], lines: readonly string[]): number[];
