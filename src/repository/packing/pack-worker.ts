/** A worker thread that compresses, checks and seals. It shares the slots' memory; packs are handed over, not copied. */
import {type MessagePort, parentPort, workerData} from 'node:worker_threads';
import type {Session} from '../../crypto/seipd.ts';
import {collectGarbage} from '../../system/memory.ts';
import type {PackKind} from '../pack.ts';
import {PackBuilder, type SealedPack} from './pack-builder.ts';
import type {FilledSlot, FromWorker, Ticket, ToWorker} from './slots.ts';

export interface PackWorkerData {
  readonly memory: SharedArrayBuffer;
  readonly session: Session;
  readonly generationKey: string;
  readonly packBytes: number;
}

const {memory, ...options} = workerData as PackWorkerData;
const port = parentPort as MessagePort;
const builders: Record<PackKind, PackBuilder<Ticket>> = {
  data: new PackBuilder({...options, kind: 'data'}),
  tree: new PackBuilder({...options, kind: 'tree'}),
};

function fill({slot, kind, material, frames}: FilledSlot): void {
  for (const {start, length, ticket, count} of frames) {
    handOver(builders[kind].add(Buffer.from(memory, start, length), ticket, count, material));
  }
  send({type: 'free', slot});
}

function handOver(pack: SealedPack<Ticket> | undefined): void {
  if (pack === undefined) return;
  const memory = pack.bytes.buffer as ArrayBuffer;
  send({type: 'pack', record: pack.record, memory, length: pack.bytes.length}, [memory]);
  collectGarbage();
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

port.on('message', (message: ToWorker) => {
  if (message.type === 'fill') return fill(message.filled);
  handOver(builders.data.finish());
  handOver(builders.tree.finish());
  send({type: 'finished'});
});
