import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ObjectMissingError, TargetError } from './target.js';
/** Objects up to this size are read in one piece, larger ones in pieces of {@link PIECE_BYTES}. */
const WHOLE_BYTES = 32 * 2 ** 20;
const PIECE_BYTES = 8 * 2 ** 20;
/** Opens the file of an object. O_NONBLOCK: opening a planted FIFO would wait for ever. */
export function openObject(path) {
    return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}
/**
 * Yields the bytes of an open file, or of a range of it; each buffer belongs to the receiver.
 *
 * @throws {@link TargetError} rather than yield fewer bytes
 */
export async function* readPieces(handle, label, name, range, signal) {
    const stats = await handle.stat();
    if (stats.isDirectory())
        throw new ObjectMissingError(label, name);
    if (!stats.isFile())
        throw notAFileError(label, name);
    const { offset, length } = range ?? { offset: 0, length: stats.size };
    if (offset + length > stats.size) {
        throw tooShortError(label, name, `it has ${stats.size} bytes, and ${length} from byte ${offset} were asked for`);
    }
    const pieceBytes = length <= WHOLE_BYTES ? length : PIECE_BYTES;
    for (let done = 0; done < length; done += pieceBytes) {
        signal?.throwIfAborted();
        const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, length - done));
        if (!(await fill(handle, piece, offset + done)))
            throw tooShortError(label, name, 'it ended while it was read');
        yield piece;
    }
}
export function notAFileError(label, name) {
    return new TargetError(`${name} in ${label} is not a regular file.`, { transient: false });
}
/** @throws {@link RangeError} for what no caller may ask */
export function checkRange({ offset, length }) {
    if (Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0)
        return;
    throw new RangeError(`no range can have offset ${offset} and length ${length}`);
}
/** @returns false where the file ends too early */
async function fill(handle, piece, position) {
    for (let filled = 0; filled < piece.length;) {
        const { bytesRead } = await handle.read(piece, filled, piece.length - filled, position + filled);
        if (bytesRead === 0)
            return false;
        filled += bytesRead;
    }
    return true;
}
function tooShortError(label, name, why) {
    return new TargetError(`Cannot read ${name} from ${label}: ${why}.`, {
        transient: false,
        hint: 'Run "holdfast verify" to see what is damaged.',
    });
}
