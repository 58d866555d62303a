import type { TreeEntry } from '../repository/tree.ts';
/** A file's bytes with its holes as zeros. */
export declare function spread(entry: TreeEntry, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
