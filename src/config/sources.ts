/** Sources with their defaults, by kind. */
import {Secret} from '../system/secret.ts';
import {parseMongodbUri} from './mongodb-uri.ts';
import {toRetention} from './retention.ts';
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
import type {
  CommandSourceConfig,
  FolderSourceConfig,
  HookCommand,
  MongodbSourceConfig,
  MysqlSourceConfig,
  PostgresSourceConfig,
  RedisSourceConfig,
  SharedConfig,
  SourceConfig,
  SqliteSourceConfig,
  StdinSourceConfig,
  StreamConfig,
  WitnessConfig,
} from './source-types.ts';
import {type Environment, substitute} from './substitute.ts';
import {parseDuration, parseSize} from './units.ts';
import type {CommandInput} from './values.ts';
import {splitWords} from './words.ts';

/** Of a dump in the format of pg_dump that can have several. */
const DEFAULT_JOBS = 2;
/** The tmpfs that every Linux has. */
export const MEMORY_FOLDER = '/dev/shm';

interface Surroundings {
  /** How old a generation may be where a source does not say. */
  readonly full: string;
  absolute(path: string): string;
  readonly env: Environment;
  /** Variables that no program of a database inherits. */
  readonly hidden: readonly string[];
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
      hidden: around.hidden,
    },
    databases: postgres.databases ?? [postgres.database ?? ''],
    format: postgres.format ?? 'custom',
    directory:
      postgres.format === 'directory'
        ? {jobs: postgres.jobs ?? DEFAULT_JOBS, scratch: absolute(postgres.scratch) ?? MEMORY_FOLDER}
        : undefined,
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
      hidden: around.hidden,
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
    hidden: around.hidden,
    url,
    password: password === undefined ? undefined : new Secret(password),
    ...toStream(input),
    witness: toWitness(input.witness),
  };
}

function toMongodb(name: string, input: MongodbInput, around: Surroundings): MongodbSourceConfig {
  const {uri, password, database, oplog, programs} = input.mongodb;
  const isReplicaSet = parseMongodbUri(uri)?.options.has('replicaSet') === true;
  return {
    ...toShared(name, input, around),
    kind: 'mongodb',
    connection: {
      uri,
      password: password === undefined ? undefined : new Secret(password),
      programs: programs === undefined ? undefined : around.absolute(programs),
      hidden: around.hidden,
    },
    database,
    oplog: oplog ?? (isReplicaSet && database === undefined),
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
