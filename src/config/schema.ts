import {z} from 'zod';
import {ConfigError} from '../errors.ts';
import {drillKeys, drillSchema} from './drill-schema.ts';
import {
  REPOSITORY_NAME_PATTERN,
  repositoryNameProblem,
  SOURCE_NAME_PATTERN,
  sourceNameProblem,
} from './names.ts';
import {notifyKeys, notifySchema} from './notify-schema.ts';
import {planKeys, planSchema} from './plan-schema.ts';
import {retentionKeys, retentionSchema} from './retention-schema.ts';
import {scheduleKeys, scheduleSchema, timezone} from './schedule-schema.ts';
import {SELF_CHECK_KEYS, selfCheckSchema} from './self-check-schema.ts';
import {sourceKeys, sourceSchema} from './source-schema.ts';
import {parseDuration, parseSize} from './units.ts';
import {checked, duration, full, path, pathProblem, problemCheck, rate, size, text} from './values.ts';

const REPOSITORY_ID_PATTERN = '^[0-9a-f]{32}$';

/** The file as it is written: no defaults, no substitution. */
export const configSchema = z
  .strictObject({
    repository: text
      .check(problemCheck(repositoryProblem))
      .optional()
      .describe(
        'Where the backups go: s3://bucket/prefix?region=…, swift://container/prefix, file:///srv/backups/app01 or a path.',
      ),
    repositories: z
      .record(
        z.string().check(problemCheck(repositoryNameProblem)).meta({pattern: REPOSITORY_NAME_PATTERN}),
        text.check(problemCheck(repositoryProblem)),
      )
      .optional()
      .describe(
        'Several places for the same backups, by name, instead of `repository`: made in the first, copied to the others.',
      ),
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
        sourceSchema,
      )
      .nullable()
      .optional()
      .describe('What to back up, by name.'),
    drills: z
      .record(
        z.string().check(problemCheck(drillNameProblem)).meta({pattern: SOURCE_NAME_PATTERN}),
        drillSchema,
      )
      .nullable()
      .optional()
      .describe('Restores that are rehearsed, by name; on a machine that has a private key.'),
    full: full.optional(),
    selfCheck: selfCheckSchema.optional(),
    schedule: scheduleSchema.optional(),
    timezone: timezone.optional(),
    retention: retentionSchema.optional(),
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
        repository: size
          .check(checked(refuseNothing))
          .optional()
          .describe(
            'How much the repository may hold. Warns from 80 %; no new full backup starts that would pass it.',
          ),
      })
      .optional(),
    notify: notifySchema.nullable().optional(),
    plan: planSchema.optional(),
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
        operators: z
          .array(z.string().check(problemCheck(fingerprintProblem)).meta({pattern: '^[0-9A-Fa-f ]{40,}$'}))
          .min(1)
          .optional()
          .describe('Fingerprints of those whose drill reports are believed.'),
      })
      .optional(),
  })
  .check(({value, issues}) => {
    const complain = (path: PropertyKey[], message: string) =>
      issues.push({code: 'custom', path, message, input: value});
    const {repository, repositories = {}, sources} = value;
    const places = repository === undefined ? Object.values(repositories) : [repository];
    if (value.lock !== undefined && places.length > 0 && !places.some((place) => /^s3:/i.test(place)))
      complain(['lock'], 'needs a repository on s3://; other storage cannot lock objects');
    if (repository !== undefined && value.repositories !== undefined)
      complain(['repositories'], 'stands beside `repository`; name each place in one of them');
    if (value.repositories !== undefined && places.length === 0)
      complain(['repositories'], 'must not be empty');
    for (const [name, source] of Object.entries(sources ?? {})) {
      for (const place of [source.repository ?? []].flat()) {
        if (!Object.hasOwn(repositories, place))
          complain(
            ['sources', name, 'repository'],
            `names \`${place}\`, which is not one of \`repositories\``,
          );
      }
    }
  })
  .meta({title: 'holdfast.yaml'});

export type ConfigInput = z.infer<typeof configSchema>;

/** The JSON Schema of the config, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, {io: 'input'});
}

/** The keys that may stand at a place of the config, for suggestions. */
export function knownKeys(place: readonly PropertyKey[]): string[] {
  const [first] = place;
  if (place.length === 0) return Object.keys(configSchema.shape);
  if (first === 'selfCheck' && place.length === 1) return SELF_CHECK_KEYS;
  if (first === 'limits' && place.length === 1)
    return ['concurrency', 'upload', 'download', 'retryFor', 'repository'];
  if (first === 'schedule') return scheduleKeys(place.slice(1));
  if (first === 'notify') return notifyKeys(place.slice(1));
  if (first === 'plan') return planKeys(place.slice(1));
  if (first === 'retention' && place.length === 1) return retentionKeys();
  if (first === 'lock' && place.length === 1) return ['mode', 'for'];
  if (first === 'trust' && place.length === 1) return ['agents', 'operators'];
  if (first === 'sources' && place.length > 1) return sourceKeys(place.slice(2));
  if (first === 'drills' && place.length > 1) return drillKeys(place.slice(2));
  return [];
}

function refuseNothing(value: string): void {
  if (parseSize(value) === 0) throw new ConfigError('must be more than nothing');
}

function drillNameProblem(name: string): string | undefined {
  if (new RegExp(SOURCE_NAME_PATTERN).test(name)) return undefined;
  return 'cannot name a drill; use up to 63 of a-z, 0-9, ".", "_" and "-", starting with a letter or digit';
}

/** What is wrong with the address of a repository, as the end of a sentence. */
export function repositoryProblem(value: string): string | undefined {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(value)?.[1];
  if (scheme === 's3') {
    if (/^s3:\/\/[^/?]*@/.test(value))
      return 'must not hold credentials; set AWS_ACCESS_KEY_ID, or AWS_PROFILE';
    return value.startsWith('s3://') ? undefined : 'needs two slashes; write it like s3://bucket/prefix';
  }
  if (scheme === 'swift') {
    if (/^swift:\/\/[^/?]*@/.test(value))
      return 'must not hold credentials; set OS_* or ST_* variables, or OS_CLOUD';
    return value.startsWith('swift://')
      ? undefined
      : 'needs two slashes; write it like swift://container/prefix';
  }
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
