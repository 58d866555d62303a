import type { History } from './history.ts';
import type { CheckedSeal } from './seal.ts';
/**
 * @throws {@link NotFoundError} if there is none; {@link UsageError} if it may be several
 */
export declare function selectSnapshot(history: History, reference: string): CheckedSeal;
