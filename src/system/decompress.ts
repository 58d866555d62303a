import {type ZstdOptions, zstdDecompressSync} from 'node:zlib';

/** Node takes no smaller piece of output. */
const LEAST_BYTES = 64;

/**
 * Decompresses in one piece of memory. Its last byte stays empty: where output fills a piece to its end, Node makes another as large.
 * @param most bytes that come out
 * @throws what zlib says of damage, and `ERR_BUFFER_TOO_LARGE` where more comes out
 */
export function decompressInOne(compressed: Uint8Array, most: number, options: ZstdOptions = {}): Buffer {
  return zstdDecompressSync(compressed, {
    ...options,
    chunkSize: Math.max(most + 1, LEAST_BYTES),
    maxOutputLength: Math.max(most, 1),
  });
}
