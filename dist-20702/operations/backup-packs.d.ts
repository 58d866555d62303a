import type { Session } from '../crypto/seipd.ts';
import type { PackRecord } from '../repository/pack.ts';
import { Packer } from '../repository/packing/packer.ts';
import type { SourceRun } from './backup.ts';
/**
 * Stores packs and books them: first the object, acknowledged, then the catalog's row. Every few packs an index object makes
 * them known to whoever has only the repository.
 */
export declare class PackStore implements AsyncDisposable {
    #private;
    readonly packer: Packer;
    /** Bytes that this run put into the repository. */
    storedBytes: number;
    /** @param onStored called when a pack's blobs may be relied on */
    constructor(run: SourceRun, session: Session, renewLease: () => Promise<void>, onStored: (record: PackRecord) => void);
    /** Stores what is left, and the index of everything that has none. */
    finish(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}
