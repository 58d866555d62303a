import type { S3Requests } from './s3-requests.ts';
import { type Moment } from './s3-versions.ts';
import { type ByteRange, type CallOptions, type ObjectInfo, type ObjectName, type Target } from './target.ts';
/**
 * A versioned bucket as it was: removals and overwritings after a moment do not count. Objects are never rewritten, so the first
 * version of each is the right one, whatever somebody did to it later.
 */
export declare class S3PastTarget implements Target {
    #private;
    readonly label: string;
    /** @param root what the keys of the repository begin with */
    constructor(requests: S3Requests, root: string, { moment, stallMs }: {
        moment: Moment;
        stallMs: number;
    });
    create(): Promise<void>;
    put(): Promise<void>;
    replace(): Promise<void>;
    remove(): Promise<void>;
    get(name: ObjectName, range?: ByteRange, { signal }?: CallOptions): AsyncIterable<Uint8Array>;
    stat(name: ObjectName, { signal }?: CallOptions): Promise<ObjectInfo | undefined>;
    list(prefix: string, { signal }?: CallOptions): AsyncIterable<ObjectInfo>;
    listFolders(prefix: string, { signal }?: CallOptions): AsyncIterable<string>;
    [Symbol.asyncDispose](): Promise<void>;
}
