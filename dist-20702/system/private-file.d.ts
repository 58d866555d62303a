/** A file that only this user can read, and that has no name where the system can do that; it is gone when this is disposed of. */
export declare class PrivateFile implements Disposable {
    #private;
    /** Where programs that this process starts, as the same user, find it. */
    readonly path: string;
    constructor(content: string);
    [Symbol.dispose](): void;
}
