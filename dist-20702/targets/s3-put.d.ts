import { type S3Client } from '@aws-sdk/client-s3';
import type { S3Place } from './s3-url.ts';
import type { ObjectLock } from './target.ts';
export interface S3PutOptions {
    /** Whether nothing may be overwritten. */
    readonly isNew: boolean;
    /** How it is locked, and until when in ms since the epoch. */
    readonly lock: {
        readonly how: ObjectLock;
        readonly untilMs: number;
    } | undefined;
    /** Awaited before each piece is sent. */
    readonly pace: ((sizeBytes: number) => Promise<void>) | undefined;
    readonly abortSignal: AbortSignal;
}
/** Writes objects, each in one piece, and learns what the store does not understand. */
export declare class S3Writer {
    #private;
    constructor(client: S3Client, place: S3Place);
    put(key: string, body: Uint8Array, options: S3PutOptions): Promise<'stored' | 'taken'>;
}
