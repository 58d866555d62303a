/** Checks what Swift gives for an object against what it says of it, and against what was asked for. */
import { createHash } from 'node:crypto';
import { GarbledObjectError, TargetError } from './target.js';
/** An ETag that is the MD5 of the content; those of segmented objects are not. */
export function md5Of(headers) {
    if (headers.has('x-static-large-object') || headers.has('x-object-manifest'))
        return undefined;
    const etag = headers.get('etag')?.replaceAll('"', '').toLowerCase();
    return etag !== undefined && /^[0-9a-f]{32}$/.test(etag) ? etag : undefined;
}
/** The whole object: as long as said, with the content of the ETag. @throws {@link TargetError}; {@link GarbledObjectError} */
export async function* wholeBody(response, what, name) {
    const { headers } = response;
    const expected = md5Of(headers);
    const hash = expected === undefined ? undefined : createHash('md5');
    for await (const piece of exactly(response, what, lengthOf(response, what))) {
        hash?.update(piece);
        yield piece;
    }
    if (hash !== undefined && hash.digest('hex') !== expected) {
        throw new GarbledObjectError(name);
    }
}
/** The range that was asked for, and nothing else. @throws {@link TargetError} */
export async function* rangeBody(response, what, { offset, length }) {
    const given = response.headers.get('content-range') ?? '';
    const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(given) ?? [];
    if (response.status !== 206 || Number(first) !== offset) {
        throw new TargetError(`${what}: the answer is not the part that was asked for.`, {
            transient: false,
            hint: 'Something before the storage (a proxy, a cache) does not know ranges.',
        });
    }
    if (Number(last) !== offset + length - 1)
        throw tooShort(what, Number(size), { offset, length });
    yield* exactly(response, what, length);
}
export function tooShort(what, size, { offset, length }) {
    const has = size === undefined ? 'it has fewer bytes' : `it has ${size} bytes`;
    return new TargetError(`${what}: ${has}, and ${length} from byte ${offset} were asked for.`, {
        transient: false,
        hint: 'Run "holdfast verify" to see what is damaged.',
    });
}
/** Without a length one cannot tell an end from a broken connection; with an encoding the length is not the object's. */
function lengthOf({ headers }, what) {
    const length = headers.get('content-length') ?? '';
    if (headers.has('content-encoding') || !/^\d{1,15}$/.test(length)) {
        throw new TargetError(`${what}: the answer does not say how long the object is.`, {
            transient: false,
            hint: 'Something before the storage (a proxy, a cache) changes what it sends.',
        });
    }
    return Number(length);
}
async function* exactly(response, what, length) {
    let received = 0;
    for await (const piece of response.bytes()) {
        received += piece.length;
        if (received > length)
            break;
        yield piece;
    }
    if (received === length)
        return;
    const how = received > length ? 'went on' : 'broke off';
    throw new TargetError(`${what}: the answer ${how} after ${Math.min(received, length)} of ${length} bytes.`, {
        transient: true,
    });
}
