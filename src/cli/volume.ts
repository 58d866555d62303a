/** What a backup says of the volume limit. */

import {formatSize} from '../config/units.ts';
import {HoldfastError} from '../errors.ts';
import type {BackupContext} from '../operations/backup.ts';
import {deadBytes} from '../operations/prune/dead-bytes.ts';
import {countBytes, type VolumeUse, volumeUse, WARN_FROM_SHARE} from '../operations/volume.ts';
import {readHistory} from '../repository/history.ts';
import {TargetError} from '../targets/target.ts';
import type {CliContext} from './context.ts';

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

/** How much the repository holds, for who asks how it stands: where a limit is set, or where this machine has counted. */
export async function volumeNow(
  context: CliContext,
  signal: AbortSignal,
  onProblem: (problem: string) => void,
): Promise<VolumeUse | null> {
  const {config, repository} = context;
  const {target} = repository;
  const limitBytes = config?.limits.repositoryBytes;
  try {
    const catalog = context.existingCatalog();
    if (limitBytes === undefined) {
      const bytes = catalog?.sizes.find(target.label)?.bytes;
      return bytes === undefined ? null : {bytes, limitBytes: null, share: null};
    }
    if (catalog !== undefined)
      return await volumeUse({repository, catalog, now: () => new Date(), signal}, limitBytes);
    const bytes = await countBytes(target, {signal});
    return {bytes, limitBytes, share: bytes / limitBytes};
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HoldfastError)) throw error;
    onProblem(`How much the repository holds could not be counted: ${error.message}`);
    return null;
  }
}

/** How full the repository is, in one line. */
export function volumeText({bytes, limitBytes, share}: VolumeUse): string {
  if (limitBytes === null || share === null) return `The repository holds ${formatSize(bytes)}.`;
  return `The repository holds ${formatSize(bytes)} of the ${formatSize(limitBytes)} that limits.repository allows (${Math.floor(share * 100)} %).`;
}

/** How much of the repository no snapshot needs; undefined where it cannot be counted. */
export async function deadAfter(
  context: CliContext,
  onProblem: (problem: string) => void,
): Promise<number | undefined> {
  try {
    const {repository, trust} = context;
    const history = await readHistory(repository, context.agents, trust);
    const {reports} = await context.drills();
    return await deadBytes({repository, trust, drills: reports}, history, new Date());
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    onProblem(`How much of the repository is dead could not be counted: ${error.message}`);
    return undefined;
  }
}

/** What is worth a warning, and what to do; undefined below 80 % of the limit. */
export function volumeWarning({bytes, limitBytes, share}: VolumeUse): string | undefined {
  if (limitBytes === null || share === null || share < WARN_FROM_SHARE) return undefined;
  const holds = volumeText({bytes, limitBytes, share}).slice(0, -1);
  const consequence =
    share >= 1 ? 'incremental backups go on, but no new full one starts' : 'a new full backup may not fit';
  return `${holds}: ${consequence}. Make room ("holdfast prune --dry-run" shows what would go) or raise the limit; "holdfast plan" shows how it will grow.`;
}
