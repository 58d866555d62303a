/** Retention on the command line, for machines without a config: then it stands in the place of the config's. */
import {Flags} from '@oclif/core';
import {RETENTION_COUNTS, type Retention} from '../config/retention.ts';
import {UsageError} from '../errors.ts';
import {durationFlag} from './flags.ts';

const keep = (what: string) =>
  Flags.integer({min: 1, helpValue: 'N', description: what, helpGroup: 'RETENTION'});

export const retentionFlags = {
  'keep-last': keep('the newest N snapshots of each source'),
  'keep-hourly': keep('the newest of each of the last N hours that have one, in UTC'),
  'keep-daily': keep('the same by days'),
  'keep-weekly': keep('the same by weeks'),
  'keep-monthly': keep('the same by months'),
  'keep-yearly': keep('the same by years'),
  'keep-within': durationFlag({
    description: 'all that are at most so much older than the newest one',
    helpGroup: 'RETENTION',
  }),
  'keep-fulls': keep('the newest N full snapshots'),
};

/** @returns undefined if no such option is given */
export function retentionOfFlags(flags: Readonly<Record<string, unknown>>): Retention | undefined {
  const counts = RETENTION_COUNTS.flatMap((rule) => {
    const value = flags[`keep-${rule}`];
    return typeof value === 'number' ? [[rule, value]] : [];
  });
  const within = flags['keep-within'];
  if (within === 0)
    throw new UsageError('--keep-within must be longer than nothing.', {hint: 'Write it like 14d.'});
  if (counts.length === 0 && within === undefined) return undefined;
  return {...Object.fromEntries(counts), ...(typeof within === 'number' && {withinMs: within})};
}
