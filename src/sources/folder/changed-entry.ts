/** What the walk found of entries that may not be what they were. */
import {decodeEntry, encodeDirectoryItself} from '../../repository/tree.ts';
import type {EntryStats} from './entry-stats.ts';

/** An entry whose line in the tree may be another than before. */
export interface ChangedEntry {
  readonly name: string;
  readonly line: string;
  readonly stats: EntryStats;
  /** It was looked at again: its position in the known directory, where its line may turn out to be the same. */
  readonly reread?: number;
  /** A directory, which is as it was if it is so by itself. */
  readonly itself?: string;
}

/** Of an entry that is as it was: its position in the known directory. */
export type SeenEntry = ChangedEntry | number;

/** Whether it turned out to be what it was. Of a directory, what is in it does not count: that is counted on its own. */
export function isAsBefore(knownLine: string, {line, itself}: ChangedEntry): boolean {
  if (knownLine === line) return true;
  if (itself === undefined) return false;
  const known = decodeEntry(knownLine);
  return known.type === 'directory' && encodeDirectoryItself(known) === itself;
}
