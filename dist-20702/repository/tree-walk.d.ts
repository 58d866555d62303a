/** Walks the trees of a snapshot, wherever they are read from. */
import { DamageError } from '../errors.ts';
import type { BlobId } from './layout.ts';
import type { TreeEntry } from './tree.ts';
/** Gives a directory's listing: from the repository with the key, or from the catalog. */
export interface TreeSource {
    /** @throws {@link DamageError} */
    readTree(id: BlobId): Promise<readonly TreeEntry[]>;
}
export interface TreeVisitor {
    /** @returns whether to go into it */
    enter(path: Buffer, entry: TreeEntry): boolean | Promise<boolean>;
    /** After everything in a directory that was entered. */
    leave?(path: Buffer, entry: TreeEntry): void | Promise<void>;
    /** Anything but a directory. */
    entry(path: Buffer, entry: TreeEntry): void | Promise<void>;
    /** A listing that cannot be read; the rest goes on. By default it is thrown. */
    damaged?(path: Buffer, error: DamageError): void;
}
/**
 * Visits all entries below `root` in name order, a directory before what is in it.
 * @param most as many entries as the seal counts: more are a bomb
 */
export declare function walkTrees(trees: TreeSource, root: TreeEntry, most: number, visitor: TreeVisitor, signal?: AbortSignal): Promise<void>;
