/** Remembers the first names of inodes that have several, and finds them again without following a link. */
import { type BigIntStats } from 'node:fs';
import type { TreeEntry } from '../../repository/tree.ts';
import { type OpenDirectory } from './directory.ts';
/** A first name that was found again. Disposing of it closes its directory. */
export interface FoundName extends Disposable {
    readonly path: Buffer;
    is(stats: BigIntStats): boolean;
}
export declare class LinkedFiles {
    #private;
    constructor(root: OpenDirectory);
    register(directory: OpenDirectory, name: Buffer, { hardlink }: TreeEntry, stats: BigIntStats): void;
    /** @returns undefined if it was never written, or is no longer what was written */
    find(hardlink: string, current: OpenDirectory): FoundName | undefined;
}
