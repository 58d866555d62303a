/** The catalog's tables. The catalog is a cache of the repository and of what this machine saw; storage decides. */
/** One step per version: `MIGRATIONS[n]` leads from version n to n + 1. A released step is never changed. */
export declare const MIGRATIONS: readonly string[];
