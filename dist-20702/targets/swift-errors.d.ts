import type { HttpResponse } from './http.ts';
import { TargetError } from './target.ts';
/**
 * The answer as an error.
 *
 * @param what the beginning of the message, such as `Cannot store x in swift://c`
 */
export declare function swiftError(what: string, { status, headers }: Pick<HttpResponse, 'status' | 'headers'>, nowMs: number): TargetError;
