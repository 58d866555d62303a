/** Which repository this machine has met at which address: another one in its place must not pass for a first contact. */
import {join} from 'node:path';
import {Fields} from './fields.ts';
import {sha256} from './layout.ts';
import {memoryUnusable, readMemory, writeMemory} from './memory-file.ts';
import {repositoryId} from './repository.ts';

/** One small file for each address, so that runs of several repositories do not write over each other. */
export class KnownPlaces {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The id of the repository that was met at an address.
   * @param address a target's label
   * @throws CatalogError if the file is there but unusable
   */
  at(address: string): string | undefined {
    const path = this.path(address);
    const text = readMemory(path);
    if (text === undefined) return undefined;
    try {
      const fields = Fields.parse(text);
      if (fields.text('address') !== address) throw new Error('it is of another address');
      return repositoryId(fields);
    } catch (cause) {
      throw memoryUnusable(path, cause);
    }
  }

  remember(address: string, id: string): void {
    if (this.at(address) !== id) writeMemory(this.path(address), {address, id});
  }

  path(address: string): string {
    return join(this.#folder, `${sha256(address).slice(0, 32)}.json`);
  }
}
