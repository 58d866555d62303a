import { BlobTable } from './blobs.ts';
import { DirectoryTable } from './directories.ts';
import { GenerationTable } from './generations.ts';
import { LockTable } from './locks.ts';
import { SnapshotTable } from './snapshots.ts';
export interface CatalogOptions {
    readonly repositoryId: string;
    /** Told when the file was unusable and has been moved aside, so that it must be rebuilt. */
    onMovedAside?(movedTo: string, problem: string): void;
}
/** The local cache: SQLite in WAL mode, synchronous=FULL on every connection (a reopened one would have NORMAL). */
export declare class Catalog implements Disposable {
    #private;
    readonly path: string;
    readonly generations: GenerationTable;
    readonly blobs: BlobTable;
    readonly directories: DirectoryTable;
    readonly snapshots: SnapshotTable;
    readonly locks: LockTable;
    private constructor();
    /**
     * Opens the catalog, or makes an empty one. A file that is damaged is moved aside, never used and never deleted.
     * @throws {@link NewerFormatError}, {@link ConfigError} (another repository's), CatalogError (disk, rights)
     */
    static open(path: string, { repositoryId, onMovedAside }: CatalogOptions): Catalog;
    /**
     * Runs the writes of `work` in one transaction. `work` must not await.
     * @throws CatalogError if the disk fails; LockedError if another process does not let go of the catalog
     */
    transaction<T>(work: () => T): T;
    /** `ok`, or what SQLite's full check says. */
    integrity(): string;
    sizeBytes(): number;
    [Symbol.dispose](): void;
}
