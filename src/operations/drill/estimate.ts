import type {DrillEstimate, DrillReport} from '../../repository/drill-report.ts';

/** How long the whole would take, from the times of a sample. Whether that holds depends on what it assumes, so that is said with it. */
export function estimateWhole(
  {bytes, times}: Pick<DrillReport, 'bytes' | 'times'>,
  rtoMs: number,
): DrillEstimate | null {
  if (bytes.restored === 0) return null;
  const growing = times.fetch + times.decrypt + times.write + times.load;
  const factor = Math.max(1, bytes.source / bytes.restored);
  return {
    fullMs: Math.round(rtoMs + growing * (factor - 1)),
    assumptions: [
      `the sample had ${bytes.restored} of ${bytes.source} bytes; fetching, decrypting, writing and loading take ${Math.round(factor * 10) / 10} times as long for all`,
      'the rest is as large, and as well compressed, as the sample is on average',
      'storage, network and disk give what they gave now',
      'getting ready and the checks take as long as now',
    ],
  };
}
