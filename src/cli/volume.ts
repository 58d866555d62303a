/** What a backup says of the volume limit. */

import {formatSize} from '../config/units.ts';
import type {BackupContext} from '../operations/backup.ts';
import {type VolumeUse, volumeUse, WARN_FROM_SHARE} from '../operations/volume.ts';
import {TargetError} from '../targets/target.ts';

/**
 * How much the repository holds, after a run. That it cannot be counted is no failure of what was backed up.
 * @param onProblem told why it is unknown
 */
export async function volumeAfter(
  context: BackupContext,
  onProblem: (problem: string) => void,
): Promise<VolumeUse | null> {
  try {
    return await volumeUse(context, context.limitBytes);
  } catch (error) {
    context.signal?.throwIfAborted();
    if (!(error instanceof TargetError)) throw error;
    onProblem(`How much the repository holds could not be counted: ${error.message}`);
    return null;
  }
}

/** What is worth a warning, and what to do; undefined below 80 % of the limit. */
export function volumeWarning({bytes, limitBytes, share}: VolumeUse): string | undefined {
  if (limitBytes === null || share === null || share < WARN_FROM_SHARE) return undefined;
  const holds = `The repository holds ${formatSize(bytes)} of the ${formatSize(limitBytes)} that limits.repository allows (${Math.floor(share * 100)} %)`;
  const consequence =
    share >= 1 ? 'incremental backups go on, but no new full one starts' : 'a new full backup may not fit';
  return `${holds}: ${consequence}. Make room ("holdfast prune --dry-run" shows what would go) or raise the limit; "holdfast plan" shows how it will grow.`;
}
