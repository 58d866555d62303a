import type {S3Requests} from './s3-requests.ts';
import {type ByteRange, ObjectMissingError, type ObjectName, TargetError} from './target.ts';

/** Fewer bytes than this within the time that the store may be silent count as silence. */
const MIN_BYTES = 64 * 1024;

interface ReadPiecesOptions {
  readonly name: ObjectName;
  readonly range: ByteRange | undefined;
  readonly version?: string | undefined;
  /** How many bytes the object has, where that is known. */
  readonly sizeBytes?: number | undefined;
  /** How long the store may be silent. */
  readonly stallMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Yields the bytes of an object, or of a range of it that is not empty; each buffer belongs to the receiver.
 *
 * @throws {@link TargetError} for fewer or more bytes than were asked for or announced
 */
export async function* readPieces(
  requests: S3Requests,
  key: string,
  {name, range, version, sizeBytes, stallMs, signal}: ReadPiecesOptions,
): AsyncIterable<Uint8Array> {
  const deed = {verb: 'read', object: name, signal};
  const refuse = (why: string, transient: boolean): TargetError =>
    new TargetError(`Cannot read ${name} from ${requests.label}: ${why}.`, {transient});
  try {
    signal?.throwIfAborted();
    const asked = range && `bytes=${range.offset}-${range.offset + range.length - 1}`;
    const {Body, ContentLength, ContentRange} = await requests.get(key, deed, {range: asked, version});
    const body = Body as (AsyncIterable<Uint8Array> & {destroy(): void}) | undefined;
    if (body === undefined) throw refuse('the answer has no body', true);
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
  } catch (cause) {
    if (await requests.isHidden(key, deed, cause)) throw new ObjectMissingError(requests.label, name);
    throw requests.translate(deed, cause);
  }
}

/** Breaks off a body that drips. One that stands still is broken off by the connection. */
async function* guarded(
  body: AsyncIterable<Uint8Array>,
  stallMs: number,
  refuse: () => Error,
): AsyncIterable<Uint8Array> {
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
    } else if (waitedMs > stallMs) throw refuse();
    yield piece;
    askedMs = performance.now();
  }
}

/** An answer without a range is the whole object: some proxies ignore the question. */
function wrongRange(
  value: string | undefined,
  {offset, length}: ByteRange,
): {why: string; transient: boolean} | undefined {
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(value ?? '') ?? [];
  const isRange = first !== undefined && Number(first) === offset;
  if (isRange && Number(last) === offset + length - 1) return undefined;
  if (isRange && size !== '*' && offset + length > Number(size)) {
    const why = `it has ${size} bytes, and ${length} from byte ${offset} were asked for`;
    return {why, transient: false};
  }
  return {why: 'the answer is not the range that was asked for', transient: true};
}
