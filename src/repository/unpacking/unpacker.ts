import {availableParallelism} from 'node:os';
import {Worker} from 'node:worker_threads';
import {NODE_ZSTD, nodeMac} from '../../system/linked.ts';
import {
  checkPack,
  FrameOpener,
  type PackJob,
  type StripeJob,
  UnpackError,
  type UnpackedFrame,
  unpackStripe,
} from './unpack.ts';
import type {FromUnpackWorker, ToUnpackWorker, UnpackWorkerData} from './unpack-worker.ts';
import {type WriteJob, type WriteResult, writeStripe} from './write-stripe.ts';

const WORKERS = Math.min(2, availableParallelism());
/** So little is unpacked at once where it is asked for: no worker is worth its start. */
const INLINE_BYTES = 2 * 2 ** 20;

interface Pending {
  readonly resolve: (message: FromUnpackWorker) => void;
  readonly reject: (error: unknown) => void;
}

interface Hand {
  readonly worker: Worker;
  /** In the order in which they were given; answers come in the same. */
  readonly pending: Pending[];
}

/** Opens parts of packs in worker threads, at most two, which start when there is enough to do. */
export class Unpacker implements AsyncDisposable {
  readonly #blobIdKey: Uint8Array;
  /** For little: it takes no time to begin. */
  readonly #opener: FrameOpener;
  readonly #hands: Hand[] = [];
  #inlineBytes = 0;
  #isDisposed = false;

  constructor(blobIdKey: Uint8Array) {
    this.#blobIdKey = blobIdKey;
    this.#opener = new FrameOpener(NODE_ZSTD, nodeMac(blobIdKey));
  }

  /** Starts the threads before there is anything to do. */
  startAll(): void {
    while (this.#hands.length < WORKERS) this.#start();
  }

  /** @param job it is used up, as its memory is handed to the worker. @throws {@link UnpackError}, `PacketError` */
  async stripe(job: StripeJob): Promise<readonly UnpackedFrame[]> {
    if (this.#isLittle(job.sealed.length)) return unpackStripe(job, this.#opener);
    const answer = await this.#give(job, job.sealed);
    return answer.type === 'stripe' ? answer.frames : unexpected(answer);
  }

  /** @param job it is used up, but for its orders. @throws `PacketError` */
  async write(job: WriteJob): Promise<WriteResult> {
    if (this.#isLittle(job.sealed.length)) return writeStripe(job, this.#opener);
    const answer = await this.#give(job, job.sealed);
    return answer.type === 'write' ? answer : unexpected(answer);
  }

  /** @param job it is used up. @returns for each frame which of its blobs are wrong. @throws {@link UnpackError}, `PacketError` */
  async pack(job: PackJob): Promise<readonly (readonly number[])[]> {
    if (this.#isLittle(job.bytes.length)) return checkPack(job, this.#opener);
    const answer = await this.#give(job, job.bytes);
    return answer.type === 'pack' ? answer.wrong : unexpected(answer);
  }

  /** What is under way is given up. Nothing is opened, or written, after this. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await Promise.all(this.#hands.splice(0).map(({worker}) => worker.terminate()));
  }

  #isLittle(bytes: number): boolean {
    if (this.#isDisposed) throw new Error('What is being opened is not needed any more.');
    this.#inlineBytes += bytes;
    return this.#inlineBytes <= INLINE_BYTES;
  }

  #give(job: ToUnpackWorker, bytes: Uint8Array): Promise<FromUnpackWorker> {
    const hand = this.#leastBusy();
    return new Promise((resolve, reject) => {
      hand.pending.push({resolve, reject});
      hand.worker.ref();
      const {buffer} = bytes;
      const isItsOwn = buffer instanceof ArrayBuffer && buffer.byteLength < 2 * bytes.length;
      const shapes = job.frames.flatMap(({ids, lengths}) => [ids.buffer, lengths.buffer]);
      hand.worker.postMessage(job, isItsOwn ? [buffer, ...shapes] : shapes);
    });
  }

  #leastBusy(): Hand {
    const idle = this.#hands.find(({pending}) => pending.length === 0);
    if (idle !== undefined) return idle;
    if (this.#hands.length < WORKERS) return this.#start();
    return this.#hands.reduce((least, hand) => (hand.pending.length < least.pending.length ? hand : least));
  }

  #start(): Hand {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const workerData: UnpackWorkerData = {blobIdKey: this.#blobIdKey};
    const worker = new Worker(new URL(`./unpack-worker.${extension}`, import.meta.url), {
      workerData,
      trackUnmanagedFds: false, // It writes into files that the main thread opened.
      resourceLimits: {maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64},
    });
    const hand: Hand = {worker, pending: []};
    const fail = (error: Error): void => {
      for (const {reject} of hand.pending.splice(0)) reject(error);
    };
    worker.on('message', (message: FromUnpackWorker) => {
      hand.pending.shift()?.resolve(message);
      if (hand.pending.length === 0 && !this.#isDisposed) worker.unref(); // What is being ended is waited for.
    });
    worker.on('error', fail);
    worker.on('exit', () => fail(new Error('A thread that unpacks ended before its work was done.')));
    worker.unref();
    this.#hands.push(hand);
    return hand;
  }
}

function unexpected(answer: FromUnpackWorker): never {
  throw new UnpackError(answer.type === 'damaged' ? answer.message : `A thread answered ${answer.type}.`);
}
