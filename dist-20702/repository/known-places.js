/** Which repository this machine has met at which address: another one in its place must not pass for a first contact. */
import { join } from 'node:path';
import { Fields } from './fields.js';
import { sha256 } from './layout.js';
import { memoryUnusable, readMemory, writeMemory } from './memory-file.js';
import { repositoryId } from './repository.js';
/** One small file for each address, so that runs of several repositories do not write over each other. */
export class KnownPlaces {
    #folder;
    constructor(folder) {
        this.#folder = folder;
    }
    /**
     * The id of the repository that was met at an address.
     * @param address a target's label
     * @throws CatalogError if the file is there but unusable
     */
    at(address) {
        const path = this.path(address);
        const text = readMemory(path);
        if (text === undefined)
            return undefined;
        try {
            const fields = Fields.parse(text);
            if (fields.text('address') !== address)
                throw new Error('it is of another address');
            return repositoryId(fields);
        }
        catch (cause) {
            throw memoryUnusable(path, cause);
        }
    }
    remember(address, id) {
        if (this.at(address) !== id)
            writeMemory(this.path(address), { address, id });
    }
    path(address) {
        return join(this.#folder, `${sha256(address).slice(0, 32)}.json`);
    }
}
