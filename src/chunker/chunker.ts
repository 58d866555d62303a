import {createHmac} from 'node:crypto';
import {GEAR_WASM} from './gear-wasm.ts';

export interface ChunkerParameters {
  /** 32 secret bytes, the generation's own: boundaries must not be a fingerprint of known content. */
  readonly seed: Uint8Array;
  /** No chunk but the last of a content is shorter. At least 64. */
  readonly min: number;
  /** A cut falls on one byte in 2^`maskBits`. 1 to 48. */
  readonly maskBits: number;
  /** No chunk is longer. */
  readonly max: number;
}

/** Chunks of about 1.25 MiB on average. */
export const DEFAULT_CHUNKING = {min: 262_144, maskBits: 20, max: 4_194_304} as const;

/**
 * Chunks of streams, by where they begin. Dumps change a little in many places: small chunks keep what is stored again small
 * (PERFORMANCE §5). Far into a huge dump the lists of chunks would outgrow that, so chunks are larger there. The cuts of the larger are
 * among the candidates of the smaller, so both fall into step again behind a change.
 */
export const STREAM_CHUNKING = [
  {from: 0, min: 2048, maskBits: 13, max: 65_536},
  {from: 4 * 2 ** 30, min: 16_384, maskBits: 16, max: 524_288},
  {from: 64 * 2 ** 30, ...DEFAULT_CHUNKING},
] as const;

/** The same where the last version is at hand, so that a chunk in which little changed costs little: fewer ids, of longer chunks. */
export const DELTA_CHUNKING = STREAM_CHUNKING.slice(1).map((tier, at) =>
  at === 0 ? {...tier, from: 0} : tier,
);

/** The room that the table of {@link createChunker} takes. */
export const TABLE_BYTES = 2048;

/** Bytes that have left a 64-bit hash: what lies further back does not decide about a cut. */
const WINDOW = 64;

/** Finds where chunks end (docs/format.md §6, `gear64`). */
export interface Chunker {
  readonly min: number;
  readonly max: number;
  /** Starts a chunk. */
  begin(): void;
  /**
   * Scans what it has not scanned yet of the chunk that starts at byte `offset` of the memory and of which `length`
   * bytes are there. Call it with growing lengths, by any step, until it finds the end; what lies behind the end is
   * the next chunk's. The chunk may be moved in the memory between calls. Where the content ends without a cut, the
   * rest is the last chunk.
   *
   * @returns the chunk's length, or 0 when more bytes are needed
   */
  scan(offset: number, length: number): number;
}

interface GearExports {
  readonly h: {value: bigint};
  warm(at: number, count: number): void;
  scan(at: number, count: number): number;
}

/** Compiling takes half a millisecond, and only programs that back up need it. */
let compiled: WebAssembly.Module | undefined;

/**
 * Makes a chunker that scans bytes in `memory`, which workers may share.
 *
 * @param tableOffset where to write its table of {@link TABLE_BYTES}, which must stay as it is; a multiple of 8
 * @throws {@link RangeError} for parameters that no chunker can have; whoever reads them from storage checks them before
 */
export function createChunker(
  memory: WebAssembly.Memory,
  tableOffset: number,
  {seed, min, maskBits, max}: ChunkerParameters,
): Chunker {
  requireInteger('min', min, WINDOW, max);
  requireInteger('max', max, min, 2 ** 30);
  requireInteger('maskBits', maskBits, 1, 48);
  requireInteger('tableOffset', tableOffset, 0, memory.buffer.byteLength - TABLE_BYTES);
  if (tableOffset % 8 !== 0) throw new RangeError('tableOffset must be a multiple of 8');
  if (seed.length !== 32) throw new RangeError('seed must have 32 bytes');

  writeTable(new Uint8Array(memory.buffer, tableOffset, TABLE_BYTES), seed);
  compiled ??= new WebAssembly.Module(Buffer.from(GEAR_WASM, 'base64'));
  const {exports} = new WebAssembly.Instance(compiled, {
    env: {memory, table: tableOffset, limit: 1n << BigInt(64 - maskBits)},
  });
  return new GearChunker(exports as unknown as GearExports, min, max);
}

class GearChunker implements Chunker {
  readonly min: number;
  readonly max: number;
  readonly #gear: GearExports;
  /** How many bytes of the chunk the hash has taken, or skipped. */
  #done: number;

  constructor(gear: GearExports, min: number, max: number) {
    this.#gear = gear;
    this.min = min;
    this.max = max;
    this.#done = min - WINDOW;
  }

  begin(): void {
    this.#gear.h.value = 0n;
    this.#done = this.min - WINDOW;
  }

  scan(offset: number, length: number): number {
    const end = Math.min(length, this.max);
    const firstCut = this.min - 1; // The byte behind which the first cut may fall.
    if (this.#done < firstCut && this.#done < end) {
      const warm = Math.min(end, firstCut) - this.#done;
      this.#gear.warm(offset + this.#done, warm);
      this.#done += warm;
    }
    if (this.#done >= firstCut && this.#done < end) {
      const cut = this.#gear.scan(offset + this.#done, end - this.#done);
      if (cut > 0) {
        this.#done += cut;
        return this.#done;
      }
      this.#done = end;
    }
    return length >= this.max ? this.max : 0;
  }
}

/** T[b] = the first 8 bytes, little-endian as WebAssembly reads them, of HMAC-SHA256(seed, b). */
function writeTable(table: Uint8Array, seed: Uint8Array): void {
  for (let byte = 0; byte < 256; byte++) {
    const mac = createHmac('sha256', seed).update(Uint8Array.of(byte)).digest();
    table.set(mac.subarray(0, 8), byte * 8);
  }
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be an integer from ${least} to ${most}, not ${value}`);
  }
}
