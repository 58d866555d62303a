import { DamageError } from '../errors.js';
import { GarbledObjectError, TargetError, } from './target.js';
/** The target yields more or fewer bytes than a range has. */
export class WrongLengthError extends TargetError {
}
/** The first buffer for an object that comes in several pieces. */
const FIRST_BYTES = 65_536;
/**
 * Reads an object, or a range of it, into memory. The buffer belongs to the caller.
 *
 * @throws {@link DamageError} when the object has more than `maxBytes`, or twice arrives garbled
 * @throws {@link WrongLengthError} when the target yields more or fewer bytes than `range` asks for
 */
export async function readObject(target, name, options) {
    try {
        return await readOnce(target, name, options);
    }
    catch (error) {
        if (!(error instanceof GarbledObjectError))
            throw error;
        return await readOnce(target, name, options); // What happened on the way does not happen twice.
    }
}
async function readOnce(target, name, { maxBytes, range, signal }) {
    const limit = range === undefined ? maxBytes : range.length;
    if (limit > maxBytes)
        throw tooLargeError(name, maxBytes);
    let kept = new Uint8Array(0);
    let length = 0;
    for await (const piece of target.get(name, range, { signal })) {
        signal?.throwIfAborted();
        if (piece.length > limit - length) {
            throw range === undefined
                ? tooLargeError(name, maxBytes)
                : wrongLengthError(target, name, range, 'more');
        }
        if (length === 0) {
            kept = piece; // Most objects come in one piece, which needs no copy.
        }
        else {
            kept = withRoom(kept, length, length + piece.length, limit);
            kept.set(piece, length);
        }
        length += piece.length;
    }
    if (range !== undefined && length < range.length)
        throw wrongLengthError(target, name, range, 'fewer');
    return kept.subarray(0, length);
}
/** Doubles the room, so that an object in tiny pieces costs neither a list of them nor a copy for each. */
function withRoom(kept, length, needed, limit) {
    if (needed <= kept.length)
        return kept;
    const larger = new Uint8Array(Math.min(limit, Math.max(needed, 2 * kept.length, FIRST_BYTES)));
    larger.set(kept.subarray(0, length));
    return larger;
}
function tooLargeError(name, maxBytes) {
    return new DamageError(name, `it is larger than the ${maxBytes} bytes that it may have`);
}
function wrongLengthError(target, name, { offset, length }, how) {
    return new WrongLengthError(`${target.label} gave ${how} than the ${length} bytes from byte ${offset} of ${name}.`, { transient: true });
}
