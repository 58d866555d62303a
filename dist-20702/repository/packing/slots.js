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
export function createSlotMemory(slots) {
    const pages = (TABLE_BYTES + slots * SLOT_BYTES) / 65_536;
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}
export const slotStart = (slot) => TABLE_BYTES + slot * SLOT_BYTES;
