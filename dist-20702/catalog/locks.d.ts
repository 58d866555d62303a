import type { Database } from 'better-sqlite3';
export interface LockHolder {
    readonly pid: number;
    /** When that process started, as the system tells it: a pid alone may be somebody else's by now. */
    readonly processStarted: string;
    readonly host: string;
    readonly since: string;
}
/** One run per source on this machine. */
export declare class LockTable {
    #private;
    constructor(database: Database);
    /**
     * Takes the lock, or returns who has it.
     * @param isAlive whether a holder still runs; one that does not is replaced
     */
    take(source: string, me: LockHolder, isAlive: (holder: LockHolder) => boolean): LockHolder | undefined;
    release(source: string, me: LockHolder): void;
}
