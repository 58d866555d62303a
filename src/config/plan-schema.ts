/** What `plan` reckons with: prices, speeds, objectives; as it stands in the config. */
import {z} from 'zod';
import {parseDuration, parseRate} from './units.ts';
import {duration, rate, text} from './values.ts';

const price = z.number().min(0);

export const planSchema = z
  .strictObject({
    prices: z
      .strictObject({
        currency: text.optional().describe('Such as EUR.'),
        storage: price.describe('Of 1 GB for a month.'),
        upload: price.optional().describe('Of 1 GB to the storage.'),
        download: price.optional().describe('Of 1 GB from the storage; a restore takes it.'),
        requests: price.optional().describe('Of 1000 objects that are written.'),
      })
      .optional(),
    upload: rate
      .optional()
      .describe('How fast this machine reaches the storage, where no backup has shown it.'),
    download: rate.optional().describe('How fast a machine that restores reaches it.'),
    objectives: z
      .strictObject({
        rto: duration.optional().describe('How long a restore may take.'),
        rpo: duration.optional().describe('How old the newest snapshot may be.'),
      })
      .optional(),
  })
  .describe('What "holdfast plan" reckons with.');

type PlanInput = z.infer<typeof planSchema>;

/** In the currency, per GB of 10^9 bytes. */
export interface Prices {
  readonly currency: string;
  /** A month. */
  readonly storage: number;
  readonly upload: number;
  readonly download: number;
  /** Of 1000 objects written. */
  readonly requests: number;
}

export interface PlanConfig {
  readonly prices: Prices | undefined;
  readonly uploadBytesPerSecond: number | undefined;
  readonly downloadBytesPerSecond: number | undefined;
  readonly rtoMs: number | undefined;
  readonly rpoMs: number | undefined;
}

export function toPlan(input: PlanInput | undefined): PlanConfig {
  const limit = (value: string | undefined) =>
    value === undefined || value === 'never' ? undefined : parseDuration(value);
  const speed = (value: string | undefined) => (value === undefined ? undefined : parseRate(value));
  const prices = input?.prices;
  return {
    prices: prices && {
      currency: prices.currency ?? '',
      storage: prices.storage,
      upload: prices.upload ?? 0,
      download: prices.download ?? 0,
      requests: prices.requests ?? 0,
    },
    uploadBytesPerSecond: speed(input?.upload),
    downloadBytesPerSecond: speed(input?.download),
    rtoMs: limit(input?.objectives?.rto),
    rpoMs: limit(input?.objectives?.rpo),
  };
}

/** The keys that may stand at a place within `plan`, for suggestions. */
export function planKeys([key]: readonly PropertyKey[]): string[] {
  if (key === undefined) return Object.keys(planSchema.shape);
  if (key === 'prices') return ['currency', 'storage', 'upload', 'download', 'requests'];
  return key === 'objectives' ? ['rto', 'rpo'] : [];
}
