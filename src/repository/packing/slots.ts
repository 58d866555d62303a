/** The shared memory that file content is read into and compressed from, in slots; and what main thread and workers say of them. */
import type {Material} from '../../system/linked.ts';
import type {PackKind, PackRecord} from '../pack.ts';

/** Stands for something that a worker hands back unread: copying lists of ids there and back would cost more than their use. */
export type Ticket = number;

/** One frame in the shared memory. */
export interface FilledFrame {
  readonly start: number;
  readonly length: number;
  /** Stands for the list of its blobs, which stays in the main thread. */
  readonly ticket: Ticket;
  /** How many blobs. */
  readonly count: number;
}

export interface FilledSlot {
  readonly slot: number;
  readonly kind: PackKind;
  readonly material: Material;
  readonly frames: readonly FilledFrame[];
}

export type ToWorker = {readonly type: 'fill'; readonly filled: FilledSlot} | {readonly type: 'finish'};

export type FromWorker =
  | {readonly type: 'free'; readonly slot: number}
  | {
      readonly type: 'pack';
      readonly record: PackRecord<Ticket>;
      readonly memory: ArrayBuffer;
      readonly length: number;
    }
  | {readonly type: 'finished'};

/** A slot is handed over when it holds this much. */
export const SLOT_FULL_BYTES = 2 ** 20;
/** The most that one reservation may ask for: a chunk of the largest size and what is read beyond it. */
export const RESERVATION_BYTES = 4.5 * 2 ** 20;
/** Slots lie on 64 KiB pages; a header and padding may come on top of a reservation. */
export const SLOT_BYTES = SLOT_FULL_BYTES + RESERVATION_BYTES + 65_536;
/** Kept free at the start of the memory for the chunker's table. */
export const TABLE_BYTES = 65_536;
/** A frame is closed when it holds this much. */
export const FRAME_FULL_BYTES = 2 ** 20;

export function createSlotMemory(slots: number): WebAssembly.Memory {
  const pages = (TABLE_BYTES + slots * SLOT_BYTES) / 65_536;
  return new WebAssembly.Memory({initial: pages, maximum: pages, shared: true});
}

export const slotStart = (slot: number): number => TABLE_BYTES + slot * SLOT_BYTES;
