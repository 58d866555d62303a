import type {Dirent} from 'node:fs';
import {lstat, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {isMissing} from '../system/system-error.ts';
import {isObjectName, MAX_DEPTH} from './object-name.ts';
import type {ObjectInfo} from './target.ts';

/** How many files are asked for their size at once. */
const STATS_AT_ONCE = 32;
/** What mkfs puts into the root of a disk, readable by nobody but root. */
const NOT_OURS = 'lost+found';

/**
 * Yields the name, relative to `root`, of each file below a folder, of partial files too. Symbolic links are not
 * followed; folders that vanish meanwhile, and those that cannot be part of an object's name, are passed over.
 */
export async function* walkFiles(
  root: string,
  start: readonly string[],
  signal?: AbortSignal,
): AsyncIterable<string> {
  const folders = [start.join('/')];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal?.throwIfAborted();
    const prefix = folder === '' ? '' : `${folder}/`;
    for (const entry of await readFolder(join(root, folder))) {
      const name = prefix + entry.name;
      if (entry.isFile()) yield name;
      else if (isObjectFolder(entry, name)) folders.push(name);
    }
  }
}

/** The names of the folders in a folder that may hold objects. */
export async function foldersIn(root: string, start: readonly string[]): Promise<string[]> {
  const entries = await readFolder(join(root, ...start));
  return entries
    .filter((entry) => isObjectFolder(entry, [...start, entry.name].join('/')))
    .map(({name}) => name);
}

/** Yields the objects below a folder. */
export async function* walkObjects(
  root: string,
  start: readonly string[],
  signal?: AbortSignal,
): AsyncIterable<ObjectInfo> {
  let names: string[] = [];
  for await (const name of walkFiles(root, start, signal)) {
    if (!isObjectName(name)) continue;
    names.push(name);
    if (names.length < STATS_AT_ONCE) continue;
    yield* await describe(root, names);
    names = [];
  }
  yield* await describe(root, names);
}

/** Whether there is an object below a folder. */
export async function holdsObject(
  root: string,
  start: readonly string[],
  signal?: AbortSignal,
): Promise<boolean> {
  for await (const name of walkFiles(root, start, signal)) if (isObjectName(name)) return true;
  return false;
}

async function describe(root: string, names: readonly string[]): Promise<ObjectInfo[]> {
  const infos = await Promise.all(names.map((name) => objectInfo(root, name)));
  return infos.filter((info) => info !== undefined);
}

async function objectInfo(root: string, name: string): Promise<ObjectInfo | undefined> {
  try {
    const {size, mtimeMs} = await lstat(join(root, name));
    return {name, sizeBytes: size, modifiedMs: Math.floor(mtimeMs)};
  } catch (cause) {
    if (isMissing(cause)) return undefined; // Removed meanwhile.
    throw cause;
  }
}

async function readFolder(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, {withFileTypes: true});
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw cause;
  }
}

function isObjectFolder(entry: Dirent, name: string): boolean {
  if (!entry.isDirectory() || name === NOT_OURS) return false;
  return name.split('/').length < MAX_DEPTH && isObjectName(`${name}/x`);
}
