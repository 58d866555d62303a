import { type Clock } from './clock.ts';
import { type ByteRange, type CallOptions, type CreateOptions, type ObjectInfo, type ObjectLock, type ObjectName, type Target } from './target.ts';
/** How hard a target is tried, and how much is asked of it. */
export interface TargetLimits {
    /** Bytes per second to the target, all uploads together; no limit by default. */
    readonly uploadBytesPerSecond?: number | undefined;
    readonly downloadBytesPerSecond?: number | undefined;
    /** Requests at once, at most. */
    readonly requests?: number | undefined;
    /** How long a call goes on trying what fails for the time being. */
    readonly retryForMs?: number | undefined;
}
/**
 * The target that everybody gets: tries again what failed for the time being, asks for less at once from a store that has too much to
 * do, and keeps to rates.
 *
 * `put` succeeds, too, when the name holds the very bytes already: the answer to an earlier attempt may have been lost.
 */
export declare class ResilientTarget implements Target {
    #private;
    readonly label: string;
    readonly lock: ObjectLock | undefined;
    readonly sweepPartials?: NonNullable<Target['sweepPartials']>;
    readonly extendLock?: NonNullable<Target['extendLock']>;
    readonly describe?: NonNullable<Target['describe']>;
    constructor(target: Target, limits?: TargetLimits, clock?: Clock);
    get retries(): number;
    create(options?: CreateOptions): Promise<void>;
    put(name: ObjectName, body: Uint8Array, { signal }?: CallOptions): Promise<void>;
    replace(name: ObjectName, body: Uint8Array, { signal }?: CallOptions): Promise<void>;
    /** After a failure in the midst of it, goes on where it was; of a whole object, what came before is read again and passed over. */
    get(name: ObjectName, range?: ByteRange, options?: CallOptions): AsyncIterable<Uint8Array>;
    stat(name: ObjectName, options?: CallOptions): Promise<ObjectInfo | undefined>;
    list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo>;
    listFolders(prefix: string, options?: CallOptions): AsyncIterable<string>;
    remove(name: ObjectName, options?: CallOptions): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}
