/** Copies what lives of some packs into new packs of the same generation, each blob checked against its id on the way, and describes them. */
import {createHash} from 'node:crypto';
import {newSession} from '../../crypto/message.ts';
import {DamageError} from '../../errors.ts';
import {encryptionFingerprint} from '../../repository/agent.ts';
import type {IndexedPack} from '../../repository/blob-index.ts';
import {encodePackRecord, makeIndex} from '../../repository/index-object.ts';
import {agentObject, indexObject, packObject} from '../../repository/layout.ts';
import type {OpenedGeneration} from '../../repository/open-snapshot.ts';
import type {SealedPack} from '../../repository/packing/pack-builder.ts';
import {Packer} from '../../repository/packing/packer.ts';
import type {CheckedSeal, SizedName} from '../../repository/seal.ts';
import type {LiveBlobs} from './live.ts';
import type {Amount} from './plan.ts';
import type {PruneContext} from './prune.ts';

export interface CopyContext extends PruneContext {
  readonly packBytes?: number | undefined;
  /** Called often: it may take hours. */
  renewLease(): Promise<void>;
}

export interface CopyFrom {
  /** One of the generation. */
  readonly seal: CheckedSeal;
  readonly opened: OpenedGeneration;
  readonly live: LiveBlobs;
  readonly packs: readonly IndexedPack[];
}

export interface Copied {
  readonly packs: readonly SizedName[];
  readonly index: readonly SizedName[];
  readonly stored: Amount;
}

const UPLOADS = 2;
/** Blobs that one index object describes: it is made in memory. */
const INDEX_BLOBS = 32_768;
const LEASE_EVERY_MS = 60_000;

/** @throws {@link DamageError} if something that lives cannot be read: then nothing refers to what was stored until then */
export async function copyLive(context: CopyContext, {seal, opened, live, packs}: CopyFrom): Promise<Copied> {
  const {reader} = opened;
  const {repository, onProgress, now, signal} = context;
  const generationKey = reader.generation.privateKey.toPublic();
  const store = new CopyStore(context, seal);
  let renewedMs = now().getTime();
  const total = packs.reduce((sum, {size}) => sum + size, 0);
  let done = 0;
  {
    await using packer = new Packer({
      session: await newSession([generationKey]),
      generationKey: encryptionFingerprint(generationKey),
      concurrency: UPLOADS,
      packBytes: context.packBytes,
      onPack: (pack) => store.put(pack),
    });
    for (const [number, pack] of packs.entries()) {
      signal?.throwIfAborted();
      const ids = live.take(pack);
      for (const id of ids) reader.want(id);
      for (const id of ids) {
        const {bytes, place} = await reader.readStored(id);
        // A delta is copied as it is only from where its base is beside it; a copy that lies elsewhere is stored whole.
        const isDelta = place.base !== undefined && place.frame.pack === pack;
        const content = isDelta || place.base === undefined ? bytes : await reader.read(id);
        const length = isDelta ? bytes.length : content.length;
        const kept = Buffer.from(content); // Memory of the reader: a wait may take it back.
        if (packer.mustWait(pack.kind)) await packer.ready(pack.kind);
        packer.reserve(pack.kind, length).bytes.set(kept);
        if (isDelta && place.base !== undefined)
          packer.commit(pack.kind, id, place.length, {base: place.base, member: kept});
        else packer.commit(pack.kind, id, length);
        reader.release(id);
      }
      done += pack.size;
      onProgress?.({
        phase: 'prune',
        files: {done: number + 1, total: packs.length},
        bytes: {done, total},
        current: packObject(seal, pack.name),
      });
      if (now().getTime() - renewedMs < LEASE_EVERY_MS) continue;
      renewedMs = now().getTime();
      await context.renewLease();
    }
    await packer.finish();
  }
  const agent = context.agents.find((one) => one.getFingerprint() === seal.agent);
  if (agent === undefined) throw new DamageError(agentObject(seal.agent), 'it is missing');
  const index = await store.describe(repository.id, await newSession([agent, generationKey]));
  await lockAsLong(context, seal, packs, store.names);
  return {packs: store.packs, index, stored: store.stored};
}

/** Stores new packs, then the index of them, signed by the operator. */
class CopyStore {
  readonly packs: SizedName[] = [];
  /** Of all that was stored. */
  readonly names: string[] = [];
  readonly stored = {objects: 0, bytes: 0};
  readonly #context: CopyContext;
  readonly #seal: CheckedSeal;
  readonly #records: {readonly text: string; readonly blobs: number}[] = [];

  constructor(context: CopyContext, seal: CheckedSeal) {
    this.#context = context;
    this.#seal = seal;
  }

  async put({record, bytes}: SealedPack): Promise<void> {
    const {target} = this.#context.repository;
    const md5 = target.keepsMd5 === true ? createHash('md5').update(bytes).digest('hex') : undefined;
    await this.#store(packObject(this.#seal, record.pack), bytes, md5);
    this.packs.push([record.pack, record.size]);
    this.#records.push({
      text: encodePackRecord(record),
      blobs: record.frames.reduce((sum, {blobs}) => sum + blobs.length, 0),
    });
  }

  async describe(repository: string, session: Awaited<ReturnType<typeof newSession>>): Promise<SizedName[]> {
    const index: SizedName[] = [];
    const operator = await this.#context.operator();
    while (this.#records.length > 0) {
      const texts: string[] = [];
      for (let blobs = 0; blobs < INDEX_BLOBS; ) {
        const record = this.#records.shift();
        if (record === undefined) break;
        texts.push(record.text);
        blobs += record.blobs;
      }
      const signer = {fingerprint: operator.getFingerprint(), key: operator};
      const place = {repository, source: this.#seal.source, generation: this.#seal.generation};
      const {name, object} = await makeIndex(place, texts, signer, session, this.#context.now());
      await this.#store(indexObject(this.#seal, name), object);
      index.push([name, object.length]);
    }
    return index;
  }

  async #store(name: string, bytes: Uint8Array, md5?: string): Promise<void> {
    const {repository, signal} = this.#context;
    await repository.target.put(name, bytes, {signal, md5});
    this.names.push(name);
    this.stored.objects++;
    this.stored.bytes += bytes.length;
  }
}

/** What stands in for locked packs is locked as long as the longest of them. */
async function lockAsLong(
  {repository: {target}, now, signal}: CopyContext,
  seal: CheckedSeal,
  packs: readonly IndexedPack[],
  names: readonly string[],
): Promise<void> {
  if (target.lock === undefined || target.extendLock === undefined) return;
  let untilMs = now().getTime();
  for (const {name} of packs) {
    const {lockedUntilMs = 0} = (await target.stat(packObject(seal, name), {signal})) ?? {};
    if (Number.isFinite(lockedUntilMs)) untilMs = Math.max(untilMs, lockedUntilMs);
  }
  if (untilMs > now().getTime()) for (const name of names) await target.extendLock(name, untilMs, {signal});
}
