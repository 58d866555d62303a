/** Sources with their defaults, by kind. */
import { Secret } from '../system/secret.ts';
import type { SourceInput } from './source-schema.ts';
import { type Environment } from './substitute.ts';
/** A command to run: either words, which reach the program as they are, or a script for /bin/sh. */
export type HookCommand = {
    readonly words: readonly [string, ...string[]];
    readonly shell?: undefined;
} | {
    readonly shell: string;
    readonly words?: undefined;
};
/** What all sources have. */
interface SharedConfig {
    readonly name: string;
    readonly before: HookCommand | undefined;
    readonly after: HookCommand | undefined;
    /** A new generation starts when the last one is older; `Infinity` for `never`. */
    readonly fullAfterMs: number;
    readonly tags: readonly string[];
    readonly allowEmpty: boolean;
}
/** A folder to back up. */
export interface FolderSourceConfig extends SharedConfig {
    readonly kind: 'folder';
    /** Absolute. */
    readonly folder: string;
    /** Patterns in the syntax of .gitignore. */
    readonly exclude: readonly string[];
    /** Leave out folders that hold a CACHEDIR.TAG. */
    readonly excludeCaches: boolean;
    readonly oneFileSystem: boolean;
}
/** What all sources have that are streams. */
interface StreamConfig extends SharedConfig {
    /** How long a dump may take; undefined if it may as long as something comes. */
    readonly timeoutMs: number | undefined;
}
/** A program whose standard output is backed up. */
export interface CommandSourceConfig extends StreamConfig {
    readonly kind: 'command';
    readonly command: HookCommand;
    /** The name of the file in the snapshot. */
    readonly file: string;
    /** What the output must end with, but for white space. */
    readonly end: string | undefined;
}
/** Standard input; no config names it, `backup --stdin` does. */
export interface StdinSourceConfig extends StreamConfig {
    readonly kind: 'stdin';
    /** The name of the file in the snapshot. */
    readonly file: string;
}
/** Which facts are kept of a database, to compare a restored copy with. */
export interface WitnessConfig {
    readonly rows: 'all' | 'sampled' | 'counts' | 'none';
    /** How long reading them may take. */
    readonly timeoutMs: number;
}
/** Where a PostgreSQL server is. What is undefined is left to libpq: `PGHOST`, `~/.pgpass`, … */
export interface PostgresConnection {
    readonly host: string | undefined;
    readonly port: number | undefined;
    readonly user: string | undefined;
    readonly password: Secret | undefined;
    readonly sslmode: string | undefined;
    readonly sslrootcert: string | undefined;
    /** The folder of psql, pg_dump and their kin. */
    readonly programs: string | undefined;
}
export interface PostgresSourceConfig extends StreamConfig {
    readonly kind: 'postgres';
    readonly connection: PostgresConnection;
    readonly databases: 'all' | readonly string[];
    readonly format: 'custom' | 'plain';
    /** Patterns of pg_dump. */
    readonly only: {
        readonly schemas: readonly string[];
        readonly excludeSchemas: readonly string[];
        readonly tables: readonly string[];
        readonly excludeTables: readonly string[];
        readonly excludeData: readonly string[];
    };
    readonly globals: boolean;
    readonly witness: WitnessConfig;
}
/** Sources whose content comes as streams. */
export type DumpSourceConfig = CommandSourceConfig | StdinSourceConfig | PostgresSourceConfig;
export type SourceConfig = FolderSourceConfig | DumpSourceConfig;
interface Surroundings {
    /** How old a generation may be where a source does not say. */
    readonly full: string;
    absolute(path: string): string;
    readonly env: Environment;
}
export declare function toSource(name: string, input: SourceInput, around: Surroundings): SourceConfig;
/** @param fullAfterMs `Infinity` for `never` */
export declare function stdinSource(name: string, file: string, fullAfterMs: number): StdinSourceConfig;
/** @returns milliseconds */
export declare function toLimit(duration: string): number;
export {};
