import type {DrillEstimate, DrillTimes} from '../../repository/drill-report.ts';
import {resolveNeeds} from '../../repository/history.ts';
import type {Picked} from './pick.ts';

/** What a sample took. */
export interface SampleTaken {
  readonly files: number;
  readonly fetchedBytes: number;
  readonly times: DrillTimes;
  readonly rtoMs: number;
}

/**
 * How long the whole would take, from the times of a sample: fetching and decrypting by the bytes that are stored, writing by the number of
 * files. Whether that holds depends on what it assumes, so that is said with it.
 */
export function estimateWhole(
  {files, fetchedBytes, times, rtoMs}: SampleTaken,
  picked: readonly Picked[],
): DrillEstimate | null {
  if (files === 0 || fetchedBytes === 0) return null;
  const storedBytes = picked.reduce((sum, {history, seal}) => {
    const sizes = resolveNeeds(history, seal)?.packs.values() ?? [];
    return sum + [...sizes].reduce((total, size) => total + size, 0);
  }, 0);
  const entries = picked.reduce((sum, {seal}) => sum + seal.entries.total, 0);
  const byBytes = Math.max(1, storedBytes / fetchedBytes);
  const byFiles = Math.max(1, entries / files);
  const more = (times.fetch + times.decrypt) * (byBytes - 1) + (times.write + times.load) * (byFiles - 1);
  return {
    fullMs: Math.round(rtoMs + more),
    assumptions: [
      `fetching and decrypting take ${shown(byBytes)} times as long: ${storedBytes} bytes are stored, ${fetchedBytes} were fetched`,
      `writing takes ${shown(byFiles)} times as long: there are ${entries} entries, and ${files} were restored, no larger or smaller than the rest`,
      'storage, network, processor and disk give what they gave now',
      'getting ready and the checks take as long as now',
    ],
  };
}

function shown(factor: number): number {
  return Math.round(factor * 10) / 10;
}
