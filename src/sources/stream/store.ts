/** Stores a dump as a folder with one file per stream. */

import {STATS} from '../../catalog/directories.ts';
import {SourceError} from '../../errors.ts';
import type {BlobId} from '../../repository/layout.ts';
import type {BaseBlobs, BlobWriter} from '../../repository/packing/blob-writer.ts';
import {decodeEntry, encodeEntry, type TreeEntry} from '../../repository/tree.ts';
import {storeListing} from '../folder/listing.ts';
import type {WalkState} from '../folder/state.ts';
import type {WalkCounts} from '../folder/walk-progress.ts';
import {ContentIds} from './content-ids.ts';
import type {Dump, DumpFacts, DumpFile} from './dump.ts';

export interface StoreOptions {
  readonly source: string;
  readonly dump: Dump;
  readonly writer: BlobWriter;
  readonly state: WalkState;
  /** A stream without a byte is no failure. */
  readonly allowEmpty: boolean;
  readonly now: () => Date;
  /** Of the file with this name, what the last version was made of; undefined to store every chunk whole. */
  readonly basesOf?: ((file: string) => BaseBlobs) | undefined;
  readonly signal?: AbortSignal | undefined;
  onProgress?(counts: WalkCounts, current: Buffer): void;
}

export interface StoredDump {
  readonly root: TreeEntry;
  readonly counts: WalkCounts;
  readonly files: readonly (readonly [name: string, sizeBytes: number])[];
  readonly facts: DumpFacts;
}

const ROOT = Buffer.alloc(0);

/** @throws {@link SourceError} if a stream is not whole: then nothing of the dump counts */
export async function storeDump(options: StoreOptions): Promise<StoredDump> {
  const {dump, state, now} = options;
  const counts: WalkCounts = {
    entries: {new: 0, changed: 0, unchanged: 0, removed: 0, total: 0},
    bytes: {source: 0, read: 0},
  };
  const before = knownFiles(state);
  const files = new Map<string, TreeEntry>();
  const started = BigInt(now().getTime()) * 1_000_000n;
  const owned = {uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mtimeNs: started};
  let facts: DumpFacts;
  try {
    for (;;) {
      const {done, value} = await dump.next();
      if (done === true) {
        facts = value;
        break;
      }
      if (files.has(value.name)) throw new SourceError(`The dump has two files named ${value.name}.`);
      const content = await storeFile(options, value, counts);
      const entry: TreeEntry = {
        name: Buffer.from(value.name),
        type: 'file',
        mode: 0o600,
        ...owned,
        ...content,
      };
      files.set(value.name, entry);
      count(counts, entry, before.get(value.name));
    }
  } finally {
    await dump.return({});
  }
  for (const name of before.keys()) if (!files.has(name)) counts.entries.removed++;
  const entries = [...files.values()].sort((a, b) => Buffer.compare(a.name, b.name));
  const tree = await storeTree(options, entries);
  state.flush();
  const root: TreeEntry = {name: Buffer.from('.'), type: 'directory', mode: 0o700, ...owned, tree};
  return {root, counts, files: entries.map(({name, size = 0}) => [name.toString(), size]), facts};
}

async function storeFile(
  {source, writer, allowEmpty, basesOf, signal, onProgress}: StoreOptions,
  {name, bytes, chunkBytes}: DumpFile,
  counts: WalkCounts,
): Promise<Pick<TreeEntry, 'content' | 'contentIn' | 'size'>> {
  const ids = new ContentIds(writer);
  const current = Buffer.from(name);
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of bytes) {
      signal?.throwIfAborted();
      counts.bytes.read += piece.length;
      onProgress?.(counts, current);
      yield piece;
    }
  }
  const size = await writer.storeStream(counted(), (id) => ids.add(id), {
    chunkBytes,
    bases: chunkBytes === undefined ? basesOf?.(name) : undefined,
  });
  signal?.throwIfAborted();
  if (size === 0 && !allowEmpty) {
    throw new SourceError(`The dump ${name} of ${source} is empty. No snapshot was made.`, {
      hint: 'Run the command by hand to see why; if it is meant to be so, set "allowEmpty: true", or use --allow-empty once.',
    });
  }
  return {...(await ids.finish()), size};
}

/** Stores the listing, and notes it for the next run and for `ls`. */
function storeTree(options: StoreOptions, entries: readonly TreeEntry[]): Promise<BlobId[]> {
  const names = entries.map(({name}) => name.toString('latin1'));
  const lines = entries.map(encodeEntry);
  return storeListing(options, ROOT, names, lines, new BigInt64Array(names.length * STATS));
}

/** The files of the last dump in this generation, by name. */
function knownFiles(state: WalkState): Map<string, TreeEntry> {
  const known = state.known(ROOT);
  const lines = known === undefined ? [] : (state.lines(known) ?? []);
  return new Map(lines.map((line) => decodeEntry(line)).map((entry) => [entry.name.toString(), entry]));
}

function count({entries, bytes}: WalkCounts, entry: TreeEntry, before: TreeEntry | undefined): void {
  const isSame =
    before?.size === entry.size &&
    before?.content?.join() === entry.content?.join() &&
    before?.contentIn?.join() === entry.contentIn?.join();
  entries[before === undefined ? 'new' : isSame ? 'unchanged' : 'changed']++;
  entries.total++;
  bytes.source += entry.size ?? 0;
}
