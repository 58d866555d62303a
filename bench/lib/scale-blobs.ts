import {join} from 'node:path';
import {Catalog} from '../../src/catalog/catalog.ts';
import {Random} from './random.ts';
import {medianMs} from './repeat.ts';

const GENERATION = 1;
const BLOBS_PER_PACK = 1000;
const PROBES = 20_000;
/** What was considered in front of SQLite: a Bloom filter that is wrong about one unknown blob in 300. */
const FILTER_BITS = 12;

/** Fills a catalog with blobs that have random ids, as real ones do, and looks some up: at each tenth of the way. */
export function growBlobs(scratch: string, count: number): void {
  const path = join(scratch, 'catalog.db');
  console.log(
    'blobs        added µs  known µs  unknown µs  filter µs   open ms  catalog MB  filter MB   rss MB',
  );
  const filter = new Uint8Array(Math.ceil((count * FILTER_BITS) / 8));
  let made = 0;
  for (let tenth = 1; tenth <= 10; tenth++) {
    const until = Math.round((count * tenth) / 10);
    const from = made;
    let addedMs: number;
    {
      using catalog = open(path);
      if (made === 0) addGeneration(catalog);
      const started = performance.now();
      while (made < until) made = addPack(catalog, made, until);
      addedMs = performance.now() - started;
    }
    for (let n = from; n < made; n++) addToFilter(filter, idOf(n));
    const openMs = medianMs(3, () => open(path)[Symbol.dispose]());
    using catalog = open(path);
    const cells = [
      ((addedMs * 1000) / (made - from)).toFixed(1),
      probe(made, (id) => catalog.blobs.has(GENERATION, id), true).toFixed(2),
      probe(made, (id) => catalog.blobs.has(GENERATION, id), false).toFixed(2),
      probe(made, (id) => mayHave(filter, id), false).toFixed(2),
      openMs.toFixed(1),
      (catalog.sizeBytes() / 1e6).toFixed(0),
      (filter.byteLength / 1e6).toFixed(0),
      (process.memoryUsage.rss() / 1e6).toFixed(0),
    ];
    console.log(`${String(made).padEnd(11)}${cells.map((cell) => cell.padStart(9)).join('  ')}`);
  }
}

function open(path: string): Catalog {
  return Catalog.open(path, {repositoryId: 'bench'});
}

function addGeneration(catalog: Catalog): void {
  catalog.transaction(() =>
    catalog.generations.add({
      source: 'bench',
      name: '20260101T000000Z-abcd',
      created: '2026-01-01T00:00:00.000Z',
      publicKey: '',
      blobIdKey: Buffer.alloc(32),
      chunker: {seed: '', min: 1, maskBits: 1, max: 1},
      secrets: [],
      recipients: [],
    }),
  );
}

function addPack(catalog: Catalog, from: number, most: number): number {
  const until = Math.min(from + BLOBS_PER_PACK, most);
  const ids = Array.from({length: until - from}, (_, n) => idOf(from + n));
  const pack = {name: (ids[0] as Buffer).toString('hex'), size: 16 << 20};
  catalog.transaction(() => catalog.blobs.addPack(GENERATION, pack, ids, null));
  return until;
}

function idOf(n: number): Buffer {
  const id = Buffer.allocUnsafe(32);
  new Random(0x626c6f62, n).fill(id);
  return id;
}

/** @returns microseconds for each look-up */
function probe(made: number, look: (id: Buffer) => boolean, known: boolean): number {
  const random = new Random(0x70726f62, made);
  const ids = Array.from({length: PROBES}, () => idOf(known ? random.below(made) : made + random.next()));
  const ms = medianMs(3, () => {
    for (const id of ids) look(id);
  });
  return (ms * 1000) / PROBES;
}

/** Ids are random: parts of them serve as the hashes of a Bloom filter. */
function addToFilter(filter: Uint8Array, id: Buffer): void {
  for (let at = 0; at < 32; at += 4) {
    const bit = id.readUInt32LE(at) % (filter.length * 8);
    filter[bit >>> 3] = (filter[bit >>> 3] as number) | (1 << (bit & 7));
  }
}

function mayHave(filter: Uint8Array, id: Buffer): boolean {
  for (let at = 0; at < 32; at += 4) {
    const bit = id.readUInt32LE(at) % (filter.length * 8);
    if (((filter[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}
