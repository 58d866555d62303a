/** Which snapshots are kept: the policy in the config, for all sources or for one. */
import {z} from 'zod';
import {duration} from './values.ts';

const MOST = 100_000;
const count = z.int().min(1).max(MOST).optional();

export const retentionSchema = z
  .strictObject({
    last: count.describe('The newest so many snapshots.'),
    hourly: count.describe('The newest of each of the last so many hours that have one, in UTC.'),
    daily: count.describe('The same by days.'),
    weekly: count.describe('The same by weeks, from Monday.'),
    monthly: count.describe('The same by months.'),
    yearly: count.describe('The same by years.'),
    within: duration
      .optional()
      .describe('All that are at most so much older than the newest one, such as 14d.'),
    fulls: count.describe('The newest so many full snapshots.'),
  })
  .check(({value, issues}) => {
    if (issues.length > 0 || Object.values(value).some((rule) => rule !== undefined && rule !== 'never'))
      return;
    issues.push({
      code: 'custom',
      path: [],
      message: 'keeps nothing; name at least one of `last`, `daily`, `within` and their like',
      input: value,
    });
  })
  .describe('Which snapshots `prune` keeps. Those that no rule keeps are removed; the newest never is.');

export type RetentionInput = z.infer<typeof retentionSchema>;

/** The keys of a policy, for suggestions. */
export function retentionKeys(): string[] {
  return Object.keys(retentionSchema.shape);
}
