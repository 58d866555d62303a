/** Opens a snapshot with a recipient's private key: the way from a seal to every file. */
import type { PublicKey } from 'openpgp';
import type { RecipientKey } from '../crypto/recipient-key.ts';
import { DamageError } from '../errors.ts';
import { BlobReader } from './blob-reader.ts';
import { type SourceHistory } from './history.ts';
import { type BlobId } from './layout.ts';
import type { Repository } from './repository.ts';
import type { CheckedSeal } from './seal.ts';
import { type Snapshot } from './snapshot.ts';
import { type TreeEntry } from './tree.ts';
import type { TreeSource } from './tree-walk.ts';
export interface OpenedGeneration {
    readonly reader: BlobReader;
    readonly trees: TreeSource;
    /** Index objects that could not be used; what only they describe cannot be found. */
    readonly problems: readonly DamageError[];
}
/** Opens the generation of a seal with everything that the seal needs of its index. */
export declare function openSealedGeneration(repository: Repository, agents: readonly PublicKey[], history: SourceHistory, seal: CheckedSeal, key: RecipientKey): Promise<OpenedGeneration>;
/** @throws {@link DamageError} */
export declare function readSealedSnapshot(repository: Repository, agents: readonly PublicKey[], seal: CheckedSeal, reader: BlobReader): Promise<Snapshot>;
/**
 * The ids of a file's blobs, in order; a very large file keeps them in blobs of their own. Never all of those at once, and none
 * beyond the file's size: a tree can repeat a blob without end.
 * @throws {@link DamageError}
 */
export declare function contentIds(reader: BlobReader, entry: TreeEntry): AsyncGenerator<BlobId>;
