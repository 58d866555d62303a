import type { BackupContext } from './backup.ts';
/**
 * Runs `work` as the only run of a source: on this machine by a lock in the catalog, elsewhere by the lease in the repository.
 * @throws {@link LockedError}
 */
export declare function withLock<T>(context: BackupContext, source: string, isDryRun: boolean, work: (renewLease: () => Promise<void>) => Promise<T>): Promise<T>;
