/** How much the repository holds, and whether a new full backup still fits below `limits.repository`. */
import type {Catalog} from '../catalog/catalog.ts';
import {formatSize} from '../config/units.ts';
import {LimitError} from '../errors.ts';
import {resolveNeeds, type SourceHistory} from '../repository/history.ts';
import {LEASES_PREFIX} from '../repository/layout.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import type {CallOptions, Target} from '../targets/target.ts';

export interface VolumeContext {
  readonly repository: {readonly target: Target};
  readonly catalog: Catalog;
  now(): Date;
  readonly signal?: AbortSignal | undefined;
}

/** What the repository holds of what it may. */
export interface VolumeUse {
  readonly bytes: number;
  /** Null where the config sets no limit. */
  readonly limitBytes: number | null;
  /** Of the limit; null without one. */
  readonly share: number | null;
}

/** From this share of the limit on, every run warns. */
export const WARN_FROM_SHARE = 0.8;

const HOUR_MS = 3_600_000;
/** A count is relied on for so long; what this machine stores in between is added. */
const COUNT_LASTS_MS = 7 * 24 * HOUR_MS;
/** The same where it matters, and before a backup is refused. */
const NEAR_LIMIT_LASTS_MS = 24 * HOUR_MS;
const REFUSAL_LASTS_MS = HOUR_MS / 4;

/**
 * The size of all objects of the repository. Everything is listed if nobody has counted for a week, or for a day where the limit is near;
 * else what this machine knows costs no request.
 */
export async function volumeUse(context: VolumeContext, limitBytes: number | undefined): Promise<VolumeUse> {
  let bytes = await repositoryBytes(context, COUNT_LASTS_MS);
  if (limitBytes !== undefined && bytes >= limitBytes * WARN_FROM_SHARE)
    bytes = await repositoryBytes(context, NEAR_LIMIT_LASTS_MS);
  return {bytes, limitBytes: limitBytes ?? null, share: limitBytes === undefined ? null : bytes / limitBytes};
}

/** Lists everything. */
export async function countBytes(target: Target, options: CallOptions): Promise<number> {
  let bytes = 0;
  // Leases come and go, also that of this very run.
  for await (const {name, sizeBytes} of target.list('', options))
    if (!name.startsWith(LEASES_PREFIX)) bytes += sizeBytes;
  return bytes;
}

async function repositoryBytes(
  {repository: {target}, catalog, now, signal}: VolumeContext,
  lastsMs: number,
): Promise<number> {
  const known = catalog.sizes.find(target.label);
  const nowMs = now().getTime();
  // A clock that was set back must not make a count last for ever.
  if (known !== undefined && Math.abs(nowMs - known.countedMs) < lastsMs) return known.bytes;
  const bytes = await countBytes(target, {signal});
  catalog.sizes.set(target.label, {bytes, countedMs: nowMs});
  return bytes;
}

/**
 * @param neededBytes what a new full backup will store
 * @throws {@link LimitError} if the repository would then hold more than it may
 */
export async function refuseOverLimit(
  context: VolumeContext,
  source: string,
  neededBytes: number,
  limitBytes: number,
): Promise<void> {
  const {bytes: known} = await volumeUse(context, limitBytes);
  if (known + neededBytes <= limitBytes) return;
  const bytes = await repositoryBytes(context, REFUSAL_LASTS_MS);
  if (bytes + neededBytes <= limitBytes) return;
  const holds = `the repository holds ${formatSize(bytes)} of the ${formatSize(limitBytes)} that limits.repository allows`;
  throw new LimitError(
    `No new full backup of ${source} was started: it needs about ${formatSize(neededBytes)}, and ${holds}.`,
    {
      hint: 'Make room ("holdfast prune --dry-run" shows what would go) or raise limits.repository; "holdfast plan" shows what fits.',
    },
  );
}

/** What a new full backup will store, by what the last one did and how the source has grown; undefined before the first. */
export function nextFullBytes(history: SourceHistory): number | undefined {
  const good = history.seals.filter(({suspect}) => suspect === undefined);
  const newest = good.at(-1);
  const full = good.findLast(({kind}) => kind === 'full');
  if (newest === undefined || full === undefined) return undefined;
  const growth = full.bytes.source === 0 ? 1 : newest.bytes.source / full.bytes.source;
  return Math.round(sealedBytes(history, full) * growth);
}

/** What is stored for one snapshot alone. */
export function sealedBytes(history: SourceHistory, seal: CheckedSeal): number {
  const needs = resolveNeeds(history, seal);
  if (needs === undefined) return seal.bytes.stored;
  let bytes = seal.snapshot.size + seal.objectBytes;
  for (const sizes of [needs.packs, needs.index]) for (const size of sizes.values()) bytes += size;
  return bytes;
}
