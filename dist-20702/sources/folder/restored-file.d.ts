import type { TreeEntry } from '../../repository/tree.ts';
export interface RestoredFileHooks {
    /** Metadata, final name. Called with the complete file still open. @returns false if it could not take its place */
    readonly place: (fd: number) => boolean;
    /** Removes what was written. Called after the descriptor is closed. `problem`: why, unless the caller asked for it. */
    readonly discard: (problem: string | undefined) => void;
    /** Says which file could not be written. */
    readonly explain: (error: unknown) => Error;
}
/** A file under a temporary name, or none. It takes its final name in {@link commit}, whole, or never. Disposing of it uncommitted discards it. */
export declare class RestoredFile implements Disposable {
    #private;
    /** @param fd of an empty file; closed by commit and abort */
    constructor(fd: number, entry: TreeEntry, hooks: RestoredFileHooks);
    /**
     * Takes the next bytes of its content: of its data extents, one after the other. The chunk is the caller's again afterwards.
     * @throws RestoreError when the file system is full or broken
     */
    write(chunk: Uint8Array): void;
    /**
     * Gives it its metadata and its name.
     * @returns false (after a warning) if its content has not the size that it should, or its name is taken
     */
    commit(): boolean;
    /** Removes what was written. */
    abort(): void;
    [Symbol.dispose](): void;
}
/** Extents ascend, do not touch, and end within the file. */
export declare function extentsAreSound({ size, extents }: TreeEntry): boolean;
