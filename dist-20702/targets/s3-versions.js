import { below, decoder, noListing, wholeSeconds } from './s3-list.js';
/**
 * @param versions of one object, newest first
 * @returns undefined where the object was not there
 */
export function versionAt(versions, moment) {
    const found = moment === 'first'
        ? versions.findLast(({ sizeBytes }) => sizeBytes !== undefined)
        : versions.find(({ modifiedMs }) => modifiedMs <= moment);
    return found?.sizeBytes === undefined ? undefined : found;
}
/** Yields the versions of each object whose key begins with `root + prefix`, newest first. */
export async function* versionsOf(requests, root, prefix, deed) {
    let carried = [];
    for await (const page of versionPages(requests, { Prefix: root + prefix }, deed)) {
        const byName = new Map();
        for (const version of [...carried, ...versionsIn(page, root)]) {
            const known = byName.get(version.name);
            if (known === undefined)
                byName.set(version.name, [version]);
            else
                known.push(version);
        }
        // The versions of the last object may go on in the next page.
        const last = page.IsTruncated
            ? below(root, decoder(page.EncodingType)(page.NextKeyMarker ?? ''))
            : undefined;
        carried = (last !== undefined && byName.get(last)) || [];
        for (const [name, versions] of byName)
            if (name !== last)
                yield newestFirst(versions);
    }
    if (carried.length > 0)
        yield newestFirst(carried);
}
/** Yields the pages of a listing of versions. */
export async function* versionPages(requests, question, deed) {
    let place = '';
    let next = {};
    for (;;) {
        deed.signal?.throwIfAborted();
        const page = await requests.versionsPage({ ...question, ...next }, deed);
        if (page.IsTruncated === undefined)
            throw noListing(requests.label);
        yield page;
        if (!page.IsTruncated)
            return;
        const { NextKeyMarker, NextVersionIdMarker } = page;
        const nextPlace = JSON.stringify([NextKeyMarker, NextVersionIdMarker]);
        if (NextKeyMarker === undefined || nextPlace === place)
            throw noListing(requests.label);
        place = nextPlace;
        next = {
            KeyMarker: decoder(page.EncodingType)(NextKeyMarker),
            ...(NextVersionIdMarker !== undefined && { VersionIdMarker: NextVersionIdMarker }),
        };
    }
}
function versionsIn(page, root) {
    const decode = decoder(page.EncodingType);
    const toVersion = (entry) => {
        const name = below(root, decode(entry.Key ?? ''));
        if (name === undefined || entry.VersionId === undefined)
            return [];
        const sizeBytes = 'Size' in entry ? entry.Size : undefined;
        return [{ name, id: entry.VersionId, sizeBytes, modifiedMs: wholeSeconds(entry.LastModified) }];
    };
    const { Versions = [], DeleteMarkers = [] } = page;
    const all = [...DeleteMarkers, ...Versions];
    return [...all.filter(({ IsLatest }) => IsLatest), ...all.filter(({ IsLatest }) => !IsLatest)].flatMap(toVersion);
}
/** Within a second, the order of the store, which names the newest first. */
function newestFirst(versions) {
    return versions.toSorted((a, b) => b.modifiedMs - a.modifiedMs);
}
