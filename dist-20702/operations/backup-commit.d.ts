/** The end of a backup: snapshot object, then the seal, which makes it a snapshot, then the catalog. */
import type { Session } from '../crypto/seipd.ts';
import type { Json } from '../repository/canonical.ts';
import { type SnapshotId } from '../repository/layout.ts';
import { type ByteCounts } from '../repository/seal.ts';
import { type TreeEntry } from '../repository/tree.ts';
import type { WalkCounts } from '../sources/folder/walk.ts';
import type { SourceRun } from './backup.ts';
import type { PackStore } from './backup-packs.ts';
import type { WarningList } from './warnings.ts';
export interface Walked {
    readonly root: TreeEntry;
    readonly counts: WalkCounts;
    readonly warnings: WarningList;
    /** Bytes of new blobs, before compression. */
    readonly newBytes: number;
    readonly witness?: Json | undefined;
}
export interface Committed {
    readonly id: SnapshotId | null;
    readonly parent: SnapshotId | null;
    readonly sequence: number;
    readonly bytes: ByteCounts;
}
export declare function commitSnapshot(run: SourceRun, session: Session, packs: PackStore, walked: Walked): Promise<Committed>;
