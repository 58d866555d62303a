import type { TreeEntry } from '../../repository/tree.ts';
import type { Libc, Place } from '../../system/libc.ts';
/** Reports what cannot be brought back: `kind` once with its first path, the rest as a number. */
export declare class Warnings {
    #private;
    constructor(report: (path: Buffer, problem: string) => void);
    each(path: Buffer, problem: string): void;
    once(path: () => Buffer, problem: string): void;
    /** Says of how many more entries each kind was true. */
    summarize(): void;
}
export interface MetadataOptions {
    readonly owners: boolean;
    readonly special: boolean;
    /** What follows "is left out" where `special` is false. */
    readonly whyNotSpecial: string;
    readonly libc: Libc | undefined;
    readonly warnings: Warnings;
}
export declare class MetadataWriter {
    #private;
    constructor(options: MetadataOptions);
    /**
     * The order matters: a change of owner clears setuid bits and capabilities; `user.*` attributes need the right to write, which the
     * mode may take away; an ACL may clear setgid; and all of them would spoil the times if anything touched the content after them.
     * @param place a descriptor, or the path of what cannot be opened (links, FIFOs, devices)
     * @param clearAcls an ACL may be there that the entry does not have
     */
    apply(place: Place, entry: TreeEntry, path: () => Buffer, clearAcls: boolean): void;
}
export declare function codeOf(error: unknown): string;
