/** A worker thread that compresses, checks and seals. It shares the slots' memory; packs are handed over, not copied. */
import { parentPort, workerData } from 'node:worker_threads';
import { collectGarbage } from '../../system/memory.js';
import { PackBuilder } from './pack-builder.js';
const { memory, ...options } = workerData;
const port = parentPort;
const builders = {
    data: new PackBuilder({ ...options, kind: 'data' }),
    tree: new PackBuilder({ ...options, kind: 'tree' }),
};
function fill({ slot, kind, frames }) {
    for (const { start, length, ticket, count } of frames) {
        handOver(builders[kind].add(Buffer.from(memory, start, length), ticket, count));
        collectGarbage();
    }
    send({ type: 'free', slot });
}
function handOver(pack) {
    if (pack === undefined)
        return;
    const memory = pack.bytes.buffer;
    send({ type: 'pack', record: pack.record, memory, length: pack.bytes.length }, [memory]);
    collectGarbage('major');
}
function send(message, transfer = []) {
    port.postMessage(message, transfer);
}
port.on('message', (message) => {
    if (message.type === 'fill')
        return fill(message.filled);
    handOver(builders.data.finish());
    handOver(builders.tree.finish());
    send({ type: 'finished' });
});
