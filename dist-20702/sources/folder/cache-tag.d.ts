import { type FsPath } from './names.ts';
/** Whether a directory declares itself a cache that needs no backup. */
export declare function isTaggedCache(directory: FsPath, names: readonly string[]): boolean;
