/** How much of what is stored is looked at again, where the config does not say. */
import {parseDuration, parseSize} from './units.ts';

export interface SelfCheckLimits {
  /** In this time, everything is read once. */
  readonly everyMs: number;
  /** Read by one run for one source, at most. */
  readonly mostBytes: number;
}

export const DEFAULT_EVERY = '30d';
export const DEFAULT_MOST = '512MiB';

export const DEFAULT_SELF_CHECK: SelfCheckLimits = {
  everyMs: parseDuration(DEFAULT_EVERY),
  mostBytes: parseSize(DEFAULT_MOST),
};
