/** The new listing of a directory: stored as trees, and noted for the next walk. */
import {STATS} from '../../catalog/directories.ts';
import type {BlobId} from '../../repository/layout.ts';
import type {BlobWriter} from '../../repository/packing/blob-writer.ts';
import {cutTree} from '../../repository/tree.ts';
import type {NewPart, WalkState} from './state.ts';

/**
 * @param names in byte order, as latin1
 * @param lines their lines in the tree
 * @param stats {@link STATS} numbers per name
 */
export async function storeListing(
  {writer, state}: {readonly writer: BlobWriter; readonly state: WalkState},
  path: Buffer,
  names: readonly string[],
  lines: readonly string[],
  stats: BigInt64Array,
): Promise<BlobId[]> {
  const parts: NewPart[] = [];
  let start = 0;
  for (const end of cutTree(names, lines)) {
    const content = Buffer.from(`${lines.slice(start, end).join('\n')}\n`);
    const tree = await writer.storeWhole('tree', content);
    parts.push({
      tree,
      content,
      names: names.slice(start, end),
      stats: stats.slice(start * STATS, end * STATS),
    });
    start = end;
  }
  state.note(path, parts);
  return parts.map(({tree}) => tree);
}
