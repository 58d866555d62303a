/** What is known of a source once its configuration is read: no defaults are open, nothing is to be substituted. */
import type {Secret} from '../system/secret.ts';
import type {Retention} from './retention.ts';

/** A command to run: either words, which reach the program as they are, or a script for /bin/sh. */
export type HookCommand =
  | {readonly words: readonly [string, ...string[]]; readonly shell?: undefined}
  | {readonly shell: string; readonly words?: undefined};

/** What all sources have. */
export interface SharedConfig {
  readonly name: string;
  readonly before: HookCommand | undefined;
  readonly after: HookCommand | undefined;
  /** A new generation starts when the last one is older; `Infinity` for `never`. */
  readonly fullAfterMs: number;
  /** When it is backed up, as in crontab, or `never`; undefined: with the others. */
  readonly schedule?: string | undefined;
  /** The time zone of that; undefined: as for the others. */
  readonly timeZone?: string | undefined;
  readonly tags: readonly string[];
  readonly allowEmpty: boolean;
  /** Names of the repositories that it goes to; its backups are made in the first, and copied to the others. All by default. */
  readonly repositories?: readonly string[] | undefined;
  /** Which of its snapshots are kept, instead of what the config says for all. */
  readonly retention?: Retention | undefined;
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
export interface StreamConfig extends SharedConfig {
  /** How long a dump may take; undefined if it may as long as something comes. */
  readonly timeoutMs: number | undefined;
  /** How much of the last version is kept on this machine, encrypted, so that less is stored; none by default. */
  readonly cacheBytes?: number | undefined;
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
  /** Variables of the environment that its programs must not inherit: secrets of the config come from them. */
  readonly hidden?: readonly string[];
}

export interface PostgresSourceConfig extends StreamConfig {
  readonly kind: 'postgres';
  readonly connection: PostgresConnection;
  readonly databases: 'all' | readonly string[];
  readonly format: 'custom' | 'plain' | 'directory';
  /** With that format alone: how many processes of pg_dump work at once, and the memory file system that takes its files meanwhile. */
  readonly directory: {readonly jobs: number; readonly scratch: string} | undefined;
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

/** Where a MariaDB or MySQL server is. What is undefined is left to the client's own configuration. */
export interface MysqlConnection {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly socket: string | undefined;
  readonly user: string | undefined;
  readonly password: Secret | undefined;
  readonly tls: boolean;
  /** The folder of mariadb, mariadb-dump and their kin. */
  readonly programs: string | undefined;
  /** Variables of the environment that its programs must not inherit: secrets of the config come from them. */
  readonly hidden?: readonly string[];
}

export interface MysqlSourceConfig extends StreamConfig {
  readonly kind: 'mysql';
  readonly connection: MysqlConnection;
  readonly databases: 'all' | readonly string[];
  /** As `database.table`. */
  readonly excludeTables: readonly string[];
  readonly users: boolean;
  readonly witness: WitnessConfig;
}

/** A SQLite database. */
export interface SqliteSourceConfig extends StreamConfig {
  readonly kind: 'sqlite';
  /** Absolute. */
  readonly file: string;
  /** Absolute path of a folder for the copy; undefined to copy in memory. */
  readonly copyIn: string | undefined;
  readonly witness: WitnessConfig;
}

export interface RedisSourceConfig extends StreamConfig {
  readonly kind: 'redis';
  /** Variables of the environment that its programs must not inherit: secrets of the config come from them. */
  readonly hidden?: readonly string[];
  /** Without password. */
  readonly url: string;
  readonly password: Secret | undefined;
  readonly witness: WitnessConfig;
}

/** Where a MongoDB server or replica set is. */
export interface MongodbConnection {
  /** As in MongoDB's own tools, without password. */
  readonly uri: string;
  readonly password: Secret | undefined;
  /** The folder of mongodump and mongorestore. */
  readonly programs: string | undefined;
  /** Variables of the environment that its programs must not inherit: secrets of the config come from them. */
  readonly hidden?: readonly string[];
}

export interface MongodbSourceConfig extends StreamConfig {
  readonly kind: 'mongodb';
  readonly connection: MongodbConnection;
  /** The only one; undefined for all. */
  readonly database: string | undefined;
  /** Whether the oplog of the time of the dump is dumped, too, so that a restore is of one moment. */
  readonly oplog: boolean;
  readonly witness: WitnessConfig;
}

/** Sources whose content comes as streams. */
export type DumpSourceConfig =
  | CommandSourceConfig
  | StdinSourceConfig
  | PostgresSourceConfig
  | MysqlSourceConfig
  | SqliteSourceConfig
  | RedisSourceConfig
  | MongodbSourceConfig;

export type SourceConfig = FolderSourceConfig | DumpSourceConfig;
