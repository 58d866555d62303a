/** Restores a dump into a database server, and compares the copy with the snapshot's witness. */
import type { PostgresConnection } from '../config/sources.ts';
import type { SourceHistory } from '../repository/history.ts';
import type { CheckedSeal } from '../repository/seal.ts';
import { type PostgresRestored } from '../sources/postgres/restore.ts';
import type { RestoreContext } from './restore.ts';
/** Where a dump is restored to. */
export interface DatabaseTarget {
    readonly connection: PostgresConnection;
    /** The name of the database to make; undefined for the name it had. */
    readonly database: string | undefined;
}
export interface RestoreDatabaseOptions {
    /** Which database of the dump; needed where it has several, and none is called like the target. */
    readonly from?: string | undefined;
    readonly overwrite?: boolean;
    readonly inPlace?: boolean;
    /** Make the roles that the server lacks. */
    readonly roles?: boolean;
    readonly now: () => Date;
}
export interface RestoreDatabaseResult extends PostgresRestored {
    readonly snapshot: string;
    readonly source: string;
    readonly database: string;
    readonly bytes: number;
}
/** @throws {@link RestoreError} if it cannot be restored there; {@link NotFoundError} if there is no such database in the snapshot */
export declare function restoreToDatabase({ repository, agents, key, signal, onProgress }: RestoreContext, history: SourceHistory, seal: CheckedSeal, target: DatabaseTarget, options: RestoreDatabaseOptions): Promise<RestoreDatabaseResult>;
