import { createSecretKey } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { checkPack, UnpackError, unpackStripe, } from './unpack.js';
/** So little is unpacked at once where it is asked for: no worker is worth its start. */
const INLINE_BYTES = 2 * 2 ** 20;
/** Opens parts of packs in worker threads, at most two, which start when there is enough to do. */
export class Unpacker {
    #blobIdKey;
    #idKey;
    #hands = [];
    #inlineBytes = 0;
    constructor(blobIdKey) {
        this.#blobIdKey = blobIdKey;
        this.#idKey = createSecretKey(blobIdKey);
    }
    /** @param job its `sealed` is used up, as it is handed to the worker. @throws {@link UnpackError}, `PacketError` */
    async stripe(job) {
        if (this.#isLittle(job.sealed.length))
            return unpackStripe(job, this.#idKey);
        const answer = await this.#give(job, job.sealed);
        return answer.type === 'stripe' ? answer.frames : unexpected(answer);
    }
    /** @param job its `bytes` are used up. @returns for each frame which of its blobs are wrong. @throws {@link UnpackError}, `PacketError` */
    async pack(job) {
        if (this.#isLittle(job.bytes.length))
            return checkPack(job, this.#idKey);
        const answer = await this.#give(job, job.bytes);
        return answer.type === 'pack' ? answer.wrong : unexpected(answer);
    }
    async [Symbol.asyncDispose]() {
        await Promise.all(this.#hands.splice(0).map(({ worker }) => worker.terminate()));
    }
    #isLittle(bytes) {
        this.#inlineBytes += bytes;
        return this.#inlineBytes <= INLINE_BYTES;
    }
    #give(job, bytes) {
        const hand = this.#leastBusy();
        return new Promise((resolve, reject) => {
            hand.pending.push({ resolve, reject });
            hand.worker.ref();
            const { buffer } = bytes;
            const isItsOwn = buffer instanceof ArrayBuffer && buffer.byteLength < 2 * bytes.length;
            hand.worker.postMessage(job, isItsOwn ? [buffer] : []);
        });
    }
    #leastBusy() {
        const idle = this.#hands.find(({ pending }) => pending.length === 0);
        if (idle !== undefined)
            return idle;
        if (this.#hands.length < Math.min(2, availableParallelism()))
            return this.#start();
        return this.#hands.reduce((least, hand) => (hand.pending.length < least.pending.length ? hand : least));
    }
    #start() {
        const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
        const workerData = { blobIdKey: this.#blobIdKey };
        const worker = new Worker(new URL(`./unpack-worker.${extension}`, import.meta.url), {
            workerData,
            resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 },
        });
        const hand = { worker, pending: [] };
        const fail = (error) => {
            for (const { reject } of hand.pending.splice(0))
                reject(error);
        };
        worker.on('message', (message) => {
            hand.pending.shift()?.resolve(message);
            if (hand.pending.length === 0)
                worker.unref();
        });
        worker.on('error', fail);
        worker.on('exit', () => fail(new Error('A thread that unpacks ended before its work was done.')));
        worker.unref();
        this.#hands.push(hand);
        return hand;
    }
}
function unexpected(answer) {
    throw new UnpackError(answer.type === 'damaged' ? answer.message : `A thread answered ${answer.type}.`);
}
