import { type HeadObjectCommandOutput, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { type ObjectLock, type ObjectName } from './target.ts';
/** What to add to a PUT, so that the object is locked from the start. */
export declare function lockedInput({ mode }: ObjectLock, untilMs: number, body: Uint8Array, hasSum: boolean): Partial<PutObjectCommandInput>;
/** Sets the end of an object's lock; a store takes only a later one. */
export declare function setLock(client: S3Client, object: {
    readonly Bucket: string;
    readonly Key: string;
}, { mode }: ObjectLock, untilMs: number, abortSignal: AbortSignal): Promise<void>;
/** Until when an object is locked, in ms since the epoch; `Infinity` under a legal hold, undefined if it is not. */
export declare function lockedUntil(found: HeadObjectCommandOutput): number | undefined;
/** A store that takes a lock and forgets it must not look like one that keeps it. @throws {@link TargetError} */
export declare function requireLock(label: string, name: ObjectName, wantedMs: number, foundMs?: number): void;
