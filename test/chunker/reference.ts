import {createHash, createHmac} from 'node:crypto';
import type {ChunkerParameters} from '../../src/chunker/chunker.ts';

/**
 * `gear64` as docs/format.md §6 words it, one byte after the other: the oracle of the chunker's tests.
 *
 * @returns the lengths of the chunks of a content
 */
export function referenceChunks(
  content: Uint8Array,
  {seed, min, maskBits, max}: ChunkerParameters,
): number[] {
  const table = Array.from({length: 256}, (_, byte) =>
    createHmac('sha256', seed).update(Uint8Array.of(byte)).digest().readBigUInt64LE(0),
  );
  const lengths: number[] = [];
  let start = 0;
  while (start < content.length) {
    let h = 0n;
    let end = content.length;
    for (let i = min - 64; start + i < content.length; i++) {
      h = BigInt.asUintN(64, (h << 1n) + (table[content[start + i] ?? 0] ?? 0n));
      const isCut = i + 1 >= min && h >> BigInt(64 - maskBits) === 0n;
      if (isCut || i + 1 === max) {
        end = start + i + 1;
        break;
      }
    }
    lengths.push(end - start);
    start = end;
  }
  return lengths;
}

/** Bytes that anybody can generate from a label: SHAKE256 of it. */
export function generatedBytes(label: string, sizeBytes: number): Uint8Array {
  return createHash('shake256', {outputLength: sizeBytes}).update(label).digest();
}
