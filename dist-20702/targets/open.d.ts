import type { TargetAccess } from './access.ts';
import type { Target } from './target.ts';
/**
 * Opens the place that a URL or a path names. It does not look whether anything is there. What a scheme needs is loaded only here:
 * a command that needs no object storage does not wait for its libraries.
 *
 * @param url `swift://container/prefix`, `s3://bucket/prefix`, `file:///folder`, or the path of a folder; `./a:b` where a relative path has a colon
 * @param cwd what a relative path is relative to; absolute
 * @throws {@link UsageError} for what names no target, and where credentials are missing. It repeats no part of a URL but its
 *   scheme: the rest may be secret.
 */
export declare function openTarget(url: string, cwd: string, access?: TargetAccess): Promise<Target>;
/** Whether two addresses name the same place, as far as one can tell without asking it. */
export declare function isSamePlace(one: string, other: string, cwd: string): boolean;
