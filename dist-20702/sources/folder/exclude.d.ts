/** Says whether a path matches: the path is relative to the source's root, without a leading or trailing slash. Never throws. */
export type PathFilter = (relativePath: Buffer | string, isDirectory: boolean) => boolean;
/**
 * Compiles patterns in gitignore syntax (gitignore(5)): a later one wins, `!` takes back, a slash at the start or in the middle anchors
 * at the root of the source, one at the end matches directories only. Whatever lies below an excluded directory is excluded, too.
 * Case matters. As in git, patterns and names are bytes: `?` stands for one byte, so that names in any encoding can be told apart.
 * @throws {@link ConfigError} naming a pattern that could never match
 */
export declare function compileExcludes(patterns: readonly string[]): PathFilter;
