/** What a backup tells of each place where it went. */
import type {BackedUp} from '../operations/backup.ts';
import type {Place, PlacesJob} from '../operations/place.ts';
import {counted, type ErrorJson, formatBytes, type Output} from './output.ts';

export interface PlaceJson {
  readonly name: string;
  /** The address. */
  readonly repository: string;
  /** Whether it has the newest snapshot of each source that goes there. */
  readonly ok: boolean;
  /** Sources of which it has not; the next backup brings it up to date. */
  readonly behind: readonly string[];
  /** Stored there. */
  readonly bytes: number;
  /** Snapshots that it got from another place, those of earlier runs among them. */
  readonly snapshotsCopied: number;
  readonly retries: number;
  readonly error: ErrorJson | null;
}

export function placeJson(
  place: Place,
  jobs: readonly PlacesJob[],
  snapshots: readonly BackedUp[],
  output: Output,
): PlaceJson {
  const {name, label, error, current, snapshotsCopied, target} = place;
  const its = new Set(jobs.filter(({places}) => places.includes(place)).map(({source}) => source.name));
  const made = snapshots.filter(({id, source}) => id !== null && its.has(source));
  // Where it is the only one, what was made was made there.
  const isOnlyPlace = jobs.every(({places}) => places.length === 1);
  const behind = isOnlyPlace ? [] : made.map(({source}) => source).filter((source) => !current.has(source));
  return {
    name,
    repository: label,
    ok: error === undefined && behind.length === 0,
    behind,
    bytes: isOnlyPlace ? made.reduce((sum, {bytes}) => sum + bytes.stored, 0) : place.bytes,
    snapshotsCopied,
    retries: target?.retries ?? 0,
    error: error === undefined ? null : output.errorJson(error),
  };
}

/** One line where all is well, else what is wrong. */
export function placeLines({name, repository, ok, bytes, snapshotsCopied, behind, error}: PlaceJson): {
  line?: string;
  problem?: string;
} {
  if (ok) {
    const late = snapshotsCopied > 1 ? `, ${counted(snapshotsCopied, 'snapshot')} copied there` : '';
    return {line: `${name}: up to date, ${formatBytes(bytes)} stored${late}`};
  }
  const why = error?.message ?? 'it does not have everything.';
  const lacks =
    behind.length === 0
      ? ''
      : ` It lacks the newest snapshot of ${behind.join(', ')}; the next backup brings it up to date.`;
  return {problem: `${name} (${repository}): ${why}${lacks}`};
}
