/** A worker thread that opens packs. What it decompressed is written to where it belongs, or handed over, never copied. */
import {type MessagePort, parentPort, workerData} from 'node:worker_threads';
import {loadZstd, newMac} from '../../system/linked.ts';
import {keepHeapSmall, release} from '../../system/memory.ts';
import {
  checkPack,
  FrameOpener,
  type PackJob,
  type StripeJob,
  type UnpackedFrame,
  unpackStripe,
} from './unpack.ts';
import {type WriteJob, type WriteResult, writeStripe} from './write-stripe.ts';

export interface UnpackWorkerData {
  readonly blobIdKey: Uint8Array;
}

export type ToUnpackWorker = StripeJob | WriteJob | PackJob;

export type FromUnpackWorker =
  | {readonly type: 'stripe'; readonly frames: readonly UnpackedFrame[]}
  | ({readonly type: 'write'} & WriteResult)
  | {readonly type: 'pack'; readonly wrong: readonly (readonly number[])[]}
  /** What it is of is not as it should be. */
  | {readonly type: 'damaged'; readonly message: string};

const opener = new FrameOpener(loadZstd(), newMac((workerData as UnpackWorkerData).blobIdKey));
const port = parentPort as MessagePort;

function work(job: ToUnpackWorker): void {
  if (job.type === 'stripe') {
    const frames = unpackStripe(job, opener);
    send(
      {type: 'stripe', frames},
      frames.map(({raw}) => raw.buffer),
    );
  } else if (job.type === 'write') {
    send({type: 'write', ...writeStripe(job, opener)});
  } else {
    send({type: 'pack', wrong: checkPack(job, opener)});
  }
}

function send(message: FromUnpackWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

port.on('message', (job: ToUnpackWorker) => {
  try {
    work(job);
  } catch (error) {
    send({type: 'damaged', message: (error as Error).message});
  }
  release(job.type === 'pack' ? job.bytes : job.sealed);
  for (const frame of job.frames) {
    release(frame.ids);
    release(frame.lengths);
    if ('orders' in frame) release(frame.orders);
  }
  keepHeapSmall();
});
