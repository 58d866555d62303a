import { newSession } from '../crypto/message.js';
import { encryptionFingerprint } from '../repository/agent.js';
import { encodePackRecord, makeIndex } from '../repository/index-object.js';
import { indexObject, packObject } from '../repository/layout.js';
import { Packer } from '../repository/packing/packer.js';
/** How many packs are stored between two index objects, and how many blobs in them: an index object is made in memory. */
const CHECKPOINT_PACKS = 8;
const CHECKPOINT_BLOBS = 50_000;
/**
 * Stores packs and books them: first the object, acknowledged, then the catalog's row. Every few packs an index object makes
 * them known to whoever has only the repository.
 */
export class PackStore {
    packer;
    /** Bytes that this run put into the repository. */
    storedBytes = 0;
    #run;
    #renewLease;
    #onStored;
    #packsSinceCheckpoint = 0;
    #blobsSinceCheckpoint = 0;
    #checkpoint = Promise.resolve();
    /** @param onStored called when a pack's blobs may be relied on */
    constructor(run, session, renewLease, onStored) {
        this.#run = run;
        this.#renewLease = renewLease;
        this.#onStored = onStored;
        this.packer = new Packer({
            session,
            generationKey: encryptionFingerprint(run.key),
            concurrency: run.concurrency,
            packBytes: run.packBytes,
            workers: run.workers,
            onPack: (pack) => this.#store(pack),
        });
    }
    /** Stores what is left, and the index of everything that has none. */
    async finish() {
        await this.packer.finish();
        await this.#checkpoint;
        await this.#writeIndex();
    }
    [Symbol.asyncDispose]() {
        return this.packer[Symbol.asyncDispose]();
    }
    async #store({ record, bytes }) {
        const { repository, catalog, generation, source, options, signal } = this.#run;
        this.storedBytes += bytes.length;
        if (options.dryRun === true)
            return this.#onStored(record);
        const place = { source: source.name, generation: generation.name };
        await repository.target.put(packObject(place, record.pack), bytes, { signal });
        const ids = record.frames.flatMap(({ blobs }) => blobs.map(([id]) => Buffer.from(id, 'hex')));
        catalog.transaction(() => {
            catalog.blobs.addPack(generation.id, { name: record.pack, size: record.size }, ids, encodePackRecord(record));
        });
        this.#onStored(record);
        await this.#renewLease();
        this.#packsSinceCheckpoint++;
        this.#blobsSinceCheckpoint += ids.length;
        if (this.#packsSinceCheckpoint >= CHECKPOINT_PACKS || this.#blobsSinceCheckpoint >= CHECKPOINT_BLOBS) {
            this.#packsSinceCheckpoint = 0;
            this.#blobsSinceCheckpoint = 0;
            this.#checkpoint = this.#checkpoint.then(() => this.#writeIndex());
            await this.#checkpoint;
        }
    }
    async #writeIndex() {
        const { repository, catalog, generation, source, agent, key, options, signal, now } = this.#run;
        if (options.dryRun === true)
            return;
        const unindexed = catalog.blobs.unindexed(generation.id);
        if (unindexed.length === 0)
            return;
        const place = { source: source.name, generation: generation.name };
        const session = await newSession([agent.key.toPublic(), key]);
        const { name, object } = await makeIndex({ repository: repository.id, ...place }, unindexed.map(({ record }) => record), agent, session, now());
        await repository.target.put(indexObject(place, name), object, { signal });
        this.storedBytes += object.length;
        catalog.transaction(() => {
            catalog.blobs.addIndex(generation.id, { name, size: object.length }, unindexed.map(({ name }) => name));
        });
    }
}
