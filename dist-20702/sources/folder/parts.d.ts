import type { Libc } from '../../system/libc.ts';
import { type OpenDirectory } from './directory.ts';
export interface Part {
    readonly fd: number;
    /** Undefined if it has no name at all: nothing is left of it when this process is killed. */
    readonly path: Buffer | undefined;
}
export declare class Parts {
    #private;
    constructor(libc: Libc | undefined);
    /** A path that nobody has, of the form that {@link OpenDirectory.removeParts} removes after a kill. */
    nextPath(directory: OpenDirectory): Buffer;
    /**
     * Makes an empty file. In a directory that this run made it has no name if the file system can do that: this is a third faster
     * than to make and rename one, and {@link place} then takes no name that is taken, so nobody has to look before.
     */
    open(directory: OpenDirectory): Part;
    areNameless(directory: OpenDirectory): boolean;
    /** Gives it its name. @throws `EEXIST` if it has no name yet, and that one is taken; otherwise what is there is replaced */
    place(part: Part | Buffer, directory: OpenDirectory, name: Buffer): void;
}
export declare function removePart(path: Buffer | undefined): void;
