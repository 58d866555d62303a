import type { BlobId } from '../../repository/layout.ts';
import type { BlobWriter } from '../../repository/packing/blob-writer.ts';
import type { TreeEntry } from '../../repository/tree.ts';
/**
 * Collects the ids of a stream's blobs. Long lists become blobs, cut behind ids that end in a zero byte: where the stream is as
 * it was, its lists are, too.
 */
export declare class ContentIds {
    #private;
    constructor(writer: BlobWriter);
    add(id: BlobId): Promise<void> | undefined;
    finish(): Promise<Pick<TreeEntry, 'content' | 'contentIn'>>;
}
