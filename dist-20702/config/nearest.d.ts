/**
 * The candidate that somebody who wrote `word` most likely meant, or undefined if none is near.
 * Case, dashes and underscores do not count: `one-file-system` is near `oneFileSystem`.
 */
export declare function nearest(word: string, candidates: Iterable<string>): string | undefined;
