/** Directories that are being written to: held open, so that nobody can put another one in their place. */
import { type BigIntStats } from 'node:fs';
import type { TreeEntry } from '../../repository/tree.ts';
import type { Libc } from '../../system/libc.ts';
/** Linux only, and missing in Node's constants: a descriptor that needs no right to read. */
export declare const O_PATH = 2097152;
/**
 * One directory below the root of a restore. Its entries are reached through its descriptor (`/proc/self/fd/…`): paths may be longer
 * than PATH_MAX, and a directory that is moved away or replaced by a link meanwhile changes nothing. Without `/proc` (not Linux)
 * plain paths are used; links that exist already are refused all the same.
 */
export declare class OpenDirectory implements Disposable {
    #private;
    readonly fd: number;
    readonly parent: OpenDirectory | undefined;
    /** Relative to the root; empty for the root itself. For messages and to find it again. */
    readonly path: Buffer;
    /** What its metadata shall be; undefined for the root. */
    readonly entry: TreeEntry | undefined;
    /** It was made by this run: whatever is in it was put there by this run. */
    readonly fresh: boolean;
    /** Entries made in it inherit an ACL that was there before. */
    readonly inheritsAcl: boolean;
    /** Symlinks, which are made when everything else in it is done. */
    readonly links: {
        name: Buffer;
        entry: TreeEntry;
    }[];
    /** Open subdirectories and files. Its metadata is set when there are none left. */
    pending: number;
    closed: boolean;
    constructor(fd: number, plainPath: Buffer, details: Pick<OpenDirectory, 'parent' | 'path' | 'entry' | 'fresh'>, libc: Libc | undefined);
    /** How system calls reach its entry `name`. */
    child(name: Buffer): Buffer;
    /** The path of its entry `name` relative to the root. */
    pathOf(name: Buffer): Buffer;
    /** Remembers what this run wrote or found to be in place, in a directory that was there before. */
    remember(found: BigIntStats): void;
    /** Is `found` something that this run already wrote under another name, which this file system takes for the same? */
    collides(found: BigIntStats): boolean;
    /** Removes what a killed run left. */
    removeParts(): void;
    [Symbol.dispose](): void;
}
/** Opens the root of a restore, and makes it and its parents if need be. Links on the way to it are the user's own, and followed. */
export declare function openRoot(root: string, libc: Libc | undefined): OpenDirectory;
/** @returns false if something of that name is there */
export declare function makeDirectory(path: Buffer): boolean;
/** Opens a directory, never a link to one, and takes the right to write into it. @returns the descriptor */
export declare function openBelow(path: Buffer, writable: boolean): number;
export declare function hasProc(): boolean;
