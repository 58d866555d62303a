/** Sources with their defaults, by kind. */
import {Secret} from '../system/secret.ts';
import {type Retention, toRetention} from './retention.ts';
import type {
  CommandOutputInput,
  FolderInput,
  MongodbInput,
  MysqlInput,
  PostgresInput,
  RedisInput,
  SourceInput,
  SqliteInput,
} from './source-schema.ts';
import {type Environment, substitute} from './substitute.ts';
import {parseDuration, parseSize} from './units.ts';
import type {CommandInput} from './values.ts';
import {splitWords} from './words.ts';

/** A command to run: either words, which reach the program as they are, or a script for /bin/sh. */
export type HookCommand =
  | {readonly words: readonly [string, ...string[]]; readonly shell?: undefined}
  | {readonly shell: string; readonly words?: undefined};

/** What all sources have. */
interface SharedConfig {
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
interface StreamConfig extends SharedConfig {
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
  /** Without password. */
  readonly url: string;
  readonly password: Secret | undefined;
  readonly witness: WitnessConfig;
}

export interface MongodbSourceConfig extends StreamConfig {
  readonly kind: 'mongodb';
  /** Without password. */
  readonly uri: string;
  readonly password: Secret | undefined;
  /** The only one; undefined for all. */
  readonly database: string | undefined;
  /** Whether the oplog of the time of the dump is dumped, too, so that a restore is of one moment. */
  readonly oplog: boolean;
  /** The folder of mongodump. */
  readonly programs: string | undefined;
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

interface Surroundings {
  /** How old a generation may be where a source does not say. */
  readonly full: string;
  absolute(path: string): string;
  readonly env: Environment;
}

export function toSource(name: string, input: SourceInput, around: Surroundings): SourceConfig {
  if ('folder' in input) return toFolder(name, input, around);
  if ('sqlite' in input) return toSqlite(name, input, around);
  if ('redis' in input) return toRedis(name, input, around);
  if ('mongodb' in input) return toMongodb(name, input, around);
  if ('mysql' in input) return toMysql(name, input, around);
  if ('postgres' in input) return toPostgres(name, input, around);
  return toCommandOutput(name, input, around);
}

/** @param fullAfterMs `Infinity` for `never` */
export function stdinSource(name: string, file: string, fullAfterMs: number): StdinSourceConfig {
  return {
    kind: 'stdin',
    name,
    file,
    before: undefined,
    after: undefined,
    fullAfterMs,
    tags: [],
    allowEmpty: false,
    timeoutMs: undefined,
  };
}

function toFolder(name: string, input: FolderInput, around: Surroundings): FolderSourceConfig {
  return {
    ...toShared(name, input, around),
    kind: 'folder',
    folder: around.absolute(input.folder),
    exclude: input.exclude ?? [],
    excludeCaches: input.excludeCaches ?? false,
    oneFileSystem: input.oneFileSystem ?? false,
  };
}

function toCommandOutput(name: string, input: CommandOutputInput, around: Surroundings): CommandSourceConfig {
  return {
    ...toShared(name, input, around),
    kind: 'command',
    command: toCommand(input.command, around.env),
    file: input.name ?? name,
    end: input.end,
    ...toStream(input, '0B'),
  };
}

function toPostgres(name: string, input: PostgresInput, around: Surroundings): PostgresSourceConfig {
  const {postgres} = input;
  const absolute = (path: string | undefined) => (path === undefined ? undefined : around.absolute(path));
  return {
    ...toShared(name, input, around),
    kind: 'postgres',
    connection: {
      host: postgres.host,
      port: postgres.port,
      user: postgres.user,
      password: postgres.password === undefined ? undefined : new Secret(postgres.password),
      sslmode: postgres.sslmode,
      sslrootcert: absolute(postgres.sslrootcert),
      programs: absolute(postgres.programs),
    },
    databases: postgres.databases ?? [postgres.database ?? ''],
    format: postgres.format ?? 'custom',
    only: {
      schemas: postgres.schemas ?? [],
      excludeSchemas: postgres.excludeSchemas ?? [],
      tables: postgres.tables ?? [],
      excludeTables: postgres.excludeTables ?? [],
      excludeData: postgres.excludeData ?? [],
    },
    globals: postgres.globals ?? true,
    ...toStream(input),
    witness: toWitness(input.witness),
  };
}

function toMysql(name: string, input: MysqlInput, around: Surroundings): MysqlSourceConfig {
  const {mysql} = input;
  const absolute = (path: string | undefined) => (path === undefined ? undefined : around.absolute(path));
  return {
    ...toShared(name, input, around),
    kind: 'mysql',
    connection: {
      host: mysql.host,
      port: mysql.port,
      socket: absolute(mysql.socket),
      user: mysql.user,
      password: mysql.password === undefined ? undefined : new Secret(mysql.password),
      tls: mysql.tls ?? false,
      programs: absolute(mysql.programs),
    },
    databases: mysql.databases ?? [mysql.database ?? ''],
    excludeTables: mysql.excludeTables ?? [],
    users: mysql.users ?? false,
    ...toStream(input),
    witness: toWitness(input.witness),
  };
}

function toSqlite(name: string, input: SqliteInput, around: Surroundings): SqliteSourceConfig {
  const {file, copyIn} =
    typeof input.sqlite === 'string' ? {file: input.sqlite, copyIn: undefined} : input.sqlite;
  return {
    ...toShared(name, input, around),
    kind: 'sqlite',
    file: around.absolute(file),
    copyIn: copyIn === undefined ? undefined : around.absolute(copyIn),
    timeoutMs: toTimeout(input.timeout),
    witness: toWitness(input.witness),
  };
}

function toRedis(name: string, input: RedisInput, around: Surroundings): RedisSourceConfig {
  const {url, password} = input.redis;
  return {
    ...toShared(name, input, around),
    kind: 'redis',
    url,
    password: password === undefined ? undefined : new Secret(password),
    ...toStream(input),
    witness: toWitness(input.witness),
  };
}

function toMongodb(name: string, input: MongodbInput, around: Surroundings): MongodbSourceConfig {
  const {uri, password, database, oplog, programs} = input.mongodb;
  const isReplicaSet = new URL(uri).searchParams.has('replicaSet');
  return {
    ...toShared(name, input, around),
    kind: 'mongodb',
    uri,
    password: password === undefined ? undefined : new Secret(password),
    database,
    oplog: oplog ?? (isReplicaSet && database === undefined),
    programs: programs === undefined ? undefined : around.absolute(programs),
    ...toStream(input),
    witness: toWitness(input.witness),
  };
}

function toWitness(input: PostgresInput['witness']): WitnessConfig {
  return {rows: input?.rows ?? 'all', timeoutMs: toLimit(input?.timeout ?? '1h')};
}

function toShared(
  name: string,
  {before, after, full, schedule, timezone, tags, allowEmpty, repository, retention}: SourceInput,
  around: Surroundings,
): SharedConfig {
  return {
    name,
    before: before === undefined ? undefined : toCommand(before, around.env),
    after: after === undefined ? undefined : toCommand(after, around.env),
    fullAfterMs: toLimit(full ?? around.full),
    schedule,
    timeZone: timezone,
    tags: tags ?? [],
    allowEmpty: allowEmpty ?? false,
    repositories: typeof repository === 'string' ? [repository] : repository,
    retention: retention && toRetention(retention),
  };
}

/** @returns milliseconds */
export function toLimit(duration: string): number {
  return duration === 'never' ? Number.POSITIVE_INFINITY : parseDuration(duration);
}

function toStream(
  {timeout, cache}: {timeout?: string | undefined; cache?: string | undefined},
  defaultCache = '2GB',
): Pick<StreamConfig, 'timeoutMs' | 'cacheBytes'> {
  return {timeoutMs: toTimeout(timeout), cacheBytes: parseSize(cache ?? defaultCache)};
}

function toTimeout(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : toLimit(duration);
}

export function toCommand(input: CommandInput, env: Environment): HookCommand {
  if (typeof input === 'string') {
    const [first, ...rest] = splitWords(input);
    return {words: [substitute(first, env), ...rest.map((word) => substitute(word, env))]};
  }
  return Array.isArray(input) ? {words: input} : {shell: input.shell};
}
