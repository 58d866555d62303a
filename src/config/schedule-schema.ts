/** When what runs by itself, as it stands in the config. */
import {z} from 'zod';
import {parseCron, parseTimeZone} from './cron.ts';
import {parseDuration} from './units.ts';
import {checked, text} from './values.ts';

/** Five fields of crontab(5). */
export const cron = z
  .string()
  .check(checked(parseCron))
  .meta({examples: ['30 2 * * *']});

export const timezone = z
  .string()
  .check(checked(parseTimeZone))
  .describe('The time zone of schedules, such as Europe/Athens; by default that of this machine.');

const verify = z.strictObject({
  cron,
  level: z.enum(['structure', 'ciphertext'], {error: 'is neither `structure` nor `ciphertext`'}).optional(),
  sample: text.optional().describe('Read only this share of the packs, such as 10%.'),
  storeChecksums: z.boolean().optional().describe('Believe the SHA-256 that the storage keeps.'),
});
const replicate = z.strictObject({
  cron,
  to: text.describe('Where the copy is: a name of `repositories`, or an address.'),
});

const jobs = z.strictObject({
  backup: cron.optional().describe('Of all sources that have no schedule of their own.'),
  prune: cron.optional().describe('By `retention`; only where the storage lets this machine delete.'),
  verify: z.union([cron, verify]).optional(),
  replicate: replicate.optional(),
  jitter: z
    .string()
    .check(checked(parseDuration))
    .optional()
    .describe('How much later a run may start, so that not all machines come at once; 5m by default.'),
});

export const scheduleSchema = z
  .union([cron, jobs], {error: 'is no schedule; write "30 2 * * *", or { backup: "30 2 * * *", … }'})
  .describe(
    'When backups run, as in crontab; or a mapping of backup, prune, verify and replicate to such times.',
  );

/** When one source is backed up. */
export const sourceScheduleSchema = z
  .string()
  .check(checked((value) => value === 'never' || parseCron(value)))
  .meta({examples: ['0 * * * *', 'never']})
  .describe('When this source is backed up, instead of with the others; or `never`.');

export type ScheduleInput = z.infer<typeof scheduleSchema>;

/** The keys that may stand at a place within `schedule`, for suggestions. */
export function scheduleKeys([key]: readonly PropertyKey[]): string[] {
  if (key === undefined) return Object.keys(jobs.shape);
  if (key === 'verify') return Object.keys(verify.shape);
  return key === 'replicate' ? Object.keys(replicate.shape) : [];
}
