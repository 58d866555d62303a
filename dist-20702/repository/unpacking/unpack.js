/** Opens what lies in packs: decrypts, decompresses, checks every blob. Runs in worker threads, or where little is read in the main one. */
import { createHmac } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { LITERAL_HEADER_LENGTH, literalData } from '../../crypto/packets.js';
import { CHUNK_BYTES, openMessageInPlace, openRange } from '../../crypto/seipd.js';
import { MEMBER_HEADER_BYTES, memberLength } from '../pack.js';
/** The pack is not as the index says. */
export class UnpackError extends Error {
}
/** @throws {@link UnpackError}, `PacketError` */
export function unpackStripe(job, idKey) {
    const plain = openRange(job.message, job.sessionKey, job.sealed, job.firstChunk);
    const start = LITERAL_HEADER_LENGTH - job.firstChunk * CHUNK_BYTES;
    return job.frames.map((frame) => {
        const at = start + frame.offset;
        const raw = decompress(frame, plain.subarray(at, at + frame.size));
        return { raw, wrong: wrongBlobs(frame, raw, idKey) };
    });
}
/** @returns for each frame which of its blobs are wrong. Uses `bytes` up. @throws {@link UnpackError}, `PacketError` */
export function checkPack({ bytes, frames, sessionKey }, idKey) {
    const inner = openMessageInPlace(bytes, sessionKey);
    const pack = literalData(inner);
    if (pack.byteOffset !== inner.byteOffset + LITERAL_HEADER_LENGTH)
        throw new UnpackError('its data does not begin where that of a pack does');
    return frames.map((frame) => wrongBlobs(frame, decompress(frame, pack.subarray(frame.offset, frame.offset + frame.size)), idKey));
}
function decompress(frame, compressed) {
    let raw;
    try {
        raw = zstdDecompressSync(compressed, { chunkSize: Math.max(frame.raw, 64), maxOutputLength: frame.raw });
    }
    catch (cause) {
        throw new UnpackError('a frame does not decompress to the size that the index says', { cause });
    }
    if (raw.length !== frame.raw)
        throw new UnpackError('a frame is shorter than the index says');
    const { buffer } = raw;
    const isItsOwn = buffer instanceof ArrayBuffer && buffer.byteLength === raw.length;
    return isItsOwn ? new Uint8Array(buffer) : new Uint8Array(raw);
}
function wrongBlobs({ ids, lengths }, raw, idKey) {
    const wrong = [];
    let at = MEMBER_HEADER_BYTES;
    lengths.forEach((length, number) => {
        const content = raw.subarray(at, at + length);
        const id = createHmac('sha256', idKey).update(content).digest();
        if (content.length !== length || id.compare(ids, 32 * number, 32 * number + 32) !== 0)
            wrong.push(number);
        at += memberLength(length);
    });
    return wrong;
}
