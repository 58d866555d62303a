import type { Repository } from './repository.ts';
export interface LeaseHolder {
    readonly agent: string;
    readonly host: string;
    readonly pid: number;
    readonly started: string;
}
/** A held lease. A store that cannot rewrite or delete makes it weaker, never an error. */
export declare class Lease {
    #private;
    private constructor();
    /**
     * Takes the lease of a source.
     * @param isMine whether a holder is this machine's, and no longer runs
     * @throws {@link LockedError} if somebody else holds it
     */
    static take(repository: Repository, source: string, me: LeaseHolder, nowMs: number, isMine: (holder: LeaseHolder) => boolean, onNote: (note: string) => void): Promise<Lease>;
    renew(nowMs: number): Promise<void>;
    release(): Promise<void>;
}
