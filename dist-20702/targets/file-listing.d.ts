import type { ObjectInfo } from './target.ts';
/**
 * Yields the name, relative to `root`, of each file below a folder, of partial files too. Symbolic links are not
 * followed; folders that vanish meanwhile, and those that cannot be part of an object's name, are passed over.
 */
export declare function walkFiles(root: string, start: readonly string[], signal?: AbortSignal): AsyncIterable<string>;
/** The names of the folders in a folder that may hold objects. */
export declare function foldersIn(root: string, start: readonly string[]): Promise<string[]>;
/** Yields the objects below a folder. */
export declare function walkObjects(root: string, start: readonly string[], signal?: AbortSignal): AsyncIterable<ObjectInfo>;
/** Whether there is an object below a folder. */
export declare function holdsObject(root: string, start: readonly string[], signal?: AbortSignal): Promise<boolean>;
