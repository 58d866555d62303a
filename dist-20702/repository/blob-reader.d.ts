/** Reads blobs of an open generation: finds them in the index, fetches, decrypts, decompresses, checks. */
import type { PublicKey } from 'openpgp';
import { BlobIndex, type IndexedFrame, type IndexedPack } from './blob-index.ts';
import type { OpenGeneration } from './generation.ts';
import { type BlobId } from './layout.ts';
import type { Repository } from './repository.ts';
/** Serves one reader at a time. Disposing of it ends its threads. */
export declare class BlobReader implements AsyncDisposable {
    #private;
    readonly generation: OpenGeneration;
    /** @param needed names of the packs that a seal counts on; of a blob in several packs, one in these is taken */
    constructor(repository: Repository, generation: OpenGeneration, needed?: ReadonlySet<string>);
    [Symbol.asyncDispose](): Promise<void>;
    /**
     * Takes in an index object, after checking its name, signature and place.
     * @param mostBytes its size, where a seal tells it
     * @throws {@link DamageError}
     */
    addIndex(name: string, agents: readonly PublicKey[], mostBytes?: number): Promise<void>;
    /** What the index says. */
    get index(): BlobIndex;
    /** Has a blob fetched that will be read soon. Whoever calls this calls {@link release} as often. */
    want(id: BlobId): void;
    release(id: BlobId): void;
    /**
     * A blob's content, checked against its id. It may be taken back with the next call of `read`, `want` or `release`.
     * @throws {@link DamageError}
     */
    read(id: BlobId): Promise<Buffer>;
    /**
     * Reads a whole pack and checks everything in it.
     * @returns the blobs in it that are not what their id says
     * @throws {@link DamageError} if nothing in it can be had
     */
    checkPack(pack: IndexedPack): Promise<BlobId[]>;
    /** The blobs of a frame that cannot be read, in a pack of which something is wrong. */
    lostIn(frame: IndexedFrame): Promise<BlobId[]>;
}
