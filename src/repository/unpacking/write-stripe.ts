/** Opens frames and writes what is in them where it belongs: their content goes to no other thread. */
import {loadLibc} from '../../system/libc.ts';
import {makeWholeFile, writeAll} from '../../system/whole-file.ts';
import {MEMBER_HEADER_BYTES, memberLength} from '../pack.ts';
import {type Order, readOrders} from './orders.ts';
import {type FrameOpener, type FrameShape, openStripe, type SealedStripe, UnpackError} from './unpack.ts';

export interface OrderedFrame extends FrameShape {
  /** As `Orders` encodes them. */
  readonly orders: Uint8Array<ArrayBuffer>;
}

export interface WriteJob extends SealedStripe {
  readonly type: 'write';
  readonly frames: readonly OrderedFrame[];
}

/** An order that was not carried out. */
export interface Failure {
  /** Its number in its frame. */
  readonly order: number;
  /** `content`: the blob is not what its id says. `system`: it could not be written; whoever tries again learns why. */
  readonly cause: 'content' | 'system';
}

export interface WriteResult {
  /** For each frame, which of its orders were not carried out. */
  readonly failures: readonly (readonly Failure[])[];
  /** How long decrypting, decompressing and checking took. */
  readonly openMs: number;
  readonly writeMs: number;
}

/**
 * Nothing of a blob is written that is not what its id says.
 * @throws `PacketError`, before anything was written
 */
export function writeStripe(job: WriteJob, opener: FrameOpener): WriteResult {
  let openMs = 0;
  const started = performance.now();
  const opening = <T>(open: () => T): T => {
    const begun = performance.now();
    const result = open();
    openMs += performance.now() - begun;
    return result;
  };
  const plain = opening(() => openStripe(job));
  const failures = job.frames.map((frame) => {
    const raw = opening(() => tryToOpen(opener, frame, plain(frame)));
    return writeFrame(frame, raw, (content, id) => opening(() => opener.isBlob(content, id)));
  });
  return {failures, openMs, writeMs: performance.now() - started - openMs};
}

function tryToOpen(
  opener: FrameOpener,
  frame: OrderedFrame,
  compressed: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  try {
    return opener.openHere(frame, compressed);
  } catch (error) {
    if (!(error instanceof UnpackError)) throw error;
    return undefined;
  }
}

function writeFrame(
  frame: OrderedFrame,
  raw: Uint8Array<ArrayBuffer> | undefined,
  isRight: (content: Uint8Array, id: Uint8Array) => boolean,
): Failure[] {
  const failures: Failure[] = [];
  const {lengths, ids} = frame;
  const offsets = offsetsOf(lengths);
  /** By the number of the blob: whether it is what its id says. */
  const checked: (boolean | undefined)[] = [];
  let number = 0;
  for (const order of readOrders(frame.orders)) {
    const {at} = order;
    const offset = offsets[at] as number;
    const content = raw?.subarray(offset, offset + (lengths[at] as number));
    checked[at] ??=
      content?.length === lengths[at] && isRight(content as Uint8Array, ids.subarray(32 * at, 32 * at + 32));
    if (content === undefined || !checked[at]) failures.push({order: number, cause: 'content'});
    else if (!carryOut(order, content)) failures.push({order: number, cause: 'system'});
    number++;
  }
  return failures;
}

function carryOut(order: Order, content: Uint8Array): boolean {
  const libc = loadLibc();
  try {
    if (order.kind === 'part')
      writeAll(order.fd, content.subarray(order.from, order.from + order.length), order.position);
    else if (libc === undefined) return false;
    else makeWholeFile(libc, order.file, content);
    return true;
  } catch {
    return false; // The main thread tries once more, and has the words for what is wrong.
  }
}

function offsetsOf(lengths: Uint32Array): Uint32Array {
  const offsets = new Uint32Array(lengths.length);
  let at = MEMBER_HEADER_BYTES;
  lengths.forEach((length, number) => {
    offsets[number] = at;
    at += memberLength(length);
  });
  return offsets;
}
