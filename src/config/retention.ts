/** Which snapshots are kept, as `prune` gets it. No schema is loaded for this. */
import type {RetentionInput} from './retention-schema.ts';
import {parseDuration} from './units.ts';

/** How many snapshots of each kind are kept; a snapshot stays if one of the rules keeps it. At least one rule is there. */
export interface Retention {
  /** The newest so many. */
  readonly last?: number | undefined;
  /** The newest of each of the last so many hours (days, ISO weeks, months, years; in UTC) that have one. */
  readonly hourly?: number | undefined;
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
  readonly yearly?: number | undefined;
  /** All that are at most so much older than the newest. */
  readonly withinMs?: number | undefined;
  /** The newest so many full ones. */
  readonly fulls?: number | undefined;
}

export const RETENTION_COUNTS = [
  'last',
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'yearly',
  'fulls',
] as const satisfies readonly (keyof Retention)[];

export function toRetention({within, ...counts}: RetentionInput): Retention {
  return {
    ...counts,
    ...(within !== undefined && within !== 'never' && {withinMs: parseDuration(within)}),
  };
}
