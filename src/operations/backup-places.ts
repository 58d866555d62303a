/**
 * Backs up into several places: read and encrypted once, stored in each. The places hold one and the same repository. A snapshot is made
 * in one of them, the others get its objects as they are made, and its seal when they have all that it needs (docs/decisions/0011).
 */
import {LimitError, NoRepositoryError, SourceError, TamperError} from '../errors.ts';
import type {Problem} from '../repository/chain.ts';
import {type SourceHistory, statedNeeds} from '../repository/history.ts';
import {sealObject} from '../repository/layout.ts';
import {MirroredTarget} from '../targets/mirrored.ts';
import {ObjectExistsError, TargetError} from '../targets/target.ts';
import {type BackedUp, type BackupFailure, type BackupOptions, backup} from './backup.ts';
import {chooseHome} from './backup-home.ts';
import {extendLocks} from './backup-locks.ts';
import {type Place, type PlacesContext, type PlacesJob, targetOf} from './place.ts';
import {copySource, newCounts, type ReplicateContext} from './replicate.ts';

export interface PlacesResult {
  readonly snapshots: readonly BackedUp[];
  readonly failures: readonly BackupFailure[];
  readonly problems: readonly Problem[];
}

/** What became of each place is told by the places themselves. */
export async function backupToPlaces(
  context: PlacesContext,
  jobs: readonly PlacesJob[],
  options: BackupOptions,
): Promise<PlacesResult> {
  const snapshots: BackedUp[] = [];
  const failures: BackupFailure[] = [];
  const problems: Problem[] = [];
  for (const job of jobs) {
    try {
      const made = await backupJob(context, job, options, problems);
      snapshots.push(...made.snapshots);
      failures.push(...made.failures);
    } catch (error) {
      context.signal?.throwIfAborted();
      const isOfSource =
        error instanceof SourceError || error instanceof TamperError || error instanceof LimitError;
      const isOfPlace = error instanceof TargetError || error instanceof NoRepositoryError;
      if (!isOfSource && !isOfPlace) throw error;
      failures.push({source: job.source.name, error});
    }
  }
  return {snapshots, failures, problems};
}

/** In the first place that can be used; where that fails before its seal is on its way, in the next. */
async function backupJob(
  context: PlacesContext,
  job: PlacesJob,
  options: BackupOptions,
  problems: Problem[],
): Promise<Pick<PlacesResult, 'snapshots' | 'failures'>> {
  const {catalog, repository} = context;
  const {source, places} = job;
  for (;;) {
    const home = await chooseHome(context, job, options, (from, to, history) =>
      bringUpToDate(context, from, to, history, problems),
    );
    const others = places.filter((place) => place !== home && place.error === undefined);
    let isSealing = false;
    let history: SourceHistory | undefined;
    const target = new MirroredTarget(
      targetOf(home),
      others.map((place) => ({
        target: targetOf(place),
        failed: (error) => place.fail(error, context.signal),
        stored: (sizeBytes) => {
          place.bytes += sizeBytes;
        },
      })),
      (name) => name.includes('/seals/'),
    );
    try {
      const made = await backup(
        {
          ...context,
          repository: {...repository, target},
          places: {
            sealing(seal) {
              isSealing = true;
              catalog.places.setPendingSeal(source.name, {place: home.label, seal});
            },
            sealed(end) {
              history = end;
              markCurrent(context, home, end);
              catalog.places.clearPendingSeal(source.name);
            },
          },
        },
        [source],
        options,
      );
      problems.push(...made.problems);
      for (const snapshot of made.snapshots) home.bytes += snapshot.bytes.stored;
      if (history !== undefined)
        for (const place of others) {
          if (place.error === undefined) await bringUpToDate(context, home, place, history, problems);
        }
      return made;
    } catch (error) {
      const isLost = !(error instanceof TargetError) || error instanceof ObjectExistsError;
      // A seal on its way may have arrived; and standard input cannot be read again.
      if (isLost || isSealing || source.kind === 'stdin') throw error;
      home.fail(error, context.signal);
    }
  }
}

/** Copies what a place lacks of a source; its failure is the place's own. */
async function bringUpToDate(
  context: PlacesContext,
  from: Place,
  to: Place,
  history: SourceHistory,
  problems: Problem[],
): Promise<void> {
  const {repository, agents, trust, concurrency, now, signal, onProgress} = context;
  const counts = newCounts();
  const copying: ReplicateContext = {
    repository: {...repository, target: targetOf(from)},
    agents,
    trust,
    concurrency,
    signal,
    onProgress,
  };
  try {
    const target = targetOf(to);
    const [before, last] = history.seals.slice(-2);
    if (last !== undefined)
      await extendLocks({repository: {...repository, target}, now, signal}, history, last, before, () => {
        const needs = statedNeeds(history, last);
        return needs && new Set([...needs.packs.keys(), ...needs.index.keys()]);
      });
    await copySource(copying, history, target, counts, 'new');
    if (counts.problems.length === 0) markCurrent(context, to, history);
  } catch (error) {
    to.fail(error, signal);
  }
  problems.push(...counts.problems);
  to.bytes += counts.bytes;
  to.snapshotsCopied += counts.snapshots;
}

function markCurrent({catalog}: PlacesContext, place: Place, {source, seals}: SourceHistory): void {
  const last = seals.at(-1);
  if (last === undefined) return;
  place.current.add(source);
  catalog.places.setNewestSeal(place.label, source, sealObject(last, last.sequence, last.snapshot.id));
}
