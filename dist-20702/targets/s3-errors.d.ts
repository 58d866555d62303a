/** What S3 answers, in plain words. What the SDK throws holds the signed request, with session tokens: it is never passed on. */
import { TargetError } from './target.ts';
/** What is known of a failed request; nothing secret. */
export interface S3Failure {
    /** S3's code, such as `NoSuchKey`, else the system's, such as `ECONNRESET`, else the name of the error. */
    readonly code: string;
    /** HTTP status, if there was an answer. */
    readonly status: number | undefined;
    readonly text: string;
    readonly region: string | undefined;
    readonly requestId: string | undefined;
    readonly retryAfterMs: number | undefined;
}
/** @returns undefined for what no request throws: a cancellation, or a bug */
export declare function s3Failure(cause: unknown): S3Failure | undefined;
/**
 * Says what could not be done to what.
 *
 * @param operation a verb, such as `store`
 * @param object its name, or empty where many are meant
 */
export declare function s3TargetError(label: string, operation: string, object: string, failure: S3Failure): TargetError;
