import { type GetObjectCommandOutput, type HeadObjectCommandOutput, type ListObjectsV2CommandOutput, type ListObjectVersionsCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { S3Place } from './s3-url.ts';
import { type ObjectLock, type ObjectName, type TargetFact } from './target.ts';
/** What a request is about, for messages: a verb, such as `store`, and the name of an object, or empty for many. */
export interface Deed {
    readonly verb: string;
    readonly object: ObjectName;
    readonly signal: AbortSignal | undefined;
    /** When it is given up; five minutes by default. */
    readonly limitMs?: number | undefined;
}
/** A page's question. Names are encoded in the answers, since XML cannot hold every character that somebody may put into one. */
type PageQuestion = {
    Prefix: string;
    Delimiter?: string;
    ContinuationToken?: string;
    MaxKeys?: number;
};
type VersionsQuestion = {
    Prefix: string;
    Delimiter?: string;
    KeyMarker?: string;
    VersionIdMarker?: string;
};
/** The requests to one bucket: each within a time, each failure in words of ours. */
export declare class S3Requests {
    #private;
    readonly label: string;
    constructor(client: S3Client, place: S3Place);
    close(): void;
    /** Makes the bucket if it is not there. @param isLockable whether objects in it can be locked, which also keeps versions */
    createBucket(deed: Deed, isLockable: boolean): Promise<void>;
    /** What is known of an object, or of a version of it; undefined if it is not there. */
    head(key: string, deed: Deed, version?: string): Promise<HeadObjectCommandOutput | undefined>;
    /**
     * Whether nothing is there, where the answer was that access is denied: whoever may list only names that begin with a prefix is not
     * told that a name is missing, except by listing it.
     */
    isHidden(key: string, deed: Deed, cause: unknown): Promise<boolean>;
    /** Begins to read. The body goes on under the signal alone, not under a limit of time. */
    get(key: string, { signal }: Deed, { range, version }: {
        range?: string | undefined;
        version?: string | undefined;
    }): Promise<GetObjectCommandOutput>;
    /** A bucket that is not there must not look like an empty one; the answer to HEAD does not tell. */
    requireBucket(signal: AbortSignal | undefined): Promise<void>;
    page(question: PageQuestion, deed: Deed): Promise<ListObjectsV2CommandOutput>;
    versionsPage(question: VersionsQuestion, deed: Deed): Promise<ListObjectVersionsCommandOutput>;
    remove(key: string, deed: Deed, version?: string): Promise<void>;
    setLock(key: string, lock: ObjectLock, untilMs: number, deed: Deed): Promise<void>;
    describe(key: string, deed: Deed): Promise<TargetFact[]>;
    /** Runs a request within a time, and says what failed. */
    attempt<T>(deed: Deed, action: (abortSignal: AbortSignal) => Promise<T>): Promise<T>;
    /** What to throw in place of what was thrown. */
    translate({ verb, object, signal }: Deed, cause: unknown): unknown;
}
export {};
