/** Entries of snapshots as text and JSON. */
import type { Listed } from '../operations/browse.ts';
export interface ListedJson {
    readonly path: string;
    readonly type: string;
    readonly size: number | null;
    /** ISO 8601 with nanoseconds. */
    readonly mtime: string;
    /** Octal. */
    readonly mode: string;
    readonly uid: number;
    readonly gid: number;
    readonly target?: string;
}
export declare function listedJson({ path, entry }: Listed): ListedJson;
/** Like `ls -l`. */
export declare function listedLine({ path, entry }: Listed): string;
