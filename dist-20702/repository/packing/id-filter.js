/** 2^25 bits, 4 MiB: of a million ids one in 1500 is taken for known though it is not, of ten millions one in four. */
const WORDS = 2 ** 20;
/** A Bloom filter of ids, which are random bytes. What it has not seen needs no look-up. */
export class IdFilter {
    #words = new Uint32Array(WORDS);
    add(id) {
        for (let probe = 0; probe < 12; probe += 4) {
            const bit = id.readUInt32LE(probe) & (32 * WORDS - 1);
            this.#words[bit >>> 5] = this.#words[bit >>> 5] | (1 << (bit & 31));
        }
    }
    /** Whether it was added, or something that looks like it. */
    mayHave(id) {
        for (let probe = 0; probe < 12; probe += 4) {
            const bit = id.readUInt32LE(probe) & (32 * WORDS - 1);
            if ((this.#words[bit >>> 5] & (1 << (bit & 31))) === 0)
                return false;
        }
        return true;
    }
}
