/** Samples of a folder's content: how well it compresses, and how much of it is there twice. Bounded, whatever the size of the tree. */
import {createHash} from 'node:crypto';
import {closeSync, constants, fstatSync, openSync, readSync} from 'node:fs';
import {constants as zlib, zstdCompressSync} from 'node:zlib';
import type {FsPath} from '../../sources/folder/names.ts';

/** 50 MiB are read at most: so many files are drawn by their size, and of those that are much of the whole several pieces. */
const PIECES = 100;
const PIECE_BYTES = 256 * 1024;
/** As packs do it: small files share a frame. */
const FRAME_BYTES = 2 ** 20;
/** Files of equal size may be equal: so many are remembered, of sizes that are drawn. */
const TWINS_MOST = 4000;
const TWINS_LEAST_BYTES = 4096;
const TWINS_READ = 1500;
const PROBE_BYTES = 16 * 1024;

interface Piece {
  readonly key: number;
  readonly path: FsPath;
  readonly size: number;
}

export interface SampleResult {
  /** Bytes that were read. */
  readonly readBytes: number;
  /** Compressed size by size; undefined where nothing could be read. */
  readonly compression: number | undefined;
  /** Which share of the bytes lies in files that are there already. */
  readonly duplicates: number | undefined;
}

export class Samples {
  readonly #random: () => number;
  readonly #pieces: Piece[] = [];
  #leastKey = Number.NEGATIVE_INFINITY;
  readonly #twins = new Map<number, FsPath[]>();
  #twinCount = 0;
  #modulus = 1;
  #bytes = 0;

  /** @param random from 0 to 1, never 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Offers a file, whose name must not be changed afterwards. */
  offer(path: FsPath, size: number): void {
    if (size === 0) return;
    this.#bytes += size;
    // Weighted reservoir sampling (Efraimidis and Spirakis): the largest keys of log(u) / weight win.
    const key = Math.log(1 - this.#random()) / size;
    if (this.#pieces.length < PIECES || key > this.#leastKey) {
      this.#pieces.push({key, path, size});
      if (this.#pieces.length > PIECES) {
        this.#pieces.sort((a, b) => b.key - a.key);
        this.#pieces.pop();
        this.#leastKey = this.#pieces.at(-1)?.key ?? Number.NEGATIVE_INFINITY;
      }
    }
    if (size >= TWINS_LEAST_BYTES && isDrawn(size, this.#modulus)) this.#offerTwin(path, size);
  }

  read(): SampleResult {
    let [plain, packed, readBytes] = [0, 0, 0];
    let frame: Buffer[] = [];
    let frameBytes = 0;
    const pack = (): void => {
      if (frameBytes === 0) return;
      plain += frameBytes;
      packed += zstdCompressSync(Buffer.concat(frame), {
        params: {[zlib.ZSTD_c_compressionLevel]: 3},
      }).length;
      frame = [];
      frameBytes = 0;
    };
    for (const {path, from, length} of this.#places()) {
      const piece = readPiece(path, from, length);
      if (piece === undefined) continue;
      frame.push(piece);
      frameBytes += piece.length;
      readBytes += piece.length;
      if (frameBytes >= FRAME_BYTES) pack();
    }
    pack();
    const twins = this.#readTwins();
    return {
      readBytes: readBytes + twins.readBytes,
      compression: plain === 0 ? undefined : Math.min(1, packed / plain),
      duplicates: twins.share,
    };
  }

  /** Where to read: of a file as many pieces as its share of all bytes, and one at least. */
  *#places(): Generator<{path: FsPath; from: number; length: number}> {
    for (const {path, size} of this.#pieces) {
      const share = Math.round((PIECES * size) / this.#bytes);
      const count = Math.max(1, Math.min(share, Math.ceil(size / PIECE_BYTES)));
      // One piece in each part of the file: two of the same bytes would look as if they packed well.
      const part = size / count;
      const length = Math.min(PIECE_BYTES, Math.floor(part));
      for (let n = 0; n < count; n++)
        yield {path, from: Math.floor(n * part + this.#random() * (part - length)), length};
    }
  }

  #offerTwin(path: FsPath, size: number): void {
    const known = this.#twins.get(size);
    if (known === undefined) this.#twins.set(size, [path]);
    else known.push(path);
    this.#twinCount++;
    while (this.#twinCount > TWINS_MOST) {
      this.#modulus *= 2;
      for (const [other, paths] of this.#twins) {
        if (isDrawn(other, this.#modulus)) continue;
        this.#twins.delete(other);
        this.#twinCount -= paths.length;
      }
      // All of one size: every file there is may be equal to every other.
      if (this.#twins.size <= 1) {
        const [[only, paths] = [0, []]] = this.#twins;
        paths.length = Math.min(paths.length, TWINS_MOST / 2);
        this.#twinCount = paths.length;
        if (only === 0) return;
      }
    }
  }

  #readTwins(): {readBytes: number; share: number | undefined} {
    let [all, twice, readBytes, left] = [0, 0, 0, TWINS_READ];
    for (const [size, paths] of this.#twins) {
      const seen = new Set<string>();
      for (const path of paths) {
        if (paths.length > 1 && left-- > 0) {
          const hash = createHash('sha256');
          for (const from of [0, Math.floor(size / 2), Math.max(0, size - PROBE_BYTES)]) {
            const probe = readPiece(path, from, PROBE_BYTES);
            readBytes += probe?.length ?? 0;
            hash.update(probe ?? String(all));
          }
          const digest = hash.digest('hex');
          if (seen.has(digest)) twice += size;
          seen.add(digest);
        }
        all += size;
      }
    }
    return {readBytes, share: all === 0 ? undefined : twice / all};
  }
}

/** The same sizes are drawn for every file: all files of a drawn size are looked at. */
function isDrawn(size: number, modulus: number): boolean {
  return modulus === 1 || ((Math.imul(size, 0x9e3779b1) ^ (size / 2 ** 32)) >>> 7) % modulus === 0;
}

/** Undefined where it cannot be read any more: a sample lacks it, no backup does. */
function readPiece(path: FsPath, from: number, bytes: number): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    if (!fstatSync(file).isFile()) return undefined;
    const buffer = Buffer.alloc(bytes);
    const read = readSync(file, buffer, 0, bytes, from);
    return read === 0 ? undefined : buffer.subarray(0, read);
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}
