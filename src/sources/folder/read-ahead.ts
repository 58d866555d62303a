import type {DirectoryPart, DirectoryTable} from '../../catalog/directories.ts';

const BATCH_LEAST_BYTES = 4096;
const BATCH_MOST_BYTES = 2 ** 19;

/**
 * Reads what the catalog keeps of directories, many at once: a walk asks for them nearly in the order of their paths, and a query
 * for each would cost more than all the rest of it. Batches grow while they are used, and shrink while they are not.
 */
export class ReadAhead {
  readonly #table: DirectoryTable;
  readonly #source: string;
  readonly #generation: number;
  /** By path, as latin1. What was asked for is gone from it. */
  readonly #batch = new Map<string, DirectoryPart[]>();
  /** Every directory from the first of these paths to the last is or was in the batch. */
  #from = '';
  #to: string | undefined;
  #batchBytes = BATCH_LEAST_BYTES;
  #read = 0;

  constructor(table: DirectoryTable, source: string, generation: number) {
    this.#table = table;
    this.#source = source;
    this.#generation = generation;
  }

  /** A directory's parts at the last snapshot, in order; none if it was not there or belongs to another generation. Asked for once. */
  take(path: Buffer): DirectoryPart[] {
    const key = path.toString('latin1');
    const isCovered = this.#to !== undefined && key >= this.#from && key <= this.#to;
    if (!isCovered) this.#fill(path, key);
    const parts = this.#batch.get(key) ?? [];
    this.#batch.delete(key);
    return parts;
  }

  #fill(path: Buffer, key: string): void {
    const wasUseful = this.#batch.size * 2 <= this.#read;
    this.#batchBytes = wasUseful
      ? Math.min(this.#batchBytes * 2, BATCH_MOST_BYTES)
      : Math.max(this.#batchBytes / 2, BATCH_LEAST_BYTES);
    this.#batch.clear();
    this.#from = key;
    this.#to = key;
    let bytes = 0;
    for (const found of this.#table.from(this.#source, this.#generation, path)) {
      const at = found.path.toString('latin1');
      this.#batch.set(at, found.parts);
      this.#to = at;
      for (const {names, stats} of found.parts) bytes += names.length + stats.length;
      if (bytes >= this.#batchBytes) break;
    }
    this.#read = this.#batch.size;
  }
}
