import {mkdtempSync, openSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/**
 * A file for reading and writing without a name: it is gone when it is closed, and after a crash.
 * @returns its descriptor. @throws what the system says, where the temporary folder takes none
 */
export function openScratchFile(): number {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-scratch-'));
  try {
    return openSync(join(folder, 'scratch'), 'wx+', 0o600);
  } finally {
    rmSync(folder, {recursive: true});
  }
}
