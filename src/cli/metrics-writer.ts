/** Which configuration writes a file of metrics: where two do, each would wipe out what the other told. */
import {readFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {Fields} from '../repository/fields.ts';
import {sha256} from '../repository/layout.ts';
import {memoryUnusable, readMemory, writeMemory} from '../repository/memory-file.ts';
import {isMissing} from '../system/system-error.ts';

/**
 * Notes that a configuration writes it, unless another one of this machine does.
 * @param state the folder of what this machine knows
 * @returns the path of that other configuration
 * @throws CatalogError
 */
export function otherWriter(metrics: string, config: string, state: string): string | undefined {
  const path = join(state, 'metrics', `${sha256(metrics).slice(0, 32)}.json`);
  const other = writerIn(path);
  if (other === config) return undefined;
  if (other !== undefined && mentions(other, basename(metrics))) return other;
  writeMemory(path, {metrics, config});
  return undefined;
}

function writerIn(path: string): string | undefined {
  const text = readMemory(path);
  if (text === undefined) return undefined;
  try {
    return Fields.parse(text).text('config');
  } catch (cause) {
    throw memoryUnusable(path, cause);
  }
}

/** A configuration that was moved, or that says something else by now, writes it no longer. */
function mentions(config: string, name: string): boolean {
  try {
    return readFileSync(config, 'utf8').includes(name);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
