import {createHash} from 'node:crypto';
import {newSession} from '../crypto/message.ts';
import type {Session} from '../crypto/seipd.ts';
import {encryptionFingerprint} from '../repository/agent.ts';
import {encodePackRecord, makeIndex} from '../repository/index-object.ts';
import {indexObject, packObject} from '../repository/layout.ts';
import type {PackRecord} from '../repository/pack.ts';
import type {SealedPack} from '../repository/packing/pack-builder.ts';
import {Packer} from '../repository/packing/packer.ts';
import type {SourceRun} from './backup.ts';
import {bookedBlobs} from './backup-catalog.ts';

/** How many packs are stored between two index objects, and how many blobs in them: an index object is made in memory. */
const CHECKPOINT_PACKS = 8;
const CHECKPOINT_BLOBS = 32_768;

/** What may be on its way to the storage at once, together: it lies in memory. */
const UPLOADS_BYTES = 32 * 2 ** 20;
const PACK_LEAST_BYTES = 4 * 2 ** 20;

/** Up to four packs at once have their usual size; of more than that, each is smaller. */
function packBytesFor(concurrency: number): number | undefined {
  return concurrency <= 4 ? undefined : Math.max(PACK_LEAST_BYTES, Math.floor(UPLOADS_BYTES / concurrency));
}

/**
 * Stores packs and books them: first the object, acknowledged, then the catalog's row. Every few packs an index object makes
 * them known to whoever has only the repository.
 */
export class PackStore implements AsyncDisposable {
  readonly packer: Packer;
  /** Bytes that this run put into the repository. */
  storedBytes = 0;
  /** MD5 of the packs that this run stored, by name, where the target keeps nothing better. */
  readonly md5s = new Map<string, string>();
  readonly #run: SourceRun;
  readonly #renewLease: () => Promise<void>;
  readonly #onStored: (record: PackRecord) => void;
  #packsSinceCheckpoint = 0;
  #blobsSinceCheckpoint = 0;
  #checkpoint: Promise<void> = Promise.resolve();

  /** @param onStored called when a pack's blobs may be relied on */
  constructor(
    run: SourceRun,
    session: Session,
    renewLease: () => Promise<void>,
    onStored: (record: PackRecord) => void,
  ) {
    this.#run = run;
    this.#renewLease = renewLease;
    this.#onStored = onStored;
    this.packer = new Packer({
      session,
      generationKey: encryptionFingerprint(run.key),
      concurrency: run.concurrency,
      packBytes: run.packBytes ?? packBytesFor(run.concurrency),
      workers: run.workers,
      onPack: (pack) => this.#store(pack),
    });
  }

  /** Stores what is left, and the index of everything that has none. */
  async finish(): Promise<void> {
    await this.packer.finish();
    await this.#checkpoint;
    await this.#writeIndex();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.packer[Symbol.asyncDispose]();
  }

  async #store({record, bytes}: SealedPack): Promise<void> {
    const {repository, catalog, generation, source, options, signal} = this.#run;
    this.storedBytes += bytes.length;
    if (options.dryRun === true) return this.#onStored(record);
    const place = {source: source.name, generation: generation.name};
    const md5 =
      repository.target.keepsMd5 === true ? createHash('md5').update(bytes).digest('hex') : undefined;
    await repository.target.put(packObject(place, record.pack), bytes, {signal, md5});
    if (md5 !== undefined) this.md5s.set(record.pack, md5);
    const blobs = bookedBlobs(record);
    catalog.transaction(() => {
      catalog.blobs.addPack(
        generation.id,
        {name: record.pack, size: record.size},
        blobs,
        encodePackRecord(record),
      );
      catalog.sizes.add(repository.target.label, bytes.length);
    });
    this.#onStored(record);
    await this.#renewLease();
    this.#packsSinceCheckpoint++;
    this.#blobsSinceCheckpoint += blobs.length;
    if (this.#packsSinceCheckpoint >= CHECKPOINT_PACKS || this.#blobsSinceCheckpoint >= CHECKPOINT_BLOBS) {
      this.#packsSinceCheckpoint = 0;
      this.#blobsSinceCheckpoint = 0;
      this.#checkpoint = this.#checkpoint.then(() => this.#writeIndex());
      await this.#checkpoint;
    }
  }

  async #writeIndex(): Promise<void> {
    const {repository, catalog, generation, source, agent, key, options, signal, now} = this.#run;
    if (options.dryRun === true) return;
    const unindexed = catalog.blobs.unindexed(generation.id);
    if (unindexed.length === 0) return;
    const place = {source: source.name, generation: generation.name};
    const session = await newSession([agent.key.toPublic(), key]);
    const {name, object} = await makeIndex(
      {repository: repository.id, ...place},
      unindexed.map(({record}) => record),
      agent,
      session,
      now(),
    );
    await repository.target.put(indexObject(place, name), object, {signal});
    this.storedBytes += object.length;
    catalog.transaction(() => {
      catalog.blobs.addIndex(
        generation.id,
        {name, size: object.length},
        unindexed.map(({name}) => name),
      );
      catalog.sizes.add(repository.target.label, object.length);
    });
  }
}
