/**
 * Copies a repository to another place: what is missing there of what the seals count on, checked against them while it passes, and then
 * the seals. Nothing is overwritten, nothing removed. Killed at any moment, the copy holds whole snapshots; the next run goes on.
 */
import type { PublicKey } from 'openpgp';
import type { Problem } from '../repository/chain.ts';
import type { History } from '../repository/history.ts';
import { type Repository } from '../repository/repository.ts';
import { type Target } from '../targets/target.ts';
import type { OnProgress } from './progress.ts';
export interface ReplicateContext {
    readonly repository: Repository;
    /** Whose seals count. */
    readonly agents: readonly PublicKey[];
    /** Objects on their way at once. */
    readonly concurrency: number;
    /** Makes the bucket or container of the copy, too, if it is not there. */
    readonly createContainer?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: OnProgress | undefined;
}
export interface ReplicateResult {
    /** That were copied. */
    readonly objects: number;
    readonly bytes: number;
    /** Whose seals were copied. */
    readonly snapshots: number;
    /** Objects that the copy had already. */
    readonly present: number;
    readonly problems: readonly Problem[];
}
/**
 * @throws {@link NoRepositoryError} where `to` holds another repository
 * @throws {@link TargetError} of either side; what was copied until then stays
 */
export declare function replicate(context: ReplicateContext, history: History, to: Target): Promise<ReplicateResult>;
