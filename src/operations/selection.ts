import {compileExcludes, type PathFilter} from '../sources/folder/exclude.ts';

/** Which entries of a snapshot are meant. */
export interface Selection {
  /** Only these, and what is in them; everything if undefined. */
  readonly include?: PathFilter | undefined;
  /** Not these, nor what is in them. */
  readonly exclude?: PathFilter | undefined;
}

export function selects({include, exclude}: Selection, path: Buffer, isDirectory: boolean): boolean {
  return (include === undefined || include(path, isDirectory)) && exclude?.(path, isDirectory) !== true;
}

export function isEverything({include, exclude}: Selection): boolean {
  return include === undefined && exclude === undefined;
}

/**
 * A filter of patterns in gitignore syntax, and those of them that have matched nothing so far: a restore that lacks what was
 * asked for must not look complete.
 * @throws `ConfigError` naming a pattern that could never match
 */
export function compileIncludes(patterns: readonly string[]): {
  readonly filter: PathFilter;
  readonly unmatched: ReadonlyMap<string, PathFilter>;
} {
  const matches = compileExcludes(patterns);
  const unmatched = new Map<string, PathFilter>();
  for (const pattern of patterns)
    if (!pattern.startsWith('!')) unmatched.set(pattern, compileExcludes([pattern]));
  const filter: PathFilter = (path, isDirectory) => {
    for (const [pattern, isMatch] of unmatched) if (isMatch(path, isDirectory)) unmatched.delete(pattern);
    return matches(path, isDirectory);
  };
  return {filter, unmatched};
}
