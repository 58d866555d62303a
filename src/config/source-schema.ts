/** What a source may say: one kind, with what belongs to it, and what all kinds share. */
import {z} from 'zod';
import {parseMongodbUri} from './mongodb-uri.ts';
import {fileNameProblem, TAG_PATTERN, tagProblem} from './names.ts';
import {retentionKeys, retentionSchema} from './retention-schema.ts';
import {sourceScheduleSchema, timezone} from './schedule-schema.ts';
import {command, duration, full, path, problemCheck, size, text} from './values.ts';

const shared = {
  before: command.optional(),
  after: command.optional(),
  full: full.optional(),
  retention: retentionSchema.optional(),
  schedule: sourceScheduleSchema.optional(),
  timezone: timezone.optional(),
  tags: z
    .array(z.string().check(problemCheck(tagProblem)).meta({pattern: TAG_PATTERN}))
    .optional()
    .describe('Tags for every snapshot of this source.'),
  repository: z
    .union([text, z.array(text).min(1)], {error: 'is no name of a repository, nor a list of such'})
    .optional()
    .describe('Which of `repositories` it goes to, by name, or several; all by default.'),
  allowEmpty: z
    .boolean()
    .optional()
    .describe('Accept a source without content. Otherwise that is an error: a disk may not be mounted.'),
};

const dump = {
  ...shared,
  timeout: duration
    .optional()
    .describe('The dump is ended when it takes longer. Without it, when nothing comes for an hour.'),
};

const cached = {
  ...dump,
  cache: size
    .optional()
    .describe(
      'How much of the last version is kept on this machine, encrypted, so that less is stored: 2GB for databases; 0B for none.',
    ),
};

const folder = z.strictObject({
  folder: path.describe('The folder to back up.'),
  exclude: z.array(text).optional().describe('What to leave out, as patterns in the syntax of .gitignore.'),
  excludeCaches: z.boolean().optional().describe('Leave out folders that hold a CACHEDIR.TAG.'),
  oneFileSystem: z.boolean().optional().describe('Stay on the file system of the folder.'),
  ...shared,
});

const commandOutput = z.strictObject({
  command: command.describe('What it writes to its standard output is backed up.'),
  name: text
    .check(problemCheck(fileNameProblem))
    .optional()
    .describe('The name of the file in the snapshot; by default that of the source.'),
  end: text.optional().describe('What the output must end with, but for white space, to count as whole.'),
  ...cached,
});

const names = z.array(text).min(1);
const host = text.describe('A host name, an address, or the folder of a socket.');
const port = z.int().min(1).max(65_535);
const password = text.describe('Best by reference: ${env:NAME}.');
const programs = path
  .optional()
  .describe("The folder of the database's programs, where they are not found by themselves.");

const witness = z
  .strictObject({
    rows: z
      .enum(['all', 'sampled', 'counts', 'none'], {error: 'is none of `all`, `sampled`, `counts` and `none`'})
      .optional()
      .describe('Which rows the checksums cover: all by default.'),
    timeout: duration.optional().describe('How long it may take to read them; 1h by default.'),
  })
  .describe('Facts that are read in the same state as the dump, to check a restored copy with.');

const whichDatabases = {
  database: text.optional().describe('The database to dump.'),
  databases: z
    .union([z.literal('all'), names])
    .optional()
    .describe('Several databases, or `all`.'),
};

function oneOrSeveral({
  value,
  issues,
}: z.core.ParsePayload<{database?: string | undefined; databases?: 'all' | string[] | undefined}>): void {
  if ((value.database === undefined) !== (value.databases === undefined)) return;
  const message = 'needs `database` or `databases`, and not both';
  issues.push({code: 'custom', message, params: {}, input: value, path: []});
}

const postgres = z.strictObject({
  postgres: z
    .strictObject({
      ...whichDatabases,
      host: host.optional(),
      port: port.optional(),
      user: text.optional(),
      password: password.optional(),
      sslmode: z.enum(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']).optional(),
      sslrootcert: path.optional(),
      format: z
        .enum(['custom', 'plain', 'directory'], {error: 'is none of `custom`, `plain` and `directory`'})
        .optional()
        .describe('That of pg_dump: custom by default; directory for a dump by several processes.'),
      jobs: z
        .int()
        .min(1)
        .max(64)
        .optional()
        .describe('How many tables are dumped at once in the format `directory`: 2 by default.'),
      scratch: path
        .optional()
        .describe(
          'Where the files of that format lie until they are stored, in memory: /dev/shm by default.',
        ),
      schemas: names.optional().describe('Only these, as patterns of pg_dump.'),
      excludeSchemas: names.optional(),
      tables: names.optional().describe('Only these, as patterns of pg_dump.'),
      excludeTables: names.optional(),
      excludeData: names.optional().describe('Tables of which only the definition is dumped.'),
      globals: z
        .boolean()
        .optional()
        .describe('Whether roles and tablespaces are dumped, too: they are by default.'),
      programs,
    })
    .check(oneOrSeveral)
    .check(({value, issues}) => {
      for (const key of ['jobs', 'scratch'] as const) {
        if (value[key] === undefined || value.format === 'directory') continue;
        const message = 'is only for `format: directory`';
        issues.push({code: 'custom', message, params: {}, input: value, path: [key]});
      }
    }),
  witness: witness.optional(),
  ...cached,
});

const mysql = z.strictObject({
  mysql: z
    .strictObject({
      ...whichDatabases,
      host: text.optional(),
      port: port.optional(),
      socket: path.optional(),
      user: text.optional(),
      password: password.optional(),
      tls: z.boolean().optional().describe('Refuse a connection that is not encrypted.'),
      excludeTables: names.optional().describe('Tables that are left out, as database.table.'),
      users: z.boolean().optional().describe('Whether accounts and their rights are dumped, too (MariaDB).'),
      programs,
    })
    .check(oneOrSeveral),
  witness: witness.optional(),
  ...cached,
});

const sqlite = z.strictObject({
  sqlite: z
    .union(
      [
        path,
        z.strictObject({
          file: path,
          copyIn: path
            .optional()
            .describe('A folder for the copy of a database that is too large for memory.'),
        }),
      ],
      {error: 'is no database; write its path, or { file: …, copyIn: … }'},
    )
    .describe('The file of the database.'),
  witness: witness.optional(),
  ...dump,
});

const redis = z.strictObject({
  redis: z.strictObject({
    url: text.check(problemCheck(redisUrlProblem)).describe('redis://127.0.0.1:6379, or rediss:// with TLS.'),
    password: password.optional(),
  }),
  witness: witness.optional(),
  ...cached,
});

const mongodb = z.strictObject({
  mongodb: z
    .strictObject({
      uri: text
        .check(problemCheck(mongodbUriProblem))
        .describe('mongodb://backup@127.0.0.1:27017/?replicaSet=rs0, without the password.'),
      password: password.optional(),
      database: text.optional().describe('The only database to dump; all of them by default.'),
      oplog: z
        .boolean()
        .optional()
        .describe('Dump the oplog, too; by default where the uri names a replica set, and all is dumped.'),
      programs,
    })
    .check(({value, issues}) => {
      if (value.oplog !== true || value.database === undefined) return;
      const message = 'has `oplog` and `database`: the oplog is of all databases';
      issues.push({code: 'custom', message, params: {}, input: value, path: []});
    }),
  witness: witness.optional(),
  ...cached,
});

/** By the key that tells a source's kind. */
const KINDS = {folder, command: commandOutput, postgres, mysql, sqlite, redis, mongodb} as const;

export const sourceSchema = z.union([
  KINDS.folder,
  KINDS.command,
  KINDS.postgres,
  KINDS.mysql,
  KINDS.sqlite,
  KINDS.redis,
  KINDS.mongodb,
]);

export type FolderInput = z.infer<typeof folder>;
export type CommandOutputInput = z.infer<typeof commandOutput>;
export type MysqlInput = z.infer<typeof mysql>;
export type SqliteInput = z.infer<typeof sqlite>;
export type RedisInput = z.infer<typeof redis>;
export type MongodbInput = z.infer<typeof mongodb>;
export type PostgresInput = z.infer<typeof postgres>;
export type SourceInput = z.infer<typeof sourceSchema>;

/** The kinds whose keys a source has; one, if it is right. */
export function kindsIn(source: unknown): string[] {
  if (typeof source !== 'object' || source === null) return [];
  return Object.keys(source).filter((key) => Object.hasOwn(KINDS, key));
}

/** The position of a source's kind in the union, for its errors: a folder where nothing tells. */
export function kindIndex(source: unknown): number {
  const [kind] = kindsIn(source);
  return Math.max(0, Object.keys(KINDS).indexOf(kind ?? ''));
}

/** The keys that may stand at a place within a source, for suggestions. */
export function sourceKeys(place: readonly PropertyKey[]): string[] {
  const [key] = place;
  if (key === undefined) {
    return [...new Set(Object.values(KINDS).flatMap(({shape}) => Object.keys(shape)))];
  }
  if (key === 'postgres' && place.length === 1) return Object.keys(postgres.shape.postgres.shape);
  if (key === 'mysql' && place.length === 1) return Object.keys(mysql.shape.mysql.shape);
  if (key === 'sqlite' && place.length === 1) return ['file', 'copyIn'];
  if (key === 'redis' && place.length === 1) return Object.keys(redis.shape.redis.shape);
  if (key === 'mongodb' && place.length === 1) return Object.keys(mongodb.shape.mongodb.shape);
  if (key === 'retention' && place.length === 1) return retentionKeys();
  if (key === 'witness' && place.length === 1) return Object.keys(witness.shape);
  return key === 'before' || key === 'after' || key === 'command' ? ['shell'] : [];
}

function mongodbUriProblem(value: string): string | undefined {
  const uri = parseMongodbUri(value);
  if (uri === undefined) return 'must be an address like mongodb://127.0.0.1:27017';
  if (uri.password !== undefined) return 'must not hold a password; write it as `password`';
  return undefined;
}

function redisUrlProblem(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !/^rediss?:$/.test(url.protocol))
    return 'must be an address like redis://127.0.0.1:6379';
  if (url.password !== '') return 'must not hold a password; write it as `password`';
  return undefined;
}
