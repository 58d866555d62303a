import { TargetError } from './target.ts';
/** The name of the system error behind whatever was thrown, such as `ENOENT`. */
export declare function systemCode(cause: unknown): string | undefined;
/** Whether the error says that there is nothing of that name. */
export declare function isMissing(cause: unknown): boolean;
/**
 * Says what could not be done to what. Errors of ours, cancellations and bugs pass unchanged.
 *
 * @param operation a verb, such as `store`
 */
export declare function fileTargetError(label: string, operation: string, object: string, cause: unknown): unknown;
/** The target's folder does not exist: never taken for an empty repository, and never made by the way. */
export declare function rootMissingError(label: string, root: string, cause?: unknown): TargetError;
