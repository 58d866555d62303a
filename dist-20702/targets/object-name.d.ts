import type { ObjectName } from './target.ts';
/** Deeper folders are not ours. */
export declare const MAX_DEPTH = 16;
/** Ends the names of files that are not objects yet. */
export declare const PARTIAL_ENDING = ".part";
/**
 * Whether every target can keep an object of this name, and none would take it for something else. Names come from
 * storage, too: a listing is input of whoever owns the storage.
 */
export declare function isObjectName(name: string): boolean;
/**
 * @returns the name
 * @throws {@link RangeError} where a caller made, or believed, a name that no object can have: a bug
 */
export declare function checkObjectName(name: string): ObjectName;
/** @returns the components of a prefix, which is empty or ends in `/` */
export declare function checkPrefix(prefix: string): string[];
