import { MEMBER_HEADER_BYTES, memberLength } from './pack.js';
const ID_BYTES = 32;
const FIRST_ROOM = 1024;
export class BlobIndex {
    #packs = new Map();
    #frames = [];
    #count = 0;
    #ids = Buffer.allocUnsafeSlow(FIRST_ROOM * ID_BYTES);
    #frameOf = new Uint32Array(FIRST_ROOM);
    #offsets = new Uint32Array(FIRST_ROOM);
    #lengths = new Uint32Array(FIRST_ROOM);
    /** Open addressing, by the first bytes of the id, which are random: number of the blob + 1. */
    #table = new Uint32Array(2 * FIRST_ROOM);
    get packs() {
        return this.#packs.values();
    }
    pack(name) {
        return this.#packs.get(name);
    }
    /** @param isPreferred of a blob that lies in several packs, the place in this one is taken */
    add(record, isPreferred) {
        if (this.#packs.has(record.pack))
            return;
        const frames = [];
        const pack = { name: record.pack, size: record.size, kind: record.kind, frames };
        for (const { offset, size, raw, blobs } of record.frames) {
            frames.push({ pack, offset, size, raw, first: this.#count, count: blobs.length });
            let at = 0;
            for (const [id, length] of blobs) {
                this.#addBlob(id, at + MEMBER_HEADER_BYTES, length, isPreferred);
                at += memberLength(length);
            }
            this.#frames.push(frames.at(-1));
        }
        this.#packs.set(record.pack, pack);
    }
    find(id) {
        const key = Buffer.from(id, 'hex');
        const blob = this.#table[this.#slotOf(key)] - 1;
        if (blob < 0)
            return undefined;
        const frame = this.#frames[this.#frameOf[blob]];
        return {
            frame,
            at: blob - frame.first,
            offset: this.#offsets[blob],
            length: this.#lengths[blob],
        };
    }
    /** The ids of a frame's blobs, 32 bytes each. */
    idsOf({ first, count }) {
        return this.#ids.subarray(first * ID_BYTES, (first + count) * ID_BYTES);
    }
    lengthsOf({ first, count }) {
        return this.#lengths.subarray(first, first + count);
    }
    /** @param at number of the blob in the frame */
    idOf(frame, at) {
        return this.#ids.toString('hex', (frame.first + at) * ID_BYTES, (frame.first + at + 1) * ID_BYTES);
    }
    #addBlob(id, offset, length, isPreferred) {
        if (this.#count === this.#lengths.length)
            this.#grow();
        const blob = this.#count++;
        const key = this.#ids.subarray(blob * ID_BYTES, (blob + 1) * ID_BYTES);
        key.write(id, 'hex');
        this.#frameOf[blob] = this.#frames.length;
        this.#offsets[blob] = offset;
        this.#lengths[blob] = length;
        const slot = this.#slotOf(key);
        if (this.#table[slot] === 0 || isPreferred)
            this.#table[slot] = blob + 1;
    }
    /** Where the blob with this id is in the table, or would be. */
    #slotOf(key) {
        const mask = this.#table.length - 1;
        let slot = key.readUInt32LE(0) & mask;
        for (;;) {
            const blob = this.#table[slot] - 1;
            if (blob < 0 || key.compare(this.#ids, blob * ID_BYTES, (blob + 1) * ID_BYTES) === 0)
                return slot;
            slot = (slot + 1) & mask;
        }
    }
    #grow() {
        const room = Math.ceil(this.#lengths.length * 1.5);
        const ids = Buffer.allocUnsafeSlow(room * ID_BYTES);
        ids.set(this.#ids);
        this.#ids = ids;
        const grown = (numbers) => {
            const more = new Uint32Array(room);
            more.set(numbers);
            return more;
        };
        this.#frameOf = grown(this.#frameOf);
        this.#offsets = grown(this.#offsets);
        this.#lengths = grown(this.#lengths);
        if (room * 1.3 > this.#table.length)
            this.#enlargeTable();
    }
    #enlargeTable() {
        const known = this.#table;
        this.#table = new Uint32Array(2 * known.length);
        for (const entry of known) {
            if (entry === 0)
                continue;
            this.#table[this.#slotOf(this.#ids.subarray((entry - 1) * ID_BYTES, entry * ID_BYTES))] = entry;
        }
    }
}
