/** Facts about a database that a restored copy must share. */
import type { WitnessConfig } from '../../config/sources.ts';
import { type PostgresSession } from './session.ts';
/** One table: schema, name, rows, checksum of the rows in any order; null where it was not read. */
export type TableWitness = readonly [
    schema: string,
    name: string,
    rows: number | null,
    checksum: string | null
];
export interface DatabaseWitness {
    readonly name: string;
    /** The file of the dump. */
    readonly file: string;
    readonly encoding: string;
    readonly collate: string;
    readonly ctype: string;
    readonly provider: string;
    readonly icuLocale: string | null;
    readonly extensions: Readonly<Record<string, string>>;
    /** By kind of object, a hash of their definitions; null if only a part was dumped. */
    readonly schema: Readonly<Record<string, string>> | null;
    readonly tables: readonly TableWitness[];
    /** What each sequence had given before the dump began; the dump may hold more. */
    readonly sequences: readonly (readonly [schema: string, name: string, last: string | null])[];
    /** How many, and a checksum; null if they are no part of the dump or cannot be read. */
    readonly largeObjects: readonly [count: number, checksum: string] | null;
    readonly rows: WitnessConfig['rows'];
}
/** Facts about the database itself, cheap to read. */
export type DatabaseFacts = Omit<DatabaseWitness, 'file' | 'tables' | 'largeObjects' | 'schema' | 'rows'>;
export declare function readFacts(session: PostgresSession): Promise<DatabaseFacts>;
/** A hash of the definitions of each kind of object, in terms that a restored copy has in common. */
export declare function readSchema(session: PostgresSession): Promise<Record<string, string>>;
/**
 * Reads the rows of the tables until the time is up.
 * @param now milliseconds
 */
export declare function readTables(session: PostgresSession, tables: readonly {
    schema: string;
    name: string;
}[], { rows, timeoutMs }: WitnessConfig, now: () => number): Promise<TableWitness[]>;
export declare function readLargeObjects(session: PostgresSession, rows: WitnessConfig['rows'], timeoutMs: number): Promise<[number, string] | undefined>;
/** Reads of a copy what is known of the dump. */
export declare function observeCopy(session: PostgresSession, expected: DatabaseWitness, timeoutMs: number, now: () => number): Promise<DatabaseWitness>;
/** What differs in a copy from what was seen at the dump; each as one sentence. */
export declare function compareWitness(expected: DatabaseWitness, actual: DatabaseWitness): string[];
