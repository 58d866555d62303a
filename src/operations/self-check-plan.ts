/** Which stored objects a backup reads again, so that all are read once in the configured time, and no run reads too much. */
import type {CheckState} from '../catalog/self-checks.ts';
import type {SelfCheckLimits} from '../config/self-check.ts';
import type {NeededObject} from './verify-structure.ts';

/** How often it is looked up whether everything is there: less than a day, for a daily backup is never quite on time. */
const LIST_EVERY_MS = 20 * 3_600_000;

export interface SelfCheckOptions extends SelfCheckLimits {
  /** Which share of everything is read now, whatever is due; from 0 to 1. */
  readonly share?: number | undefined;
}

export interface SeenObject {
  readonly object: NeededObject;
  /** When it was last read, or stored; ms since the epoch. */
  readonly at: number;
  readonly problem: string | null;
}

export interface CheckPlan {
  /** Whether to look up that everything is there. */
  readonly list: boolean;
  readonly read: readonly NeededObject[];
  readonly totalBytes: number;
  readonly listedBefore: number;
  /** What {@link CheckState.since} is once so many bytes were read. */
  sinceAfter(bytes: number): number;
}

/** @param state undefined where nothing is remembered: then what was stored at the time of its seal counts as seen then */
export function planChecks(
  objects: readonly SeenObject[],
  state: CheckState | undefined,
  now: number,
  {everyMs, mostBytes, share}: SelfCheckOptions,
): CheckPlan {
  const totalBytes = objects.reduce((sum, {object}) => sum + object.size, 0);
  const first = objects.reduce((least, {at}) => Math.min(least, at), now);
  // A clock that was set back must not put the checks off, and after a long rest no more than everything is due.
  const since = Math.max(now - everyMs, Math.min(now, state?.since ?? first));
  const listedBefore = Math.min(now, state?.listed ?? first);
  const dueBytes =
    share === undefined ? ((now - since) / everyMs) * totalBytes : Math.round(share * totalBytes);
  const list = share === undefined ? now - listedBefore >= LIST_EVERY_MS : share > 0;
  const known = list ? objects.filter(({problem}) => problem !== null) : [];
  const read: NeededObject[] = known.map(({object}) => object);
  let bytes = 0;
  for (const {object} of oldestFirst(objects.filter(({problem}) => problem === null))) {
    bytes += object.size;
    // An object that is larger than what a run may read has its turn, too.
    const isTooMuch = share === undefined && bytes > mostBytes && bytes > object.size;
    if (bytes > dueBytes || isTooMuch) break;
    read.push(object);
  }
  return {
    list,
    read,
    totalBytes,
    listedBefore,
    sinceAfter: (done) =>
      totalBytes === 0 ? now : Math.min(now, since + Math.round((done / totalBytes) * everyMs)),
  };
}

function oldestFirst(objects: readonly SeenObject[]): SeenObject[] {
  return [...objects].sort((a, b) => a.at - b.at || (a.object.name < b.object.name ? -1 : 1));
}
