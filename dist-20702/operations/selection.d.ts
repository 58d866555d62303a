import type { PathFilter } from '../sources/folder/exclude.ts';
/** Which entries of a snapshot are meant. */
export interface Selection {
    /** Only these, and what is in them; everything if undefined. */
    readonly include?: PathFilter | undefined;
    /** Not these, nor what is in them. */
    readonly exclude?: PathFilter | undefined;
}
export declare function selects({ include, exclude }: Selection, path: Buffer, isDirectory: boolean): boolean;
export declare function isEverything({ include, exclude }: Selection): boolean;
