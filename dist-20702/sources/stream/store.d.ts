/** Stores a dump as a folder with one file per stream. */
import type { BlobWriter } from '../../repository/packing/blob-writer.ts';
import { type TreeEntry } from '../../repository/tree.ts';
import type { WalkState } from '../folder/state.ts';
import type { WalkCounts } from '../folder/walk.ts';
import type { Dump, DumpFacts } from './dump.ts';
export interface StoreOptions {
    readonly source: string;
    readonly dump: Dump;
    readonly writer: BlobWriter;
    readonly state: WalkState;
    /** A stream without a byte is no failure. */
    readonly allowEmpty: boolean;
    readonly now: () => Date;
    readonly signal?: AbortSignal | undefined;
    onProgress?(counts: WalkCounts, current: Buffer): void;
}
export interface StoredDump {
    readonly root: TreeEntry;
    readonly counts: WalkCounts;
    readonly facts: DumpFacts;
}
/** @throws {@link SourceError} if a stream is not whole: then nothing of the dump counts */
export declare function storeDump(options: StoreOptions): Promise<StoredDump>;
