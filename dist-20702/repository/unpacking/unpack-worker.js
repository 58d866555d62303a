/** A worker thread that opens packs. What it decompressed is handed over, not copied. */
import { createSecretKey } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { collectGarbage } from '../../system/memory.js';
import { checkPack, unpackStripe } from './unpack.js';
const idKey = createSecretKey(workerData.blobIdKey);
const port = parentPort;
function work(job) {
    if (job.type === 'stripe') {
        const frames = unpackStripe(job, idKey);
        send({ type: 'stripe', frames }, frames.map(({ raw }) => raw.buffer));
    }
    else {
        send({ type: 'pack', wrong: checkPack(job, idKey) });
    }
}
function send(message, transfer = []) {
    port.postMessage(message, transfer);
}
/** Sooner than the garbage collector would. */
function free({ buffer }) {
    if (buffer instanceof ArrayBuffer)
        buffer.transfer(0);
}
port.on('message', (job) => {
    try {
        work(job);
    }
    catch (error) {
        send({ type: 'damaged', message: error.message });
    }
    free(job.type === 'stripe' ? job.sealed : job.bytes);
    collectGarbage();
});
