import {existsSync, mkdirSync, statSync} from 'node:fs';
import {dirname, resolve} from 'node:path';

/**
 * Makes a folder and those above it, like `mkdir -p`. Node's own `recursive` never returns where a file system answers ENOENT below a
 * folder that exists, as `/proc` does.
 * @returns the topmost folder that was made; undefined if all were there
 * @throws what `mkdir` throws; `EEXIST` or `ENOTDIR` if something else is in the way
 */
export function makeFolders(path: string, mode = 0o777): string | undefined {
  const missing: string[] = [];
  let at = resolve(path);
  while (!isFolder(at)) {
    missing.push(at);
    const above = dirname(at);
    if (above === at || existsSync(above)) break;
    at = above;
  }
  let first: string | undefined;
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder, {mode});
      first ??= folder;
    } catch (error) {
      if (!isFolder(folder)) throw error; // Else another process made it meanwhile.
    }
  }
  return first;
}

function isFolder(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isDirectory() === true;
}
