/** Inodes of what a backup must not take into itself. What does not exist cannot be met. */
export declare function ownInodes(paths: readonly string[]): Set<string>;
