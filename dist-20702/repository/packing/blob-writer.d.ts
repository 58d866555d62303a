import type { BlobId } from '../layout.ts';
import type { PackKind, PackRecord } from '../pack.ts';
import type { Packer } from './packer.ts';
/** Reads the next bytes of a content into the buffer; fewer than fit only at the end. */
export type ContentReader = (into: Buffer) => number;
export interface StoredContent {
    readonly blobs: BlobId[];
    readonly sizeBytes: number;
}
export interface BlobWriterOptions {
    readonly packer: Packer;
    readonly blobIdKey: Uint8Array;
    readonly chunker: {
        readonly seed: Uint8Array;
        readonly min: number;
        readonly maskBits: number;
        readonly max: number;
    };
    /** Whether an acknowledged pack holds this blob. */
    isKnown(id: Buffer): boolean;
    /** The generation holds no blob at all yet: only what was written here needs a look-up. */
    readonly isFresh: boolean;
}
/** Cuts content into blobs, names them, and stores those that are new in the generation. */
export declare class BlobWriter {
    #private;
    readonly counts: {
        blobs: number;
        bytes: number;
    };
    constructor(options: BlobWriterOptions);
    /** A pack was acknowledged: from now on `isKnown` answers for its blobs. */
    acknowledged(record: PackRecord): void;
    /** Stores a blob that is in memory. */
    storeWhole(kind: PackKind, content: Uint8Array): Promise<BlobId>;
    /**
     * Stores what `read` gives, in chunks. The bytes go straight into the packer's memory.
     * @param expectedBytes what the file's size says; more or fewer may come
     */
    storeContent(read: ContentReader, expectedBytes: number): Promise<StoredContent>;
    /**
     * Stores a stream in small chunks, which grow the further in they lie. No other content may be stored until it has ended.
     * @param onBlob takes the ids in order, and may store lists of them as trees
     * @returns the length of the stream
     * @throws whatever the stream throws, and then its last bytes are in no blob
     */
    storeStream(pieces: AsyncIterable<Uint8Array>, onBlob: (id: BlobId) => Promise<void> | undefined): Promise<number>;
}
