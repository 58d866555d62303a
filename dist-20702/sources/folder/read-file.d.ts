import { type BigIntStats } from 'node:fs';
import type { BlobId } from '../../repository/layout.ts';
import type { BlobWriter } from '../../repository/packing/blob-writer.ts';
import type { Libc } from '../../system/libc.ts';
import type { FsPath } from './names.ts';
export interface FileContent {
    readonly blobs: readonly BlobId[];
    readonly sizeBytes: number;
    readonly readBytes: number;
    readonly extents?: readonly (readonly [number, number])[];
    /** It changed while it was read, each time that it was tried. */
    readonly changed: boolean;
    /** As it was when the reading ended. */
    readonly stats: BigIntStats;
}
/** The name no longer leads to the file that was listed. */
export declare class ReplacedError extends Error {
}
/**
 * Stores a file's content. A file that changes meanwhile is read again, then taken as it is, and marked.
 * @param listed what lstat said
 * @throws what `fs` throws; {@link ReplacedError}
 */
export declare function storeFile(path: FsPath, listed: BigIntStats, writer: BlobWriter, libc: Libc | undefined): Promise<FileContent>;
