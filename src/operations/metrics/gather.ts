/** What the catalog knows of the sources, as figures: it knows also what earlier runs did. */
import type {Catalog} from '../../catalog/catalog.ts';
import type {SnapshotRow} from '../../catalog/snapshots.ts';
import {type DrillHistory, lastProof} from '../../repository/drill-history.ts';
import {DRILLS_PREFIX, OPERATORS_PREFIX} from '../../repository/layout.ts';
import {parseSeal, type Seal} from '../../repository/seal.ts';
import type {Target} from '../../targets/target.ts';
import type {Metrics} from './metrics.ts';

/** @param startedMs when this run began; undefined for sources that it was not about */
export function gatherSource(
  metrics: Metrics,
  {snapshots}: Catalog,
  source: string,
  startedMs: number | undefined,
): void {
  const newest = sealOf(snapshots.newest(source));
  const finishedMs = newest === undefined ? undefined : Date.parse(newest.finished);
  if (startedMs !== undefined)
    metrics.set(source, 'last_attempt_success', finishedMs !== undefined && finishedMs >= startedMs ? 1 : 0);
  if (newest === undefined || finishedMs === undefined) return;
  const {bytes, entries, warnings, suspect} = newest;
  metrics.set(source, 'last_success_timestamp_seconds', finishedSeconds(snapshots.newestGood(source)));
  metrics.set(source, 'last_full_timestamp_seconds', finishedSeconds(snapshots.newestFull(source)));
  metrics.set(source, 'backup_duration_seconds', (finishedMs - Date.parse(newest.started)) / 1000);
  metrics.set(source, 'backup_source_bytes', bytes.source);
  metrics.set(source, 'backup_read_bytes', bytes.read);
  metrics.set(source, 'backup_new_bytes', bytes.new);
  metrics.set(source, 'backup_stored_bytes', bytes.stored);
  metrics.set(source, 'backup_files', entries.total);
  metrics.set(source, 'backup_warnings', warnings);
  metrics.set(source, 'backup_suspect', suspect === undefined ? 0 : 1);
}

/**
 * When drills last proved the sources. Reports are read only when there is a new one: a listing tells.
 * @param readDrills reads and checks all of them
 */
export async function gatherProofs(
  metrics: Metrics,
  catalog: Catalog,
  target: Target,
  sources: Iterable<string>,
  readDrills: () => Promise<DrillHistory>,
): Promise<void> {
  const names: string[] = [];
  for await (const {name} of target.list(DRILLS_PREFIX))
    if (!name.startsWith(OPERATORS_PREFIX)) names.push(name);
  const state = `${names.length} ${names.sort().at(-1) ?? ''}`;
  const isNew = catalog.proofs.state(target.label) !== state;
  const reports = isNew && names.length > 0 ? (await readDrills()).reports : [];
  for (const source of sources) {
    if (isNew) {
      const seals = catalog.snapshots
        .all(source)
        .map(({id, sealSha256}) => ({snapshot: {id}, hash: sealSha256}));
      catalog.proofs.setLast(source, lastProof({source, seals}, reports)?.report.finished);
    }
    const last = catalog.proofs.last(source);
    metrics.set(source, 'last_proven_timestamp_seconds', last === undefined ? undefined : seconds(last));
  }
  if (isNew) catalog.proofs.setState(target.label, state);
}

function sealOf(row: SnapshotRow | undefined): Seal | undefined {
  return row === undefined ? undefined : parseSeal(row.seal);
}

function finishedSeconds(row: SnapshotRow | undefined): number | undefined {
  const seal = sealOf(row);
  return seal === undefined ? undefined : seconds(seal.finished);
}

function seconds(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}
