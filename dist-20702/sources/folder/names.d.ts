/** What `fs` takes: text while it is ASCII, else bytes. */
export type FsPath = string | Buffer;
export declare function fsPath(parent: FsPath, name: string): FsPath;
export declare function bytesOf(path: FsPath): Buffer;
/** The names in a directory, in byte order. A name that is not UTF-8 keeps its bytes. */
export declare function listNames(directory: FsPath): string[];
/** A directory that is being walked, reachable by a path of bearable length. */
export declare class WalkedDirectory implements Disposable {
    #private;
    readonly path: FsPath;
    constructor(path: FsPath);
    [Symbol.dispose](): void;
}
