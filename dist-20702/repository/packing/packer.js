import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { keepHeapSmall } from '../../system/memory.js';
import { MEMBER_HEADER_BYTES, memberLength, padding, writeMemberHeader, } from '../pack.js';
import { PackBuilder } from './pack-builder.js';
import { createSlotMemory, FRAME_FULL_BYTES, RESERVATION_BYTES, SLOT_FULL_BYTES, slotStart, } from './slots.js';
/**
 * Gathers blobs into frames, has them compressed and sealed by worker threads, and hands the packs to `onPack`. Memory is
 * bounded by the slots and by `concurrency`: {@link reserve} waits when there is none. Workers start with the first full slot, so that small
 * runs have none.
 */
export class Packer {
    memory;
    #options;
    #all;
    #free;
    #lanes;
    #hands = [];
    #queue = [];
    #blobsOf = new Map();
    #tickets = 0;
    #uploads = new Set();
    #workers;
    #finished = 0;
    #failure;
    #wake;
    constructor(options) {
        this.#options = options;
        this.#workers = options.workers ?? Math.min(2, availableParallelism());
        // One per worker, one that is being filled, one that waits, one for trees.
        const slots = Math.max(this.#workers, 1) + 4;
        this.memory = createSlotMemory(slots);
        this.#all = Buffer.from(this.memory.buffer);
        this.#free = Array.from({ length: slots }, (_, slot) => slot);
        this.#lanes = { data: this.#newLane('data'), tree: this.#newLane('tree') };
    }
    /** Whether {@link reserve} would have to wait; a synchronous reader asks this first. */
    mustWait(kind) {
        return this.#failure !== undefined || (this.#lanes[kind].slot < 0 && this.#free.length === 0);
    }
    /** Waits until {@link reserve} can go on. @throws what made the packer fail */
    async ready(kind) {
        while (this.mustWait(kind)) {
            this.throwIfFailed();
            await this.#change();
        }
    }
    /** Room for a blob of up to `length` bytes, at most {@link RESERVATION_BYTES}. Call only when {@link mustWait} is false. */
    reserve(kind, length) {
        this.throwIfFailed();
        if (length > RESERVATION_BYTES)
            throw new RangeError(`${length} bytes are more than one blob may have.`);
        const lane = this.#lanes[kind];
        if (lane.slot < 0)
            this.#startSlot(lane);
        const offset = lane.at + MEMBER_HEADER_BYTES;
        return { offset, bytes: this.#all.subarray(offset, offset + length) };
    }
    /** Makes the first `length` bytes of the latest reservation a blob. */
    commit(kind, id, length) {
        const lane = this.#lanes[kind];
        writeMemberHeader(this.#all, lane.at, id, length);
        const end = lane.at + MEMBER_HEADER_BYTES + length;
        this.#all.fill(0, end, end + padding(length));
        lane.at += memberLength(length);
        lane.blobs.push([id, length]);
        if (lane.at - lane.frameStart >= FRAME_FULL_BYTES)
            closeFrame(lane);
        if (lane.at - slotStart(lane.slot) >= SLOT_FULL_BYTES)
            this.#handOver(lane);
    }
    /** Seals everything and waits until all packs are stored. */
    async finish() {
        for (const lane of Object.values(this.#lanes)) {
            if (lane.blobs.length > 0)
                closeFrame(lane);
            if (lane.frames.length === 0)
                continue;
            if (this.#hands.length === 0)
                this.#packHere(lane);
            else
                this.#handOver(lane);
        }
        while (this.#queue.length > 0 || this.#hands.some(({ busy }) => busy > 0)) {
            this.throwIfFailed();
            await this.#change();
        }
        for (const { worker } of this.#hands)
            post(worker, { type: 'finish' });
        while (this.#finished < this.#hands.length || this.#uploads.size > 0) {
            this.throwIfFailed();
            await this.#change();
        }
        this.throwIfFailed();
    }
    throwIfFailed() {
        if (this.#failure !== undefined)
            throw this.#failure;
    }
    async [Symbol.asyncDispose]() {
        await Promise.all(this.#hands.map(({ worker }) => worker.terminate()));
        await Promise.allSettled(this.#uploads);
    }
    #newLane(kind) {
        return { kind, slot: -1, at: 0, frameStart: 0, frames: [], blobs: [] };
    }
    #startSlot(lane) {
        const slot = this.#free.pop();
        if (slot === undefined)
            throw new Error('reserve() was called when it had to wait.');
        lane.slot = slot;
        lane.at = slotStart(slot);
        lane.frameStart = lane.at;
    }
    #handOver(lane) {
        if (lane.blobs.length > 0)
            closeFrame(lane);
        const frames = lane.frames.map(({ start, length, blobs }) => ({
            start,
            length,
            ticket: this.#ticketFor(blobs),
        }));
        this.#queue.push({ slot: lane.slot, kind: lane.kind, frames });
        this.#lanes[lane.kind] = this.#newLane(lane.kind);
        this.#dispatch();
    }
    #ticketFor(blobs) {
        this.#blobsOf.set(++this.#tickets, blobs);
        return this.#tickets;
    }
    #redeem(ticket) {
        const blobs = this.#blobsOf.get(ticket);
        if (blobs === undefined)
            throw new Error('A worker handed back a frame that it was not given.');
        this.#blobsOf.delete(ticket);
        return blobs;
    }
    /** Little was added: no worker is worth its start. */
    #packHere(lane) {
        const { session, generationKey } = this.#options;
        const builder = new PackBuilder({ session, generationKey, kind: lane.kind, packBytes: this.#packBytes });
        for (const { start, length, blobs } of lane.frames) {
            const pack = builder.add(this.#all.subarray(start, start + length), blobs, blobs.length);
            if (pack !== undefined)
                this.#upload(pack);
        }
        const last = builder.finish();
        if (last !== undefined)
            this.#upload(last);
        this.#free.push(lane.slot);
        this.#lanes[lane.kind] = this.#newLane(lane.kind);
    }
    /** Gives queued slots to workers, unless packs pile up on their way to the target. */
    #dispatch() {
        while (this.#uploads.size < this.#options.concurrency) {
            const [filled] = this.#queue;
            if (filled === undefined)
                return; // Before a worker is started: nobody would tell it to finish.
            const hand = filled.kind === 'tree' ? this.#firstHand() : this.#idleHand();
            if (hand === undefined)
                return;
            this.#queue.shift();
            hand.busy++;
            post(hand.worker, { type: 'fill', filled });
        }
    }
    /** Trees are few: one worker gathers all of them, or there would be two packs half full. */
    #firstHand() {
        const first = this.#hands[0] ?? this.#startWorker();
        return first.busy < 2 ? first : undefined;
    }
    #idleHand() {
        const idle = this.#hands.find(({ busy }) => busy === 0);
        if (idle !== undefined)
            return idle;
        if (this.#hands.length < Math.max(this.#workers, 1))
            return this.#startWorker();
        return this.#hands.find(({ busy }) => busy === 1);
    }
    #startWorker() {
        const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
        const workerData = {
            memory: this.memory.buffer,
            session: this.#options.session,
            generationKey: this.#options.generationKey,
            packBytes: this.#packBytes,
        };
        const worker = new Worker(new URL(`./pack-worker.${extension}`, import.meta.url), {
            workerData,
            resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 },
        });
        const hand = { worker, busy: 0 };
        worker.on('message', (message) => this.#receive(hand, message));
        worker.on('error', (error) => this.#fail(error));
        this.#hands.push(hand);
        return hand;
    }
    #receive(hand, message) {
        if (message.type === 'pack') {
            const { record, memory, length } = message;
            const frames = record.frames.map((frame) => ({ ...frame, blobs: this.#redeem(frame.blobs) }));
            this.#upload({ record: { ...record, frames }, bytes: Buffer.from(memory, 0, length) });
        }
        else if (message.type === 'free') {
            hand.busy--;
            this.#free.push(message.slot);
            this.#dispatch();
            this.#notify();
        }
        else {
            this.#finished++;
            this.#notify();
        }
    }
    #upload(pack) {
        const upload = this.#options
            .onPack(pack)
            .then(() => freeNow(pack.bytes))
            .catch((error) => this.#fail(error))
            .finally(() => {
            this.#uploads.delete(upload);
            keepHeapSmall();
            this.#dispatch();
            this.#notify();
        });
        this.#uploads.add(upload);
    }
    #fail(error) {
        this.#failure ??= error;
        this.#notify();
    }
    #change() {
        return new Promise((resolve) => {
            this.#wake = resolve;
        });
    }
    #notify() {
        this.#wake?.();
        this.#wake = undefined;
    }
    get #packBytes() {
        return this.#options.packBytes ?? 16 * 2 ** 20;
    }
}
function closeFrame(lane) {
    lane.frames.push({ start: lane.frameStart, length: lane.at - lane.frameStart, blobs: lane.blobs });
    lane.blobs = [];
    lane.frameStart = lane.at;
}
/** Sooner than the garbage collector would. */
function freeNow({ buffer }) {
    if (buffer instanceof ArrayBuffer)
        buffer.transfer(0);
}
function post(worker, message) {
    worker.postMessage(message);
}
