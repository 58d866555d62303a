/** Dumps PostgreSQL databases with pg_dump, and reads their witness in the very snapshot of the dump. */
import type { PostgresSourceConfig } from '../../config/sources.ts';
import type { Dump, DumpContext } from '../stream/dump.ts';
import { type DatabaseWitness } from './witness.ts';
/** What is stored of a dump beside its files. */
export interface PostgresWitness {
    readonly kind: 'postgres';
    /** As the server says it. */
    readonly version: string;
    readonly versionNumber: number;
    /** The number that a cluster gets when it is made; null if it cannot be read. */
    readonly cluster: string | null;
    readonly client: number;
    readonly databases: readonly DatabaseWitness[];
    /** Whether roles and table spaces are in `globals.sql`. */
    readonly globals: boolean;
}
export declare const GLOBALS_FILE = "globals.sql";
export declare function dumpPostgres(source: PostgresSourceConfig, context: DumpContext): Dump;
