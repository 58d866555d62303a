/** The folders of a file target: its root, which is only ever looked for, and those below, which are made as needed. */
export declare class FileFolders {
    #private;
    constructor(label: string, root: string);
    /** @throws {@link TargetError} where the root is not there, or not the folder that it was */
    requireRoot(): Promise<void>;
    /**
     * Makes a folder below the root, and those between, as far as they are missing. It syncs the parent of each at least
     * once, also of those that exist: another process may have made them just now.
     */
    make(components: readonly string[]): Promise<void>;
    /** To be called when a folder turns out to be gone. */
    forget(): void;
    /** Whether a folder is there, and reached without a symbolic link below the root. */
    has(components: readonly string[]): Promise<boolean>;
    /** Removes a folder and those above it, as far as they are empty, and brings that to the disk. */
    removeEmpty(components: readonly string[]): Promise<void>;
}
