/** Stores a dump as a folder with one file per stream; some databases make a folder of files each. */

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
  /** What lies in the snapshot itself; a folder with all that is in it. */
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
  const started = BigInt(now().getTime()) * 1_000_000n;
  const owned = {uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mtimeNs: started};
  const root = new StoredFolder(ROOT, state);
  const folders = new Map<string, StoredFolder>();
  const sizes = new Map<string, number>();
  let facts: DumpFacts;
  try {
    for (;;) {
      const {done, value} = await dump.next();
      if (done === true) {
        facts = value;
        break;
      }
      const {folder: folderName, name} = value;
      let folder = folderName === undefined ? root : folders.get(folderName);
      if (folder === undefined) {
        folder = new StoredFolder(Buffer.from(folderName ?? ''), state);
        folders.set(folderName ?? '', folder);
      }
      if (folder.files.has(name)) throw new SourceError(`The dump has two files named ${pathOf(value)}.`);
      const content = await storeFile(options, value, counts);
      folder.add({name: Buffer.from(name), type: 'file', mode: 0o600, ...owned, ...content}, counts);
      sizes.set(folderName ?? name, (sizes.get(folderName ?? name) ?? 0) + content.size);
    }
  } finally {
    await dump.return({});
  }
  for (const [name, folder] of folders) {
    const tree = await folder.store(options, counts);
    root.add({name: Buffer.from(name), type: 'directory', mode: 0o700, ...owned, tree}, counts);
  }
  const tree = await root.store(options, counts);
  state.flush();
  const top: TreeEntry = {name: Buffer.from('.'), type: 'directory', mode: 0o700, ...owned, tree};
  return {root: top, counts, files: [...sizes].sort(([a], [b]) => (a < b ? -1 : 1)), facts};
}

/** One folder of the snapshot, and what the last dump in this generation had in it. */
class StoredFolder {
  readonly files = new Map<string, TreeEntry>();
  readonly #path: Buffer;
  readonly #state: WalkState;
  readonly #before: ReadonlyMap<string, TreeEntry>;

  constructor(path: Buffer, state: WalkState) {
    this.#path = path;
    this.#state = state;
    this.#before = knownEntries(state, path);
  }

  add(entry: TreeEntry, counts: WalkCounts): void {
    const name = entry.name.toString();
    this.files.set(name, entry);
    count(counts, entry, this.#before.get(name));
  }

  /** Stores the listing, and notes it for the next run and for `ls`. */
  store(options: StoreOptions, {entries: counts}: WalkCounts): Promise<BlobId[]> {
    for (const [name, {type}] of this.#before) {
      if (this.files.has(name)) continue;
      counts.removed += 1 + (type === 'directory' ? this.#state.noteGone(Buffer.from(name)) : 0);
    }
    const entries = [...this.files.values()].sort((a, b) => Buffer.compare(a.name, b.name));
    const names = entries.map(({name}) => name.toString('latin1'));
    const lines = entries.map(encodeEntry);
    return storeListing(options, this.#path, names, lines, new BigInt64Array(names.length * STATS));
  }
}

function pathOf({folder, name}: DumpFile): string {
  return folder === undefined ? name : `${folder}/${name}`;
}

async function storeFile(
  {source, writer, allowEmpty, basesOf, signal, onProgress}: StoreOptions,
  file: DumpFile,
  counts: WalkCounts,
): Promise<Pick<TreeEntry, 'content' | 'contentIn'> & {size: number}> {
  const {bytes, chunkBytes, folder, sameAs = pathOf(file)} = file;
  const ids = new ContentIds(writer);
  const current = Buffer.from(pathOf(file));
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
    bases: chunkBytes === undefined ? basesOf?.(sameAs) : undefined,
  });
  signal?.throwIfAborted();
  if (size === 0 && !allowEmpty && folder === undefined) {
    throw new SourceError(`The dump ${file.name} of ${source} is empty. No snapshot was made.`, {
      hint: 'Run the command by hand to see why; if it is meant to be so, set "allowEmpty: true", or use --allow-empty once.',
    });
  }
  return {...(await ids.finish()), size};
}

/** What the last dump in this generation had in a folder, by name. */
function knownEntries(state: WalkState, path: Buffer): Map<string, TreeEntry> {
  const known = state.known(path);
  const lines = known === undefined ? [] : (state.lines(known) ?? []);
  return new Map(lines.map((line) => decodeEntry(line)).map((entry) => [entry.name.toString(), entry]));
}

function count({entries, bytes}: WalkCounts, entry: TreeEntry, before: TreeEntry | undefined): void {
  const isSame =
    before?.size === entry.size &&
    before?.content?.join() === entry.content?.join() &&
    before?.contentIn?.join() === entry.contentIn?.join() &&
    before?.tree?.join() === entry.tree?.join();
  entries[before === undefined ? 'new' : isSame ? 'unchanged' : 'changed']++;
  entries.total++;
  bytes.source += entry.size ?? 0;
}
