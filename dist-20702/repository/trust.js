/** What this machine has seen of a repository: whom it trusts to sign, and the last seal of each source (TUF's rollback check). */
import { Fields } from './fields.js';
import { isHash } from './layout.js';
import { memoryUnusable, readMemory, writeMemory } from './memory-file.js';
/** A small JSON file per repository, written whole; kept apart from the catalog, so that losing one does not lose the other. */
export class TrustFile {
    #path;
    #repository;
    #memory;
    /** @throws {@link CatalogError} if the file is there but unusable: forgetting in silence would disarm the rollback check */
    constructor(path, repository) {
        this.#path = path;
        this.#repository = repository;
        this.#memory = this.#read();
    }
    get agents() {
        return this.#memory.agents;
    }
    seen(source) {
        return Object.hasOwn(this.#memory.seals, source) ? this.#memory.seals[source] : undefined;
    }
    get sources() {
        return Object.keys(this.#memory.seals);
    }
    approve(fingerprints) {
        const agents = [...new Set([...this.#memory.agents, ...fingerprints])];
        if (agents.length > this.#memory.agents.length)
            this.#write({ ...this.#memory, agents });
    }
    /** Notes newer seals; never goes back. */
    remember(seals) {
        const newer = Object.entries(seals).filter(([source, seal]) => seal.sequence > (this.seen(source)?.sequence ?? 0));
        if (newer.length === 0)
            return;
        const kept = newer.map(([source, { sequence, hash }]) => [source, { ...this.seen(source), sequence, hash }]);
        this.#write({ ...this.#memory, seals: { ...this.#memory.seals, ...Object.fromEntries(kept) } });
    }
    /** Problems of a source's history that the operator has looked at; exactly these, and none that comes later. */
    accepted(source) {
        return this.seen(source)?.accepted ?? [];
    }
    /** From now on this is the newest seal, whatever was seen before, and these problems are known. */
    accept(source, { sequence, hash }, problems) {
        const accepted = [...new Set([...this.accepted(source), ...problems])];
        this.#write({ ...this.#memory, seals: { ...this.#memory.seals, [source]: { sequence, hash, accepted } } });
    }
    #read() {
        const text = readMemory(this.#path);
        if (text === undefined)
            return { agents: [], seals: {} };
        try {
            const fields = Fields.parse(text);
            const seals = JSON.parse(text).seals;
            return {
                agents: fields.texts('agents', 1000).filter(isHash),
                seals: Object.fromEntries(Object.entries(seals).map(([source, raw]) => {
                    const seal = new Fields(raw);
                    const accepted = seal.has('accepted') ? { accepted: seal.texts('accepted', 100_000) } : {};
                    return [source, { sequence: seal.count('sequence'), hash: seal.hash('hash'), ...accepted }];
                })),
            };
        }
        catch (cause) {
            throw memoryUnusable(this.#path, cause);
        }
    }
    #write(memory) {
        writeMemory(this.#path, { repository: this.#repository, ...memory });
        this.#memory = memory;
    }
}
