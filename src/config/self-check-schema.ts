/** `selfCheck`: how much of what is stored each backup looks at again. */
import {z} from 'zod';
import {DEFAULT_EVERY, DEFAULT_MOST, type SelfCheckLimits} from './self-check.ts';
import {parseDuration, parseSize} from './units.ts';
import {duration, size} from './values.ts';

export const SELF_CHECK_KEYS = ['every', 'most'];

export const selfCheckSchema = z
  .union(
    [
      z.literal('never'),
      z.strictObject({
        every: duration.optional().describe('In this time, everything is read once, 30d by default.'),
        most: size.optional().describe('What one backup of a source reads at most, 512MiB by default.'),
      }),
    ],
    {error: 'is neither `never` nor { every: 30d, most: 512MiB }'},
  )
  .describe(
    'Each backup reads some of what earlier ones stored, without a key, and stores again what is lost; `never` where reading is dear.',
  );

/** @returns undefined for `never` */
export function toSelfCheck(input: z.infer<typeof selfCheckSchema> | undefined): SelfCheckLimits | undefined {
  const {every = DEFAULT_EVERY, most = DEFAULT_MOST} = input === 'never' ? {every: 'never'} : (input ?? {});
  return every === 'never' ? undefined : {everyMs: parseDuration(every), mostBytes: parseSize(most)};
}
