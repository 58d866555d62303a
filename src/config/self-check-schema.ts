/** `selfCheck`: how much of what is stored each backup looks at again. */
import {z} from 'zod';
import {parseDuration, parseSize} from './units.ts';
import {duration, size} from './values.ts';

export const SELF_CHECK_KEYS = ['every', 'most'];

const DEFAULT_EVERY = '30d';
const DEFAULT_MOST = '512MiB';

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

/** How much of what is stored is looked at again. */
export interface SelfCheckLimits {
  /** In this time, everything is read once. */
  readonly everyMs: number;
  /** Read by one run for one source, at most. */
  readonly mostBytes: number;
}

export const DEFAULT_SELF_CHECK: SelfCheckLimits = {
  everyMs: parseDuration(DEFAULT_EVERY),
  mostBytes: parseSize(DEFAULT_MOST),
};

/** @returns undefined for `never` */
export function toSelfCheck(input: z.infer<typeof selfCheckSchema> | undefined): SelfCheckLimits | undefined {
  const {every = DEFAULT_EVERY, most = DEFAULT_MOST} = input === 'never' ? {every: 'never'} : (input ?? {});
  return every === 'never' ? undefined : {everyMs: parseDuration(every), mostBytes: parseSize(most)};
}
