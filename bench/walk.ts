// The main thread's part of a backup, without workers, encryption and storage: node bench/walk.ts [FOLDER]
import {lstatSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Catalog} from '../src/catalog/catalog.ts';
import {DEFAULT_CHUNKING} from '../src/chunker/chunker.ts';
import {generateGenerationKey} from '../src/crypto/keygen.ts';
import {newSession} from '../src/crypto/message.ts';
import {BlobWriter} from '../src/repository/packing/blob-writer.ts';
import {Packer} from '../src/repository/packing/packer.ts';
import {WalkState} from '../src/sources/folder/state.ts';
import {walkFolder} from '../src/sources/folder/walk.ts';
import {median} from './lib/measure.ts';
import {makeTree} from './lib/tree.ts';

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-walk-'));
const folder = process.argv[2] ?? join(scratch, 'tree');
const GENERATION = 1;
const ROUNDS = 5;
try {
  if (process.argv[2] === undefined) makeTree(folder, 0.2);
  await main();
} finally {
  rmSync(scratch, {recursive: true});
}

async function main(): Promise<void> {
  const session = await newSession([(await generateGenerationKey(new Date())).toPublic()]);
  await using packer = new Packer({session, generationKey: '', concurrency: 1, onPack: async () => {}});
  using catalog = Catalog.open(join(scratch, 'catalog.db'), {repositoryId: 'bench'});
  // Every blob is known already, so that nothing is compressed.
  const writer = new BlobWriter({
    packer,
    blobIdKey: Buffer.alloc(32, 1),
    chunker: {seed: Buffer.alloc(32, 2), ...DEFAULT_CHUNKING},
    isKnown: () => true,
    isFresh: false,
  });
  let entries = 0;
  const walk = async (): Promise<void> => {
    const {counts} = await walkFolder({
      root: folder,
      isExcluded: undefined,
      excludeCaches: false,
      oneFileSystem: false,
      own: new Set(),
      writer,
      state: new WalkState(catalog, 'bench', GENERATION, true),
      now: () => new Date(),
      onWarning: (path, problem) => console.error(`${path}: ${problem}`),
      onNote: () => {},
    });
    entries = counts.entries.total;
    catalog.transaction(() => catalog.directories.commitWalk('bench', GENERATION));
  };
  const forget = () => catalog.transaction(() => catalog.directories.forgetSource('bench'));

  const listing = await medianOf(() => list(folder));
  const reading = await medianOf(async () => {
    forget();
    await walk();
  });
  const unchanged = await medianOf(walk);
  for (const [what, ms] of [
    ['readdir and lstat alone', listing],
    ['walk, all new: read, cut, name, note', reading],
    ['walk, nothing changed', unchanged],
  ] as const)
    console.log(
      `${what.padEnd(40)} ${ms.toFixed(0).padStart(6)} ms  ${((ms * 1000) / entries).toFixed(1).padStart(6)} µs per entry (${entries})`,
    );
}

function list(path: string): void {
  for (const name of readdirSync(path)) {
    const child = join(path, name);
    if (lstatSync(child, {bigint: true}).isDirectory()) list(child);
  }
}

async function medianOf(run: () => void | Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await run();
    times.push(performance.now() - started);
  }
  return median(times);
}
