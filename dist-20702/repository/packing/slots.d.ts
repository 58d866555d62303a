/** The shared memory that file content is read into and compressed from, in slots; and what main thread and workers say of them. */
import type { PackKind, PackRecord } from '../pack.ts';
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
    readonly frames: readonly FilledFrame[];
}
export type ToWorker = {
    readonly type: 'fill';
    readonly filled: FilledSlot;
} | {
    readonly type: 'finish';
};
export type FromWorker = {
    readonly type: 'free';
    readonly slot: number;
} | {
    readonly type: 'pack';
    readonly record: PackRecord<Ticket>;
    readonly memory: ArrayBuffer;
    readonly length: number;
} | {
    readonly type: 'finished';
};
/** A slot is handed over when it holds this much. */
export declare const SLOT_FULL_BYTES: number;
/** The most that one reservation may ask for: a chunk of the largest size and what is read beyond it. */
export declare const RESERVATION_BYTES: number;
/** Slots lie on 64 KiB pages; a header and padding may come on top of a reservation. */
export declare const SLOT_BYTES: number;
/** Kept free at the start of the memory for the chunker's table. */
export declare const TABLE_BYTES = 65536;
/** A frame is closed when it holds this much. */
export declare const FRAME_FULL_BYTES: number;
export declare function createSlotMemory(slots: number): WebAssembly.Memory;
export declare const slotStart: (slot: number) => number;
