/** What to do about entries that are where a restored one belongs. */
import { type BigIntStats } from 'node:fs';
import type { TreeEntry } from '../../repository/tree.ts';
import { type Libc } from '../../system/libc.ts';
import type { OpenDirectory } from './directory.ts';
/** `never` leaves what is there; `changed` replaces what differs in type, size, time or target; `always` replaces everything. */
export type Overwrite = 'never' | 'changed' | 'always';
export type Existing = {
    readonly decision: 'write';
} | {
    readonly decision: 'keep';
    readonly found: BigIntStats;
} | {
    readonly decision: 'refuse';
    readonly problem: string;
};
export declare const COLLISION = "another entry has the same name on this file system";
export declare class ExistingEntries {
    #private;
    /** @param probePath a free path, to try how exactly times are kept */
    constructor(overwrite: Overwrite, probePath: () => Buffer, libc: Libc | undefined);
    /** For everything but directories. Takes away an empty directory that is in the way; the rest is replaced by renaming over it. */
    judge(directory: OpenDirectory, name: Buffer, entry: TreeEntry): Existing;
    /**
     * For directories: removes what is not one, if that is wanted.
     * @returns what is wrong; undefined if a directory is there now, or nothing
     */
    clearForDirectory(parent: OpenDirectory, name: Buffer): string | undefined;
}
