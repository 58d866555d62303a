import { type GenerationPlace } from '../repository/layout.ts';
import type { CheckedSeal } from '../repository/seal.ts';
import type { SourceRun } from './backup.ts';
/**
 * Locks the older objects of the generation anew, before the seal that counts on them: at the first snapshot in each quarter of the
 * length of the lock. So whatever a snapshot needs stays locked for at least three quarters of that length after it, and no machine
 * needs to remember when it locked what.
 */
export declare function extendLocks({ repository: { target }, now, signal }: SourceRun, place: GenerationPlace, last: CheckedSeal | undefined): Promise<void>;
