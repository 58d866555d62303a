import type { History } from '../repository/history.ts';
import { type SyncContext } from './backup-catalog.ts';
export interface RebuildResult {
    readonly generations: number;
    readonly snapshots: number;
    readonly blobs: number;
    /** Generations that another agent made, or that are damaged: nothing can be added to them. */
    readonly skipped: readonly {
        readonly source: string;
        readonly generation: string;
        readonly problem: string;
        /** No fault: another agent made it, before this one joined. */
        readonly byOther: boolean;
    }[];
}
export declare function rebuildCatalog(context: SyncContext, history: History): Promise<RebuildResult>;
