import { type BigIntStats } from 'node:fs';
import type { EntryType, TreeEntry } from '../../repository/tree.ts';
import { type Libc } from '../../system/libc.ts';
import type { FsPath } from './names.ts';
/** The type of what lstat saw; undefined for sockets, which only the program that made them can make. */
export declare function entryType(stats: BigIntStats): EntryType | undefined;
/** What all entries have; `onProblem` is told of attributes that cannot be read. */
export declare function describeEntry(name: string, path: FsPath, type: EntryType, stats: BigIntStats, libc: Libc | undefined, onProblem: (problem: string) => void): TreeEntry;
/** Names an inode on this machine. */
export declare function inodeKey(stats: BigIntStats): string;
