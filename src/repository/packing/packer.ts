import {availableParallelism} from 'node:os';
import {Worker} from 'node:worker_threads';
import type {Session} from '../../crypto/seipd.ts';
import type {Material} from '../../system/linked.ts';
import {keepHeapSmall, release} from '../../system/memory.ts';
import type {BlobId} from '../layout.ts';
import type {BlobList, PackKind} from '../pack.ts';
import {type Delta, type GatheredSlot, Lane} from './lane.ts';
import {PackBuilder, type SealedPack} from './pack-builder.ts';
import type {PackWorkerData} from './pack-worker.ts';
import {
  createSlotMemory,
  type FilledSlot,
  type FromWorker,
  RESERVATION_BYTES,
  type Ticket,
  type ToWorker,
} from './slots.ts';

export interface PackerOptions {
  readonly session: Session;
  readonly generationKey: string;
  /** Size at which a pack is closed; 16 MiB unless a test wants many. */
  readonly packBytes?: number | undefined;
  /** Worker threads that compress and seal; all cores but at most two by default. */
  readonly workers?: number | undefined;
  /** Packs that may be on their way to the target at once. */
  readonly concurrency: number;
  /** Stores a pack; called for several at once. A failure stops the packer. */
  onPack(pack: SealedPack): Promise<void>;
}

/** A place in the shared memory to write a blob's content to. */
export interface Reservation {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Slots that must wait, beside the two of each worker, for another worker to be worth its start: some 30 MB take one no longer than two. */
const WAITING_FOR_ANOTHER = 2;

interface Hand {
  readonly worker: Worker;
  busy: number;
}

/**
 * Gathers blobs into frames, has them compressed and sealed by worker threads, and hands the packs to `onPack`. Memory is
 * bounded by the slots and by `concurrency`: {@link reserve} waits when there is none. Workers start with the first full slot, so that small
 * runs have none.
 */
export class Packer implements AsyncDisposable {
  readonly memory: WebAssembly.Memory;
  /** What is being stored as data. */
  material: Material = 'files';
  readonly #options: PackerOptions;
  readonly #all: Buffer;
  readonly #free: number[];
  readonly #lanes: Record<PackKind, Lane>;
  readonly #hands: Hand[] = [];
  readonly #queue: FilledSlot[] = [];
  readonly #blobsOf = new Map<Ticket, BlobList>();
  #tickets = 0;
  readonly #uploads = new Set<Promise<void>>();
  readonly #workers: number;
  #finished = 0;
  #failure: unknown;
  #wake: (() => void) | undefined;

  constructor(options: PackerOptions) {
    this.#options = options;
    this.#workers = options.workers ?? Math.min(2, availableParallelism());
    // One per worker, one that is being filled, one that waits, one for trees.
    const slots = Math.max(this.#workers, 1) + 4;
    this.memory = createSlotMemory(slots);
    this.#all = Buffer.from(this.memory.buffer);
    this.#free = Array.from({length: slots}, (_, slot) => slot);
    this.#lanes = {data: new Lane('data', this.#all), tree: new Lane('tree', this.#all)};
  }

  /** Whether {@link reserve} would have to wait; a synchronous reader asks this first. */
  mustWait(kind: PackKind): boolean {
    return this.#failure !== undefined || (this.#lanes[kind].needsSlot && this.#free.length === 0);
  }

  /** Waits until {@link reserve} can go on. @throws what made the packer fail */
  async ready(kind: PackKind): Promise<void> {
    while (this.mustWait(kind)) {
      this.throwIfFailed();
      await this.#change();
    }
  }

  /** Room for a blob of up to `length` bytes, at most {@link RESERVATION_BYTES}. Call only when {@link mustWait} is false. */
  reserve(kind: PackKind, length: number): Reservation {
    this.throwIfFailed();
    if (length > RESERVATION_BYTES) throw new RangeError(`${length} bytes are more than one blob may have.`);
    const lane = this.#lanes[kind];
    if (lane.needsSlot) this.#startSlot(lane);
    const offset = lane.contentOffset;
    return {offset, bytes: this.#all.subarray(offset, offset + length)};
  }

  /** Makes the first `length` bytes of the latest reservation a blob, stored as they are or as a delta. */
  commit(kind: PackKind, id: BlobId, length: number, delta?: Delta): void {
    const lane = this.#lanes[kind];
    if (lane.commit(id, length, delta)) this.#handOver(kind, lane.take());
  }

  /** Seals everything and waits until all packs are stored. */
  async finish(): Promise<void> {
    for (const lane of Object.values(this.#lanes)) {
      const gathered = lane.take();
      if (gathered !== undefined && this.#hands.length === 0) this.#packHere(lane.kind, gathered);
      else this.#handOver(lane.kind, gathered);
    }
    while (this.#queue.length > 0 || this.#hands.some(({busy}) => busy > 0)) {
      this.throwIfFailed();
      await this.#change();
    }
    for (const {worker} of this.#hands) post(worker, {type: 'finish'});
    while (this.#finished < this.#hands.length || this.#uploads.size > 0) {
      this.throwIfFailed();
      await this.#change();
    }
    this.throwIfFailed();
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#hands.map(({worker}) => worker.terminate()));
    await Promise.allSettled(this.#uploads);
  }

  #startSlot(lane: Lane): void {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error('reserve() was called when it had to wait.');
    lane.start(slot);
  }

  #handOver(kind: PackKind, gathered: GatheredSlot | undefined): void {
    if (gathered === undefined) return;
    const frames = gathered.frames.map(({start, length, blobs}) => ({
      start,
      length,
      ticket: this.#ticketFor(blobs),
      count: blobs.length,
    }));
    this.#queue.push({slot: gathered.slot, kind, material: this.#materialOf(kind), frames});
    this.#dispatch();
  }

  #materialOf(kind: PackKind): Material {
    return kind === 'tree' ? 'files' : this.material;
  }

  #ticketFor(blobs: BlobList): Ticket {
    this.#blobsOf.set(++this.#tickets, blobs);
    return this.#tickets;
  }

  #redeem(ticket: Ticket): BlobList {
    const blobs = this.#blobsOf.get(ticket);
    if (blobs === undefined) throw new Error('A worker handed back a frame that it was not given.');
    this.#blobsOf.delete(ticket);
    return blobs;
  }

  /** Little was added: no worker is worth its start. */
  #packHere(kind: PackKind, {slot, frames}: GatheredSlot): void {
    const {session, generationKey} = this.#options;
    const builder = new PackBuilder({session, generationKey, kind, packBytes: this.#packBytes});
    for (const {start, length, blobs} of frames) {
      const raw = this.#all.subarray(start, start + length);
      const pack = builder.add(raw, blobs, blobs.length, this.#materialOf(kind));
      if (pack !== undefined) this.#upload(pack);
    }
    const last = builder.finish();
    if (last !== undefined) this.#upload(last);
    this.#free.push(slot);
  }

  /** Gives queued slots to workers, unless packs pile up on their way to the target. */
  #dispatch(): void {
    while (this.#uploads.size < this.#options.concurrency) {
      const [filled] = this.#queue;
      if (filled === undefined) return; // Before a worker is started: nobody would tell it to finish.
      const hand = filled.kind === 'tree' ? this.#firstHand() : this.#idleHand();
      if (hand === undefined) return;
      this.#queue.shift();
      hand.busy++;
      post(hand.worker, {type: 'fill', filled});
    }
  }

  /** Trees are few: one worker gathers all of them, or there would be two packs half full. */
  #firstHand(): Hand | undefined {
    const first = this.#hands[0] ?? this.#startWorker();
    return first.busy < 2 ? first : undefined;
  }

  #idleHand(): Hand | undefined {
    const idle = this.#hands.find(({busy}) => busy === 0);
    if (idle !== undefined) return idle;
    const isWorthStart = this.#hands.length === 0 || this.#queue.length >= WAITING_FOR_ANOTHER;
    if (isWorthStart && this.#hands.length < Math.max(this.#workers, 1)) return this.#startWorker();
    return this.#hands.find(({busy}) => busy === 1);
  }

  #startWorker(): Hand {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const workerData: PackWorkerData = {
      memory: this.memory.buffer as unknown as SharedArrayBuffer,
      session: this.#options.session,
      generationKey: this.#options.generationKey,
      packBytes: this.#packBytes,
    };
    const worker = new Worker(new URL(`./pack-worker.${extension}`, import.meta.url), {
      workerData,
      resourceLimits: {maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64},
    });
    const hand: Hand = {worker, busy: 0};
    worker.on('message', (message: FromWorker) => this.#receive(hand, message));
    worker.on('error', (error) => this.#fail(error));
    this.#hands.push(hand);
    return hand;
  }

  #receive(hand: Hand, message: FromWorker): void {
    if (message.type === 'pack') {
      const {record, memory, length} = message;
      const frames = record.frames.map((frame) => ({...frame, blobs: this.#redeem(frame.blobs)}));
      this.#upload({record: {...record, frames}, bytes: Buffer.from(memory, 0, length)});
    } else if (message.type === 'free') {
      hand.busy--;
      this.#free.push(message.slot);
      this.#dispatch();
      this.#notify();
    } else {
      this.#finished++;
      this.#notify();
    }
  }

  #upload(pack: SealedPack): void {
    const upload: Promise<void> = this.#options
      .onPack(pack)
      .then(() => release(pack.bytes))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#uploads.delete(upload);
        keepHeapSmall();
        this.#dispatch();
        this.#notify();
      });
    this.#uploads.add(upload);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#notify();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  get #packBytes(): number {
    return this.#options.packBytes ?? 16 * 2 ** 20;
  }
}

function post(worker: Worker, message: ToWorker): void {
  worker.postMessage(message);
}
