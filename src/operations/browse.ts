/** Looks into snapshots: ls, find, diff, cat. From the catalog where it knows the trees, else from the repository with the key. */
import type {PublicKey} from 'openpgp';
import type {Catalog} from '../catalog/catalog.ts';
import type {RecipientKey} from '../crypto/recipient-key.ts';
import {DamageError, KeyError, NotFoundError} from '../errors.ts';
import type {BlobReader} from '../repository/blob-reader.ts';
import type {SourceHistory} from '../repository/history.ts';
import {
  contentIds,
  type OpenedGeneration,
  type OpeningOptions,
  openSealedGeneration,
  readSealedSnapshot,
} from '../repository/open-snapshot.ts';
import type {Repository} from '../repository/repository.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import {
  decodeEntry,
  decodeTree,
  encodeDirectoryItself,
  encodeEntry,
  type TreeEntry,
} from '../repository/tree.ts';
import {type TreeSource, walkTrees} from '../repository/tree-walk.ts';
import type {PathFilter} from '../sources/folder/exclude.ts';
import {spread} from './spread.ts';

export interface BrowseContext {
  readonly repository: Repository;
  readonly agents: readonly PublicKey[];
  readonly catalog?: Catalog | undefined;
  /** Called only when the catalog does not know; asking for a passphrase takes a person. */
  key(): Promise<RecipientKey | undefined>;
  /** Is given each generation that is opened with the key: it knows what damage it came across. */
  readonly onOpened?: ((opened: OpenedGeneration) => void) | undefined;
  readonly onSalvage?: OpeningOptions['onSalvage'];
  readonly signal?: AbortSignal | undefined;
}

export interface Listed {
  readonly path: Buffer;
  readonly entry: TreeEntry;
}

export interface Difference {
  readonly added: readonly Listed[];
  readonly removed: readonly Listed[];
  readonly changed: readonly Listed[];
}

/** A snapshot whose trees can be read. */
export interface Browsed {
  readonly seal: CheckedSeal;
  readonly root: TreeEntry;
  readonly trees: TreeSource;
}

/**
 * Opens a snapshot for browsing.
 * @throws {@link KeyError} if the catalog does not know it and there is no key
 */
export async function openForBrowsing(
  context: BrowseContext,
  history: SourceHistory,
  seal: CheckedSeal,
): Promise<Browsed> {
  const known = fromCatalog(context.catalog, seal);
  if (known !== undefined) return known;
  const {reader, trees} = await openWithKey(context, history, seal);
  const {root} = await readSealedSnapshot(context.repository, context.agents, seal, reader);
  return {seal, root, trees};
}

/** Everything at and below `path`; with `deep` false, a directory's own entries alone. */
export async function listEntries(
  {seal, root, trees}: Browsed,
  path: string,
  deep: boolean,
  signal?: AbortSignal,
): Promise<Listed[]> {
  const wanted = normalized(path);
  const listed: Listed[] = [];
  const found = wanted.length === 0 ? root : await findEntry({seal, root, trees}, wanted);
  if (found.type !== 'directory') return [{path: wanted, entry: found}];
  const base = found;
  await walkTrees(
    trees,
    base,
    seal.entries.total,
    {
      enter(below, entry) {
        listed.push({path: joined(wanted, below), entry});
        return deep;
      },
      entry(below, entry) {
        listed.push({path: joined(wanted, below), entry});
      },
    },
    signal,
  );
  return listed;
}

/** All entries whose path matches. */
export async function findEntries(
  {seal, root, trees}: Browsed,
  matches: PathFilter,
  signal?: AbortSignal,
): Promise<Listed[]> {
  const found: Listed[] = [];
  await walkTrees(
    trees,
    root,
    seal.entries.total,
    {
      enter(path, entry) {
        if (matches(path, true)) found.push({path, entry});
        return true;
      },
      entry(path, entry) {
        if (matches(path, false)) found.push({path, entry});
      },
    },
    signal,
  );
  return found;
}

/** What changed from one snapshot to another. Directories whose trees are the same blobs are not read. */
export async function diffSnapshots(a: Browsed, b: Browsed, signal?: AbortSignal): Promise<Difference> {
  const difference = {added: [] as Listed[], removed: [] as Listed[], changed: [] as Listed[]};
  const sameGeneration = a.seal.generation === b.seal.generation && a.seal.source === b.seal.source;

  async function compare(path: Buffer, left: TreeEntry, right: TreeEntry): Promise<void> {
    signal?.throwIfAborted();
    if (sameGeneration && left.tree?.join() === right.tree?.join()) return;
    const [before, after] = [await listing(a.trees, left), await listing(b.trees, right)];
    for (const [name, entry] of before)
      if (!after.has(name)) await whole(a, joined(path, entry.name), entry, difference.removed);
    for (const [name, entry] of after) {
      const other = before.get(name);
      const at = joined(path, entry.name);
      if (other === undefined) await whole(b, at, entry, difference.added);
      else if ((other.type === 'directory') !== (entry.type === 'directory')) {
        await whole(a, at, other, difference.removed);
        await whole(b, at, entry, difference.added);
      } else {
        if (isChanged(other, entry, sameGeneration)) difference.changed.push({path: at, entry});
        if (entry.type === 'directory') await compare(at, other, entry);
      }
    }
  }
  await compare(Buffer.alloc(0), a.root, b.root);
  return difference;
}

/** A file's content, checked blob by blob. Always needs the key. */
export async function* readFileContent(
  context: BrowseContext,
  history: SourceHistory,
  seal: CheckedSeal,
  path: string,
): AsyncGenerator<Uint8Array> {
  const {reader, trees} = await openWithKey(context, history, seal);
  const {root} = await readSealedSnapshot(context.repository, context.agents, seal, reader);
  const entry = await findEntry({seal, root, trees}, normalized(path));
  if (entry.type !== 'file')
    throw new NotFoundError(`${path} is a ${entry.type}, not a file.`, {
      hint: 'Name a file; "holdfast ls" shows what is there.',
    });
  yield* withHoles(reader, entry);
}

async function* withHoles(reader: BlobReader, entry: TreeEntry): AsyncGenerator<Uint8Array> {
  async function* content(): AsyncGenerator<Uint8Array> {
    for await (const id of contentIds(reader, entry)) yield Buffer.from(await reader.read(id)); // A copy: it may wait in a stream.
  }
  yield* spread(entry, content());
}

function fromCatalog(catalog: Catalog | undefined, seal: CheckedSeal): Browsed | undefined {
  const row = catalog?.snapshots.find(seal.snapshot.id);
  const generation = catalog?.generations.find(seal.source, seal.generation);
  if (catalog === undefined || row?.root == null || row.sealSha256 !== seal.hash || generation === undefined)
    return undefined;
  const readTree = async (id: string): Promise<TreeEntry[]> => {
    const content = catalog.directories.tree(generation.id, Buffer.from(id, 'hex'));
    if (content === undefined) {
      throw new DamageError(`tree ${id.slice(0, 16)}…`, 'the catalog does not have it', {
        hint: 'Give a key with --key to read it from the repository.',
      });
    }
    return decodeTree(content);
  };
  return {seal, root: decodeEntry(row.root), trees: {readTree}};
}

async function openWithKey(
  context: BrowseContext,
  history: SourceHistory,
  seal: CheckedSeal,
): Promise<OpenedGeneration> {
  const key = await context.key();
  if (key === undefined) {
    throw new KeyError(
      `Snapshot ${seal.snapshot.id} can only be looked into with a private key; this machine cannot read its own history.`,
      {
        hint: 'Give the private key of a recipient with --key, on a machine that may have it.',
      },
    );
  }
  const {repository, agents, onSalvage, signal} = context;
  const opened = await openSealedGeneration(repository, agents, history, seal, key, {
    salvage: true,
    onSalvage,
    signal,
  });
  context.onOpened?.(opened);
  return opened;
}

async function findEntry({root, trees}: Browsed, path: Buffer): Promise<TreeEntry> {
  let entry = root;
  for (const name of path.toString('latin1').split('/')) {
    const next = entry.type === 'directory' ? (await listing(trees, entry)).get(name) : undefined;
    if (next === undefined)
      throw new NotFoundError(`There is no ${path.toString()} in this snapshot.`, {
        hint: 'Paths are relative to the folder that was backed up; "holdfast ls" shows them.',
      });
    entry = next;
  }
  return entry;
}

async function listing(trees: TreeSource, directory: TreeEntry): Promise<Map<string, TreeEntry>> {
  const entries = new Map<string, TreeEntry>();
  for (const id of directory.tree ?? [])
    for (const entry of await trees.readTree(id)) entries.set(entry.name.toString('latin1'), entry);
  return entries;
}

async function whole({seal, trees}: Browsed, path: Buffer, entry: TreeEntry, into: Listed[]): Promise<void> {
  into.push({path, entry});
  if (entry.type !== 'directory') return;
  await walkTrees(trees, entry, seal.entries.total, {
    enter: (below, child) => into.push({path: joined(path, below), entry: child}) > 0,
    entry: (below, child) => void into.push({path: joined(path, below), entry: child}),
  });
}

/** Blob ids of two generations cannot be compared: then size and time must do. */
function isChanged(before: TreeEntry, after: TreeEntry, sameGeneration: boolean): boolean {
  if (before.type === 'directory' && after.type === 'directory')
    return encodeDirectoryItself(before) !== encodeDirectoryItself(after); // What is in it is told on its own.
  const {tree: _before, ...left} = before;
  const {tree: _after, ...right} = after;
  if (sameGeneration) return encodeEntry(left) !== encodeEntry(right);
  const bare = ({content: _content, contentIn: _contentIn, ...entry}: TreeEntry): string =>
    encodeEntry(entry);
  return bare(left) !== bare(right);
}

function normalized(path: string): Buffer {
  return Buffer.from(path.replace(/^(\.?\/+)+|\/+$/g, '').replace(/^\.$/, ''));
}

function joined(path: Buffer, name: Buffer): Buffer {
  if (path.length === 0) return name;
  return Buffer.concat([path, Buffer.from('/'), name]);
}
