/** The schedule with its defaults. */
import type {ScheduleInput} from './schedule-schema.ts';
import {parseDuration} from './units.ts';

/** Times are in the five fields of crontab(5); what is undefined never runs by itself. */
export interface ScheduleConfig {
  /** Undefined: that of this machine. */
  readonly timeZone: string | undefined;
  /** How much later than its time a run may start. */
  readonly jitterMs: number;
  readonly backup: string | undefined;
  readonly prune: string | undefined;
  readonly verify:
    | {
        readonly cron: string;
        readonly level: 'structure' | 'ciphertext';
        /** A share of the packs, such as `10%`. */
        readonly sample: string | undefined;
        readonly storeChecksums: boolean;
      }
    | undefined;
  readonly replicate: {readonly cron: string; readonly to: string} | undefined;
}

type JobsInput = Exclude<ScheduleInput, string>;

const JITTER_MS = 5 * 60_000;

export function toSchedule(input: ScheduleInput | undefined, timeZone: string | undefined): ScheduleConfig {
  const given: JobsInput = typeof input === 'string' ? {backup: input} : (input ?? {});
  const {backup, prune, verify, replicate, jitter} = given;
  return {
    timeZone,
    jitterMs: jitter === undefined ? JITTER_MS : parseDuration(jitter),
    backup,
    prune,
    verify: toVerify(verify),
    replicate,
  };
}

function toVerify(input: JobsInput['verify']): ScheduleConfig['verify'] {
  if (input === undefined) return undefined;
  const given: Exclude<typeof input, string> = typeof input === 'string' ? {cron: input} : input;
  const {cron, level = 'ciphertext', sample, storeChecksums = false} = given;
  return {cron, level, sample, storeChecksums};
}
