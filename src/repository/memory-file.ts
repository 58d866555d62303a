/** Small JSON files in which this machine keeps what it has seen of repositories; forgetting in silence would disarm the checks. */

import {randomBytes} from 'node:crypto';
import {closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync} from 'node:fs';
import {dirname} from 'node:path';
import {CatalogError} from '../errors.ts';
import {makeFolders} from '../system/folders.ts';
import {systemWords, whyFailed} from '../system/system-error.ts';

/** The text, or undefined if there is none yet. @throws {@link CatalogError} if it is there and cannot be read */
export function readMemory(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw memoryUnusable(path, error);
  }
}

/** Replaces the file: it is the old one or the new one, whole, at any moment. @throws {@link CatalogError} */
export function writeMemory(path: string, content: object): void {
  const part = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    makeFolders(dirname(path), 0o700);
    const file = openSync(part, 'wx', 0o600);
    try {
      writeSync(file, `${JSON.stringify(content, null, 1)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  } catch (cause) {
    throw memoryUnusable(path, cause);
  }
}

export function memoryUnusable(path: string, cause: unknown): CatalogError {
  return new CatalogError(
    `What this machine remembers of the repository (${path}) cannot be used: ${whyFailed(cause)}.`,
    {
      cause,
      hint:
        systemWords(cause)?.hint ??
        'Repair the file or its folder; if you delete it, compare the agent fingerprints that are shown next with those you noted.',
    },
  );
}
