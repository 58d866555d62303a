import { SourceError } from '../../errors.js';
/** What may follow a marker: blank space, and the little that programs add. */
const LOOKED_AT_BYTES = 4096;
/**
 * Passes a stream on and demands what stands at its end.
 * @param isWhole judges the last bytes
 * @throws {@link SourceError} if they are not as they must be
 */
export async function* demandEnd(stream, label, isWhole) {
    let tail = Buffer.alloc(0);
    for await (const piece of stream) {
        tail = Buffer.from(Buffer.concat([tail, piece.subarray(-LOOKED_AT_BYTES)]).subarray(-LOOKED_AT_BYTES));
        yield piece;
    }
    if (isWhole(tail.toString()))
        return;
    throw new SourceError(`${label} ended without the end that a whole dump has. No snapshot was made.`, {
        hint: 'The program said that it succeeded, but its output is cut off. Run it by hand to see why.',
    });
}
