/** What a versioned bucket still has of objects that were removed or overwritten. */
import type { ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3';
import type { Deed, S3Requests } from './s3-requests.ts';
import type { ObjectName } from './target.ts';
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
export declare function versionAt(versions: readonly S3Version[], moment: Moment): S3Version | undefined;
/** Yields the versions of each object whose key begins with `root + prefix`, newest first. */
export declare function versionsOf(requests: S3Requests, root: string, prefix: string, deed: Deed): AsyncIterable<S3Version[]>;
/** Yields the pages of a listing of versions. */
export declare function versionPages(requests: S3Requests, question: {
    readonly Prefix: string;
    readonly Delimiter?: string;
}, deed: Deed): AsyncIterable<ListObjectVersionsCommandOutput>;
