import {z} from 'zod';
import {ConfigError, HoldfastError} from '../errors.ts';
import {SOURCE_NAME_PATTERN, sourceNameProblem, TAG_PATTERN, tagProblem} from './names.ts';
import {DURATION_PATTERN, parseDuration, parseRate} from './units.ts';
import {splitWords} from './words.ts';

/** Keys that the config will have, at the place where they will stand. Silently passing over one could cost somebody a backup. */
export const LATER_KEYS: ReadonlySet<string> = new Set([
  'schedule',
  'timezone',
  'retention',
  'notify',
  'drills',
  'limits.repository',
  'sources.*.schedule',
  'sources.*.timezone',
  'sources.*.retention',
]);

const REPOSITORY_ID_PATTERN = '^[0-9a-f]{32}$';

/** Kinds of sources that are yet to come. */
export const LATER_KINDS: readonly string[] = ['postgres', 'mysql', 'sqlite', 'redis', 'mongodb', 'command'];

/** Runs a check that throws, and gives what it says as the message of the issue. */
function checked(check: (text: string) => unknown) {
  return (context: z.core.ParsePayload<string>): void => {
    try {
      check(context.value);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      context.issues.push({
        code: 'custom',
        message: error.message,
        params: {hint: error.hint},
        input: context.value,
      });
    }
  };
}

/** The same for a check that gives the end of a sentence, and after a semicolon what to do. */
function problemCheck(problem: (text: string) => string | undefined) {
  return (context: z.core.ParsePayload<string>): void => {
    const [message, hint] = problem(context.value)?.split('; ') ?? [];
    if (message !== undefined) {
      context.issues.push({code: 'custom', message, params: {hint}, input: context.value});
    }
  };
}

const text = z.string().min(1);

const path = text.check(problemCheck(pathProblem));

const duration = z
  .string()
  .check(
    checked((value) => {
      if (value !== 'never' && parseDuration(value) === 0) {
        throw new ConfigError('must be longer than nothing', {hint: 'Write `never` for no limit.'});
      }
    }),
  )
  .meta({pattern: `^never$|${DURATION_PATTERN}`, examples: ['30d', 'never']});

const rate = z
  .string()
  .check(checked(parseRate))
  .meta({examples: ['20MB/s']});

const command = z
  .union(
    [text, z.tuple([text], z.string()), z.strictObject({shell: text.describe('A script for /bin/sh.')})],
    {error: 'is no command; write text, a list of words, or { shell: "…" }'},
  )
  .check((context) => {
    const {value, issues} = context;
    if (typeof value === 'string') checked(splitWords)({value, issues});
  })
  .describe('A command to run: words without a shell, or { shell: "…" }.');

const full = duration.describe('A new generation starts when the last one is older than this, or `never`.');

const folderSource = z.strictObject({
  folder: path.describe('The folder to back up.'),
  exclude: z.array(text).optional().describe('What to leave out, as patterns in the syntax of .gitignore.'),
  excludeCaches: z.boolean().optional().describe('Leave out folders that hold a CACHEDIR.TAG.'),
  oneFileSystem: z.boolean().optional().describe('Stay on the file system of the folder.'),
  before: command.optional(),
  after: command.optional(),
  full: full.optional(),
  tags: z
    .array(z.string().check(problemCheck(tagProblem)).meta({pattern: TAG_PATTERN}))
    .optional()
    .describe('Tags for every snapshot of this source.'),
  allowEmpty: z
    .boolean()
    .optional()
    .describe('Accept a folder without entries. Otherwise that is an error: a disk may not be mounted.'),
});

/** The file as it is written: no defaults, no substitution. */
export const configSchema = z
  .strictObject({
    repository: text
      .check(problemCheck(repositoryProblem))
      .optional()
      .describe('Where the backups go: s3://bucket/prefix?region=…, file:///srv/backups/app01 or a path.'),
    repositoryId: z
      .string()
      .check(problemCheck(repositoryIdProblem))
      .meta({pattern: REPOSITORY_ID_PATTERN})
      .optional()
      .describe('The id of the repository that must be there. Another one in its place is refused.'),
    recipients: z
      .array(path)
      .min(1)
      .optional()
      .describe('Files with the public keys that can restore. Their private halves stay off this machine.'),
    agent: path.optional().describe("This machine's own key file, made by init."),
    catalog: path.optional().describe('The local catalog, a cache that can be rebuilt.'),
    sources: z
      .record(
        z.string().check(problemCheck(sourceNameProblem)).meta({pattern: SOURCE_NAME_PATTERN}),
        folderSource,
      )
      .nullable()
      .optional()
      .describe('What to back up, by name.'),
    full: full.optional(),
    limits: z
      .strictObject({
        concurrency: z
          .int()
          .min(1)
          .max(64)
          .optional()
          .describe('How many packs are on their way to the storage at once.'),
        upload: rate.optional().describe('Bytes per second to the storage, at most.'),
        download: rate.optional().describe('Bytes per second from the storage, at most.'),
        retryFor: duration
          .optional()
          .describe('How long a request goes on being tried that fails for the time being.'),
      })
      .optional(),
    requireTls: z
      .boolean()
      .optional()
      .describe('Refuse storage that is reached neither encrypted nor on this machine.'),
    lock: z
      .strictObject({
        mode: z
          .enum(['governance', 'compliance'], {error: 'is neither `governance` nor `compliance`'})
          .describe('Whether anybody may lift the lock: nobody with compliance.'),
        for: z
          .string()
          .check(checked(parseDuration))
          .describe('How long nothing can be removed after it was written, or last needed.'),
      })
      .optional()
      .describe('Object Lock, of stores on s3:// that have it.'),
    caFile: path
      .optional()
      .describe('A file with certificates (PEM) of authorities to trust, beside those that Node knows.'),
    trust: z
      .strictObject({
        agents: z
          .array(z.string().check(problemCheck(fingerprintProblem)).meta({pattern: '^[0-9A-Fa-f ]{40,}$'}))
          .min(1)
          .optional()
          .describe('Fingerprints of the agents whose snapshots are believed.'),
      })
      .optional(),
  })
  .meta({title: 'holdfast.yaml'});

export type ConfigInput = z.infer<typeof configSchema>;
export type FolderInput = z.infer<typeof folderSource>;
export type CommandInput = z.infer<typeof command>;

/** The JSON Schema of the config, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, {io: 'input'});
}

/** The keys that may stand at a place of the config, for suggestions. */
export function knownKeys(place: readonly PropertyKey[]): string[] {
  const [first, , third] = place;
  if (place.length === 0) return Object.keys(configSchema.shape);
  if (first === 'limits' && place.length === 1) return ['concurrency', 'upload', 'download', 'retryFor'];
  if (first === 'lock' && place.length === 1) return ['mode', 'for'];
  if (first === 'trust' && place.length === 1) return ['agents'];
  if (first === 'sources' && place.length === 2) return [...Object.keys(folderSource.shape), ...LATER_KINDS];
  if (first === 'sources' && (third === 'before' || third === 'after')) return ['shell'];
  return [];
}

/** What is wrong with a path, as the end of a sentence. */
function pathProblem(value: string): string | undefined {
  if (value.includes('\0')) return 'must not contain a NUL byte';
  if (/^~(?:\/|$)/.test(value)) return 'uses `~`, which is not expanded here; write the whole path';
  return undefined;
}

/** What is wrong with the address of a repository, as the end of a sentence. */
export function repositoryProblem(value: string): string | undefined {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(value)?.[1];
  if (scheme === 's3') {
    if (/^s3:\/\/[^/?]*@/.test(value))
      return 'must not hold credentials; set AWS_ACCESS_KEY_ID, or AWS_PROFILE';
    return value.startsWith('s3://') ? undefined : 'needs two slashes; write it like s3://bucket/prefix';
  }
  if (scheme === 'swift') return `is on ${scheme}, which is not supported by this version yet`;
  if (scheme === 'file') {
    return /^file:\/\/\//.test(value)
      ? pathProblem(value)
      : 'needs three slashes; write it like file:///srv/backups/app01';
  }
  if (scheme !== undefined || /^[^/]*@[^/]*:/.test(value)) {
    return 'is no place that Holdfast knows; write a path, or file:///srv/backups/app01';
  }
  return pathProblem(value);
}

function repositoryIdProblem(value: string): string | undefined {
  if (new RegExp(REPOSITORY_ID_PATTERN).test(value)) return undefined;
  return 'must be the id of a repository: 32 hexadecimal digits; quote it, and copy it from holdfast.json or from what init printed';
}

function fingerprintProblem(value: string): string | undefined {
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(value.replaceAll(' ', ''))) return undefined;
  return 'must be a fingerprint: 40 or 64 hexadecimal digits';
}
