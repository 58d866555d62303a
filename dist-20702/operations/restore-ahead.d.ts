/** What lets a restore fetch content before it is written: the walk is some entries ahead of the writing. */
import type { BlobReader } from '../repository/blob-reader.ts';
import type { TreeEntry } from '../repository/tree.ts';
type Step = () => void | Promise<void>;
/** Steps that wait for their turn, within bounds. */
export declare class StepQueue {
    #private;
    /** Takes the oldest steps when there are too many. @throws what they throw */
    add(step: Step, contentBytes?: number): Promise<void>;
    finish(): Promise<void>;
}
/** Has the content of files fetched, unless it turns out that nobody reads it. */
export declare class ContentAhead {
    #private;
    constructor(reader: BlobReader);
    of(entry: TreeEntry): FileContent;
}
/** The content of a file, parts of it on their way already. */
export declare class FileContent implements Disposable {
    #private;
    /** How many bytes of it may be kept at once. */
    readonly aheadBytes: number;
    constructor(reader: BlobReader, entry: TreeEntry, fetch: boolean, done: (wasRead: boolean) => void);
    /** Its blobs, checked. Each is valid until the next is asked for. @throws `DamageError` */
    read(signal?: AbortSignal): AsyncGenerator<Uint8Array>;
    [Symbol.dispose](): void;
}
export {};
