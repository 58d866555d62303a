import { type ByteRange, type CallOptions, type ObjectInfo, type ObjectName, type Target } from './target.ts';
export interface FileTargetOptions {
    /** False does without hard links from the start, as on file systems that have none. */
    readonly hardLinks?: boolean;
}
/**
 * Keeps objects as files below a folder, on a disk or a network file system. Files are 0600 and folders 0700, whatever
 * the umask. Partial files end in `.part`; no listing shows them. Symbolic links below the folder are not followed,
 * except by reads through a folder that somebody replaced by one: what is read is checked by whoever reads it.
 */
export declare class FileTarget implements Target {
    #private;
    readonly label: string;
    /** @param root an absolute path; a symbolic link is followed here */
    constructor(root: string, { hardLinks }?: FileTargetOptions);
    create({ signal }?: CallOptions): Promise<void>;
    put(name: ObjectName, body: Uint8Array, { signal }?: CallOptions): Promise<void>;
    replace(name: ObjectName, body: Uint8Array, { signal }?: CallOptions): Promise<void>;
    get(name: ObjectName, range?: ByteRange, { signal }?: CallOptions): AsyncIterable<Uint8Array>;
    stat(name: ObjectName, { signal }?: CallOptions): Promise<ObjectInfo | undefined>;
    list(prefix: string, { signal }?: CallOptions): AsyncIterable<ObjectInfo>;
    listFolders(prefix: string, { signal }?: CallOptions): AsyncIterable<string>;
    remove(name: ObjectName, { signal }?: CallOptions): Promise<void>;
    /**
     * Removes what killed runs left behind: partial files that were last written more than `olderThanMs` ago.
     *
     * @returns how many it removed
     */
    sweepPartials(olderThanMs: number, nowMs: number, { signal }?: CallOptions): Promise<number>;
    [Symbol.asyncDispose](): Promise<void>;
}
