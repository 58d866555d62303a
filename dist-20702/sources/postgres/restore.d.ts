/** Restores a dumped database into a server, and compares the copy with the witness. */
import type { PostgresConnection } from '../../config/sources.ts';
import type { PostgresWitness } from './dump.ts';
import { type DatabaseWitness } from './witness.ts';
export interface PostgresRestore {
    readonly connection: PostgresConnection;
    /** The name of the database to make. */
    readonly name: string;
    readonly dump: {
        readonly witness: PostgresWitness;
        readonly database: DatabaseWitness;
    };
    readonly content: AsyncIterable<Uint8Array>;
    /** The roles of the dump; undefined to make none. */
    readonly globals: string | undefined;
    /** Put it in the place of a database that has content; that one is kept under another name. */
    readonly overwrite: boolean;
    /** The same for the very database that was dumped. */
    readonly inPlace: boolean;
    readonly now: () => Date;
    readonly signal?: AbortSignal | undefined;
}
export interface PostgresRestored {
    readonly tables: number;
    /** What could not be brought back as it was. */
    readonly warnings: readonly string[];
    /** Where the copy differs from the dump's witness. */
    readonly problems: readonly string[];
}
/** @throws {@link RestoreError} if it cannot be restored there; a database that was there is then as it was */
export declare function restorePostgres(options: PostgresRestore): Promise<PostgresRestored>;
/** Compares a database with the witness of a dump. @returns what differs, each as a sentence */
export declare function checkPostgres(connection: PostgresConnection, name: string, expected: DatabaseWitness, { now, signal }: {
    now: () => Date;
    signal?: AbortSignal | undefined;
}): Promise<string[]>;
