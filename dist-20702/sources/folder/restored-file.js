import { closeSync, ftruncateSync, writeSync } from 'node:fs';
/** A file under a temporary name, or none. It takes its final name in {@link commit}, whole, or never. Disposing of it uncommitted discards it. */
export class RestoredFile {
    #fd;
    #size;
    #extents;
    #hooks;
    #extent = 0;
    #filled = 0;
    #problem;
    #settled = false;
    /** @param fd of an empty file; closed by commit and abort */
    constructor(fd, entry, hooks) {
        this.#fd = fd;
        this.#size = entry.size ?? 0;
        this.#extents = entry.extents ?? (this.#size > 0 ? [[0, this.#size]] : []);
        this.#hooks = hooks;
    }
    /**
     * Takes the next bytes of its content: of its data extents, one after the other. The chunk is the caller's again afterwards.
     * @throws RestoreError when the file system is full or broken
     */
    write(chunk) {
        let at = 0;
        while (at < chunk.length) {
            const extent = this.#extents[this.#extent];
            if (extent === undefined) {
                this.#problem ??= 'its content is longer than its size';
                return;
            }
            const [offset, length] = extent;
            const count = this.#put(chunk, at, Math.min(length - this.#filled, chunk.length - at), offset + this.#filled);
            at += count;
            this.#filled += count;
            if (this.#filled === length) {
                this.#extent++;
                this.#filled = 0;
            }
        }
    }
    /**
     * Gives it its metadata and its name.
     * @returns false (after a warning) if its content has not the size that it should, or its name is taken
     */
    commit() {
        if (this.#settled)
            return false;
        if (this.#extent < this.#extents.length)
            this.#problem ??= 'its content is shorter than its size';
        const last = this.#extents.at(-1);
        let placed = false;
        try {
            if (this.#problem === undefined) {
                if (this.#size > (last ? last[0] + last[1] : 0))
                    ftruncateSync(this.#fd, this.#size);
                placed = this.#hooks.place(this.#fd);
                if (!placed)
                    this.#problem = '';
            }
        }
        catch (error) {
            if (error.code !== 'EFBIG')
                throw this.#hooks.explain(error);
            this.#problem = 'it is larger than the file system allows';
        }
        finally {
            if (placed)
                this.#close();
            else
                this.#discard();
        }
        return placed;
    }
    /** Removes what was written. */
    abort() {
        if (this.#settled)
            return;
        this.#problem = undefined;
        this.#discard();
    }
    [Symbol.dispose]() {
        this.abort();
    }
    #put(chunk, at, length, position) {
        try {
            return writeSync(this.#fd, chunk, at, length, position);
        }
        catch (error) {
            throw this.#hooks.explain(error);
        }
    }
    #discard() {
        this.#close();
        this.#hooks.discard(this.#problem === '' ? undefined : this.#problem);
    }
    #close() {
        this.#settled = true;
        closeSync(this.#fd);
    }
}
/** Extents ascend, do not touch, and end within the file. */
export function extentsAreSound({ size = 0, extents = [] }) {
    let end = -1;
    for (const [offset, length] of extents) {
        if (!Number.isSafeInteger(offset + length) || offset <= end || length <= 0)
            return false;
        end = offset + length;
    }
    return Number.isSafeInteger(size) && size >= 0 && end <= size;
}
