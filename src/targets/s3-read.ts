import type {GetObjectCommandOutput} from '@aws-sdk/client-s3';
import {type ByteRange, type ObjectName, TargetError} from './target.ts';

/** Fewer bytes than this within the time that the store may be silent count as silence. */
const MIN_BYTES = 64 * 1024;

interface ReadPiecesOptions {
  readonly label: string;
  readonly name: ObjectName;
  readonly range: ByteRange | undefined;
  /** How long the store may be silent. */
  readonly stallMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Yields the bytes of an answer; each buffer belongs to the receiver.
 *
 * @throws {@link TargetError} for fewer or more bytes than were asked for or announced
 */
export async function* readPieces(
  {Body, ContentLength, ContentRange}: GetObjectCommandOutput,
  {label, name, range, stallMs, signal}: ReadPiecesOptions,
): AsyncIterable<Uint8Array> {
  const refuse = (why: string, transient: boolean): TargetError =>
    new TargetError(`Cannot read ${name} from ${label}: ${why}.`, {transient});
  const body = Body as (AsyncIterable<Uint8Array> & {destroy(): void}) | undefined;
  if (body === undefined) throw refuse('the answer has no body', true);
  let expected = ContentLength;
  try {
    if (range !== undefined) checkContentRange(ContentRange, range, refuse);
    expected = range?.length ?? ContentLength;
  } catch (cause) {
    body.destroy();
    throw cause;
  }
  let length = 0;
  let waitedMs = 0;
  let received = 0;
  let askedMs = performance.now();
  for await (const piece of body) {
    signal?.throwIfAborted();
    // Only the time that the store took counts: the receiver may take its own.
    waitedMs += performance.now() - askedMs;
    received += piece.length;
    if (received >= MIN_BYTES) {
      waitedMs = 0;
      received = 0;
    } else if (waitedMs > stallMs) throw refuse('the store sends next to nothing', true);
    length += piece.length;
    if (expected !== undefined && length > expected)
      throw refuse(`it has more than the ${expected} bytes announced`, true);
    yield piece;
    askedMs = performance.now();
  }
  if (expected !== undefined && length < expected) {
    throw refuse(`it ended after ${length} of ${expected} bytes`, true);
  }
}

/** An answer without a range is the whole object: some proxies ignore the question. */
function checkContentRange(
  value: string | undefined,
  {offset, length}: ByteRange,
  refuse: (why: string, transient: boolean) => TargetError,
): void {
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(value ?? '') ?? [];
  if (first === undefined) throw refuse('the answer is not the range that was asked for', true);
  if (Number(first) !== offset || Number(last) !== offset + length - 1) {
    const isShort = size !== '*' && offset + length > Number(size);
    throw refuse(
      isShort
        ? `it has ${size} bytes, and ${length} from byte ${offset} were asked for`
        : 'the answer is not the range that was asked for',
      !isShort,
    );
  }
}
