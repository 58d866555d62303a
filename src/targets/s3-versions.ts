/** What a versioned bucket still has of objects that were removed or overwritten. */
import type {DeleteMarkerEntry, ListObjectVersionsCommandOutput, ObjectVersion} from '@aws-sdk/client-s3';
import {below, decoder, noListing, wholeSeconds} from './s3-list.ts';
import type {Deed, S3Requests} from './s3-requests.ts';
import type {ObjectName} from './target.ts';

/** One version of an object, or the mark that it was removed. */
export interface S3Version {
  readonly name: ObjectName;
  readonly id: string;
  /** Undefined for the mark of a removal. */
  readonly sizeBytes: number | undefined;
  readonly modifiedMs: number;
}

/** Which version counts: the first that there ever was, or the one of a time in ms since the epoch. */
export type Moment = 'first' | number;

/**
 * @param versions of one object, newest first
 * @returns undefined where the object was not there
 */
export function versionAt(versions: readonly S3Version[], moment: Moment): S3Version | undefined {
  const found =
    moment === 'first'
      ? versions.findLast(({sizeBytes}) => sizeBytes !== undefined)
      : versions.find(({modifiedMs}) => modifiedMs <= moment);
  return found?.sizeBytes === undefined ? undefined : found;
}

/** Yields the versions of each object whose key begins with `root + prefix`, newest first. */
export async function* versionsOf(
  requests: S3Requests,
  root: string,
  prefix: string,
  deed: Deed,
): AsyncIterable<S3Version[]> {
  let carried: S3Version[] = [];
  for await (const page of versionPages(requests, {Prefix: root + prefix}, deed)) {
    const byName = new Map<ObjectName, S3Version[]>();
    for (const version of [...carried, ...versionsIn(page, root)]) {
      const known = byName.get(version.name);
      if (known === undefined) byName.set(version.name, [version]);
      else known.push(version);
    }
    // The versions of the last object may go on in the next page.
    const last = page.IsTruncated
      ? below(root, decoder(page.EncodingType)(page.NextKeyMarker ?? ''))
      : undefined;
    carried = (last !== undefined && byName.get(last)) || [];
    for (const [name, versions] of byName) if (name !== last) yield newestFirst(versions);
  }
  if (carried.length > 0) yield newestFirst(carried);
}

/** Yields the pages of a listing of versions. */
export async function* versionPages(
  requests: S3Requests,
  question: {readonly Prefix: string; readonly Delimiter?: string},
  deed: Deed,
): AsyncIterable<ListObjectVersionsCommandOutput> {
  let place = '';
  let next: {KeyMarker?: string; VersionIdMarker?: string} = {};
  for (;;) {
    deed.signal?.throwIfAborted();
    const page = await requests.versionsPage({...question, ...next}, deed);
    if (page.IsTruncated === undefined) throw noListing(requests.label);
    yield page;
    if (!page.IsTruncated) return;
    const {NextKeyMarker, NextVersionIdMarker} = page;
    const nextPlace = JSON.stringify([NextKeyMarker, NextVersionIdMarker]);
    if (NextKeyMarker === undefined || nextPlace === place) throw noListing(requests.label);
    place = nextPlace;
    next = {
      KeyMarker: decoder(page.EncodingType)(NextKeyMarker),
      ...(NextVersionIdMarker !== undefined && {VersionIdMarker: NextVersionIdMarker}),
    };
  }
}

function versionsIn(page: ListObjectVersionsCommandOutput, root: string): S3Version[] {
  const decode = decoder(page.EncodingType);
  const toVersion = (entry: ObjectVersion | DeleteMarkerEntry): S3Version[] => {
    const name = below(root, decode(entry.Key ?? ''));
    if (name === undefined || entry.VersionId === undefined) return [];
    const sizeBytes = 'Size' in entry ? entry.Size : undefined;
    return [{name, id: entry.VersionId, sizeBytes, modifiedMs: wholeSeconds(entry.LastModified)}];
  };
  const {Versions = [], DeleteMarkers = []} = page;
  const all = [...DeleteMarkers, ...Versions];
  return [...all.filter(({IsLatest}) => IsLatest), ...all.filter(({IsLatest}) => !IsLatest)].flatMap(
    toVersion,
  );
}

/** Within a second, the order of the store, which names the newest first. */
function newestFirst(versions: readonly S3Version[]): S3Version[] {
  return versions.toSorted((a, b) => b.modifiedMs - a.modifiedMs);
}
