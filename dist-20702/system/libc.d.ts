/** A byte path (without the closing NUL), or an open file descriptor. Symbolic links are never followed at the end of a path. */
export type Place = Buffer | number;
/** What Node's `fs` cannot do on Linux. Every failure is an `Error` with `code` (`'ENODATA'`, `'ENOTSUP'`, …), as `fs` throws. */
export interface Libc {
    /** The names of all extended attributes, in the file system's order; ACLs and capabilities are among them. @throws `EILSEQ` for a name that is not UTF-8 */
    listXattrs(place: Place): string[];
    getXattr(place: Place, name: string): Buffer;
    /** All extended attributes, sorted by name, or undefined when there are none. One that vanishes meanwhile is left out. */
    readXattrs(place: Place): Record<string, Uint8Array> | undefined;
    setXattr(place: Place, name: string, value: Uint8Array): void;
    removeXattr(place: Place, name: string): void;
    /** Sets both times to the nanosecond. */
    setTimes(place: Place, atimeNs: bigint, mtimeNs: bigint): void;
    /**
     * Where a file of `sizeBytes` holds data: `[offset, length]`, ascending, not touching. The rest is holes. `[]` is all hole.
     * Moves the descriptor's offset. A file system without holes reports one extent.
     */
    dataExtents(fd: number, sizeBytes: number): [number, number][];
    /** Makes a FIFO or a device. The umask applies to `mode`, which holds the type bits, too. */
    makeNode(path: Buffer, mode: number, device?: readonly [major: number, minor: number]): void;
    /** Gives an open file, made with O_TMPFILE, a name. Needs `/proc`. @throws `EEXIST` if the name is taken */
    linkDescriptor(fd: number, path: Buffer): void;
    /** Has malloc keep little: all threads share it, and large buffers leave no holes behind. Without effect on other C libraries than glibc. */
    makeMallocThrifty(): void;
    /** Gives pages that malloc keeps, of all threads, back to the system. */
    trimMalloc(): void;
}
/** The C library of this process, or undefined where it is not Linux or the optional package `koffi` is missing. */
export declare function loadLibc(): Libc | undefined;
/** Linux' encoding of a device number. */
export declare function joinDevice([major, minor]: readonly [number, number]): bigint;
/** The reverse of {@link joinDevice}, for `rdev` of a `stat`. */
export declare function splitDevice(rdev: bigint): [major: number, minor: number];
