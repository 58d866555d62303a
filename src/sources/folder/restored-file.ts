import {closeSync, ftruncateSync} from 'node:fs';
import type {TreeEntry} from '../../repository/tree.ts';
import {writeAll} from '../../system/whole-file.ts';

export interface RestoredFileHooks {
  /** Metadata, final name. Called with the complete file still open. @returns false if it could not take its place */
  readonly place: (fd: number) => boolean;
  /** Removes what was written. Called after the descriptor is closed. `problem`: why, unless the caller asked for it. */
  readonly discard: (problem: string | undefined) => void;
  /** Says which file could not be written. */
  readonly explain: (error: unknown) => Error;
}

/** Bytes of a chunk, and where in the file they belong. */
export interface FilePiece {
  readonly from: number;
  readonly length: number;
  readonly position: number;
}

/** A file under a temporary name, or none. It takes its final name in {@link commit}, whole, or never. Disposing of it uncommitted discards it. */
export class RestoredFile implements Disposable {
  readonly #fd: number;
  readonly #size: number;
  readonly #extents: readonly (readonly [number, number])[];
  readonly #hooks: RestoredFileHooks;
  #extent = 0;
  #filled = 0;
  #problem: string | undefined;
  #settled = false;

  /** @param fd of an empty file; closed by commit and abort */
  constructor(fd: number, entry: TreeEntry, hooks: RestoredFileHooks) {
    this.#fd = fd;
    this.#size = entry.size ?? 0;
    this.#extents = entry.extents ?? (this.#size > 0 ? [[0, this.#size]] : []);
    this.#hooks = hooks;
  }

  /** For whoever writes its {@link pieces} in another thread. */
  get fd(): number {
    return this.#fd;
  }

  /**
   * Takes the next bytes of its content: of its data extents, one after the other. The chunk is the caller's again afterwards.
   * @throws RestoreError when the file system is full or broken
   */
  write(chunk: Uint8Array): void {
    for (const piece of this.pieces(chunk.length)) this.writePiece(chunk, piece);
  }

  /** Where the next `length` bytes of its content belong; they count as written. */
  *pieces(length: number): Generator<FilePiece> {
    for (let from = 0; from < length; ) {
      const extent = this.#extents[this.#extent];
      if (extent === undefined) {
        this.#problem ??= 'its content is longer than its size';
        return;
      }
      const [offset, extentLength] = extent;
      const count = Math.min(extentLength - this.#filled, length - from);
      yield {from, length: count, position: offset + this.#filled};
      from += count;
      this.#filled += count;
      if (this.#filled === extentLength) {
        this.#extent++;
        this.#filled = 0;
      }
    }
  }

  /** @throws RestoreError when the file system is full or broken */
  writePiece(chunk: Uint8Array, {from, length, position}: FilePiece): void {
    try {
      writeAll(this.#fd, chunk.subarray(from, from + length), position);
    } catch (error) {
      throw this.#hooks.explain(error);
    }
  }

  /**
   * Gives it its metadata and its name.
   * @returns false (after a warning) if its content has not the size that it should, or its name is taken
   */
  commit(): boolean {
    if (this.#settled) return false;
    if (this.#extent < this.#extents.length) this.#problem ??= 'its content is shorter than its size';
    const last = this.#extents.at(-1);
    let placed = false;
    try {
      if (this.#problem === undefined) {
        if (this.#size > (last ? last[0] + last[1] : 0)) ftruncateSync(this.#fd, this.#size);
        placed = this.#hooks.place(this.#fd);
        if (!placed) this.#problem = '';
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EFBIG') throw this.#hooks.explain(error);
      this.#problem = 'it is larger than the file system allows';
    } finally {
      if (placed) this.#close();
      else this.#discard();
    }
    return placed;
  }

  /** Removes what was written. */
  abort(): void {
    if (this.#settled) return;
    this.#problem = undefined;
    this.#discard();
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  #discard(): void {
    this.#close();
    this.#hooks.discard(this.#problem === '' ? undefined : this.#problem);
  }

  #close(): void {
    this.#settled = true;
    closeSync(this.#fd);
  }
}

/** Extents ascend, do not touch, and end within the file. */
export function extentsAreSound({size = 0, extents = []}: TreeEntry): boolean {
  let end = -1;
  for (const [offset, length] of extents) {
    if (!Number.isSafeInteger(offset + length) || offset <= end || length <= 0) return false;
    end = offset + length;
  }
  return Number.isSafeInteger(size) && size >= 0 && end <= size;
}
