import { type TargetErrorDetails } from './target.ts';
/**
 * What `fetch` threw, as an error that says what could not be done. Errors of ours pass unchanged.
 *
 * @param what the beginning of the message, such as `Cannot store x in swift://c`
 */
export declare function networkError(what: string, url: string, cause: unknown): unknown;
/** What a status says about trying again. 498 is Swift's rate limit. */
export declare function retryDetails(status: number, headers: Headers, nowMs: number): Pick<TargetErrorDetails, 'transient' | 'throttled' | 'retryAfterMs'>;
