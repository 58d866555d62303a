import { ObjectMissingError, TargetError } from './target.js';
/** Fewer bytes than this within the time that the store may be silent count as silence. */
const MIN_BYTES = 64 * 1024;
/**
 * Yields the bytes of an object, or of a range of it that is not empty; each buffer belongs to the receiver.
 *
 * @throws {@link TargetError} for fewer or more bytes than were asked for or announced
 */
export async function* readPieces(requests, key, { name, range, version, sizeBytes, stallMs, signal }) {
    const deed = { verb: 'read', object: name, signal };
    const refuse = (why, transient) => new TargetError(`Cannot read ${name} from ${requests.label}: ${why}.`, { transient });
    try {
        signal?.throwIfAborted();
        const asked = range && `bytes=${range.offset}-${range.offset + range.length - 1}`;
        const { Body, ContentLength, ContentRange } = await requests.get(key, deed, { range: asked, version });
        const body = Body;
        if (body === undefined)
            throw refuse('the answer has no body', true);
        const wrong = range && wrongRange(ContentRange, range);
        if (wrong !== undefined) {
            body.destroy();
            throw refuse(wrong.why, wrong.transient);
        }
        const expected = range?.length ?? sizeBytes ?? ContentLength;
        let length = 0;
        for await (const piece of guarded(body, stallMs, () => refuse('the store sends next to nothing', true))) {
            signal?.throwIfAborted();
            length += piece.length;
            if (expected !== undefined && length > expected)
                throw refuse(`it has more than the ${expected} bytes announced`, true);
            yield piece;
        }
        if (expected !== undefined && length < expected)
            throw refuse(`it ended after ${length} of ${expected} bytes`, true);
    }
    catch (cause) {
        if (await requests.isHidden(key, deed, cause))
            throw new ObjectMissingError(requests.label, name);
        throw requests.translate(deed, cause);
    }
}
/** Breaks off a body that drips. One that stands still is broken off by the connection. */
async function* guarded(body, stallMs, refuse) {
    let waitedMs = 0;
    let received = 0;
    let askedMs = performance.now();
    for await (const piece of body) {
        // Only the time that the store took counts: the receiver may take its own.
        waitedMs += performance.now() - askedMs;
        received += piece.length;
        if (received >= MIN_BYTES) {
            waitedMs = 0;
            received = 0;
        }
        else if (waitedMs > stallMs)
            throw refuse();
        yield piece;
        askedMs = performance.now();
    }
}
/** An answer without a range is the whole object: some proxies ignore the question. */
function wrongRange(value, { offset, length }) {
    const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(value ?? '') ?? [];
    const isRange = first !== undefined && Number(first) === offset;
    if (isRange && Number(last) === offset + length - 1)
        return undefined;
    if (isRange && size !== '*' && offset + length > Number(size)) {
        const why = `it has ${size} bytes, and ${length} from byte ${offset} were asked for`;
        return { why, transient: false };
    }
    return { why: 'the answer is not the range that was asked for', transient: true };
}
