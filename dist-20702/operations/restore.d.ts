/** Restores a snapshot into a folder. Needs the repository and a recipient's private key, nothing else. */
import type { PublicKey } from 'openpgp';
import type { RecipientKey } from '../crypto/recipient-key.ts';
import type { SourceHistory } from '../repository/history.ts';
import type { Repository } from '../repository/repository.ts';
import type { CheckedSeal } from '../repository/seal.ts';
import type { Warning } from '../repository/snapshot.ts';
import type { TreeEntry } from '../repository/tree.ts';
import type { OnProgress } from './progress.ts';
import { type Selection } from './selection.ts';
export interface RestoreContext {
    readonly repository: Repository;
    readonly agents: readonly PublicKey[];
    readonly key: RecipientKey;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: OnProgress | undefined;
}
export interface RestoreOptions extends Selection {
    readonly overwrite: 'never' | 'changed' | 'always';
    /** Bring back owners, setuid bits, devices and security attributes: by default only as root. */
    readonly owners?: boolean;
    readonly special?: boolean;
}
export interface RestoreResult {
    readonly snapshot: string;
    readonly source: string;
    /** Entries that were written, and those that were there already. */
    readonly entries: {
        readonly written: number;
        readonly present: number;
    };
    readonly files: number;
    readonly bytes: number;
    readonly warnings: readonly Warning[];
    readonly warningsOmitted: number;
    /** What the repository could not give back whole. */
    readonly damaged: readonly Warning[];
}
/** Something that takes the entries of a snapshot, in order; some time after the walk came by them. */
export interface EntrySink {
    /** Whether `entry` reads what it is given of a file. */
    readonly readsContent: boolean;
    /** @returns false to leave it and what is in it out */
    openDirectory(path: Buffer, entry: TreeEntry): boolean | Promise<boolean>;
    closeDirectory(): void;
    /** Writes anything but a directory; `content` gives a file's checked blobs. @returns bytes written */
    entry(path: Buffer, entry: TreeEntry, content: () => AsyncIterable<Uint8Array>): Promise<number>;
}
/** Restores into `folder`. Run again after an interruption, it completes. */
export declare function restoreToFolder(context: RestoreContext, history: SourceHistory, seal: CheckedSeal, folder: string, options: RestoreOptions): Promise<RestoreResult>;
/** Writes a snapshot as a tar stream (PAX), for `tar -x` or another program. */
export declare function restoreToTar(context: RestoreContext, history: SourceHistory, seal: CheckedSeal, output: NodeJS.WritableStream, options: Selection): Promise<RestoreResult>;
/** Tells what a restore would write, without writing. */
export declare function restoreDryRun(context: RestoreContext, history: SourceHistory, seal: CheckedSeal, options: Selection): Promise<RestoreResult>;
