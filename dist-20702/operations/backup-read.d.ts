import type { SourceConfig } from '../config/sources.ts';
import type { Json } from '../repository/canonical.ts';
import type { BlobWriter } from '../repository/packing/blob-writer.ts';
import type { TreeEntry } from '../repository/tree.ts';
import { type WalkCounts } from '../sources/folder/walk.ts';
import type { SourceRun } from './backup.ts';
import type { WarningList } from './warnings.ts';
export interface ReadResult {
    readonly root: TreeEntry;
    readonly counts: WalkCounts;
    readonly witness?: Json | undefined;
}
/** @throws {@link SourceError} if there is nothing that deserves a snapshot */
export declare function readIntoBlobs(run: SourceRun, writer: BlobWriter, warnings: WarningList): Promise<ReadResult>;
/** What was backed up, for people; holds no secret. */
export declare function placeOf(source: SourceConfig): string;
