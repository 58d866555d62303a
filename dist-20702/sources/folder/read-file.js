import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
/** The name no longer leads to the file that was listed. */
export class ReplacedError extends Error {
}
const TRIES = 3;
/** More extents would make the tree unwieldy: the smallest holes are then read as zeros. */
const EXTENTS_MOST = 4096;
/** A file that grows as fast as it is read has no end: reading stops this far beyond twice its size. */
const GROWTH_BYTES = 16 << 20;
/**
 * Stores a file's content. A file that changes meanwhile is read again, then taken as it is, and marked.
 * @param listed what lstat said
 * @throws what `fs` throws; {@link ReplacedError}
 */
export async function storeFile(path, listed, writer, libc) {
    // Without O_NONBLOCK, a FIFO that has taken the file's place would wait for its writer for ever.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
        let before = listed;
        for (let attempt = 1;; attempt++) {
            const content = await storeOnce(descriptor, before, writer, libc);
            const after = fstatSync(descriptor, { bigint: true });
            if (!after.isFile())
                throw new ReplacedError('it is no longer a file');
            const changed = !isSame(before, after) || content.sizeBytes !== Number(after.size);
            if (!changed || attempt === TRIES)
                return { ...content, changed, stats: after };
            before = after;
        }
    }
    finally {
        closeSync(descriptor);
    }
}
async function storeOnce(descriptor, stats, writer, libc) {
    const size = Number(stats.size);
    if (libc !== undefined && stats.blocks * 512n < stats.size) {
        const extents = fewer(libc.dataExtents(descriptor, size));
        const data = extents.reduce((sum, [, length]) => sum + length, 0);
        if (data < size) {
            const { blobs, sizeBytes } = await writer.storeContent(extentsReader(descriptor, extents), data);
            // Cut short while it was read: then nothing fits together, and the caller tries again or marks it.
            if (sizeBytes === data)
                return { blobs, sizeBytes: size, readBytes: data, extents };
        }
    }
    const { blobs, sizeBytes } = await writer.storeContent(sequentialReader(descriptor, 2 * size + GROWTH_BYTES), size);
    return { blobs, sizeBytes, readBytes: sizeBytes };
}
function sequentialReader(descriptor, mostBytes) {
    let position = 0;
    return (into) => {
        const got = readFully(descriptor, into.subarray(0, mostBytes - position), position);
        position += got;
        return got;
    };
}
function extentsReader(descriptor, extents) {
    let index = 0;
    let within = 0;
    return (into) => {
        let filled = 0;
        for (let extent = extents[index]; extent !== undefined && filled < into.length; extent = extents[index]) {
            const [offset, length] = extent;
            const wanted = Math.min(length - within, into.length - filled);
            const got = readFully(descriptor, into.subarray(filled, filled + wanted), offset + within);
            filled += got;
            within += got;
            if (got < wanted)
                return filled;
            if (within === length) {
                index++;
                within = 0;
            }
        }
        return filled;
    };
}
/** Reads until the buffer is full or the file ends. */
function readFully(descriptor, into, position) {
    let filled = 0;
    while (filled < into.length) {
        const got = readSync(descriptor, into, filled, into.length - filled, position + filled);
        if (got === 0)
            break;
        filled += got;
    }
    return filled;
}
function isSame(a, b) {
    return (a.ino === b.ino &&
        a.dev === b.dev &&
        a.size === b.size &&
        a.mtimeNs === b.mtimeNs &&
        a.ctimeNs === b.ctimeNs);
}
/** Joins extents over the smallest holes until they are few enough. */
function fewer(extents) {
    let joined = extents;
    for (let gap = 65_536; joined.length > EXTENTS_MOST; gap *= 4) {
        const next = [];
        for (const [offset, length] of joined) {
            const last = next.at(-1);
            if (last !== undefined && offset - (last[0] + last[1]) < gap)
                last[1] = offset + length - last[0];
            else
                next.push([offset, length]);
        }
        joined = next;
    }
    return joined;
}
