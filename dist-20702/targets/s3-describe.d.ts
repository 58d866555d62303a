/** What a bucket tells of itself. */
import { type S3Client } from '@aws-sdk/client-s3';
import type { TargetFact } from './target.ts';
/** @param Key of an object that we stored */
export declare function describeBucket(client: S3Client, { Bucket, Key }: {
    readonly Bucket: string;
    readonly Key: string;
}, abortSignal: AbortSignal): Promise<TargetFact[]>;
