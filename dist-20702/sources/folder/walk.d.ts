import type { BlobWriter } from '../../repository/packing/blob-writer.ts';
import { type TreeEntry } from '../../repository/tree.ts';
import type { PathFilter } from './exclude.ts';
import type { WalkState } from './state.ts';
export interface WalkOptions {
    /** Absolute. */
    readonly root: string;
    readonly isExcluded: PathFilter;
    readonly excludeCaches: boolean;
    readonly oneFileSystem: boolean;
    /** `device:inode` of what must not be backed up into itself: repository, catalog. */
    readonly own: ReadonlySet<string>;
    readonly writer: BlobWriter;
    readonly state: WalkState;
    readonly signal?: AbortSignal | undefined;
    now(): Date;
    /** Called often. `current` is the path of the entry, relative to the root. */
    onProgress?(counts: WalkCounts, current: Buffer): void;
    /** Something could not be backed up as it is. */
    onWarning(path: Buffer, problem: string): void;
    /** Something was left out on purpose. */
    onNote(path: Buffer, note: string): void;
}
export interface WalkCounts {
    readonly entries: {
        new: number;
        changed: number;
        unchanged: number;
        removed: number;
        total: number;
    };
    readonly bytes: {
        source: number;
        read: number;
    };
}
/**
 * Walks the folder and returns its root entry.
 * @throws {@link SourceError} if the root itself cannot be read; whatever the writer's packer failed with
 */
export declare function walkFolder(options: WalkOptions): Promise<{
    root: TreeEntry;
    counts: WalkCounts;
}>;
