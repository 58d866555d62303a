/** A stream of more blobs than this keeps their ids in blobs of their own. */
const INLINE_MOST = 64;
const LIST_LEAST = 64;
const LIST_MOST = 32_768;
/**
 * Collects the ids of a stream's blobs. Long lists become blobs, cut behind ids that end in a zero byte: where the stream is as
 * it was, its lists are, too.
 */
export class ContentIds {
    #writer;
    #lists = [];
    #ids = [];
    constructor(writer) {
        this.#writer = writer;
    }
    add(id) {
        this.#ids.push(id);
        const isCut = this.#ids.length >= LIST_LEAST && id.endsWith('00');
        return isCut || this.#ids.length === LIST_MOST ? this.#flush() : undefined;
    }
    async finish() {
        if (this.#lists.length === 0 && this.#ids.length <= INLINE_MOST)
            return { content: this.#ids };
        if (this.#ids.length > 0)
            await this.#flush();
        return { contentIn: this.#lists };
    }
    async #flush() {
        const list = Buffer.from(this.#ids.join(''), 'hex');
        this.#ids = [];
        this.#lists.push(await this.#writer.storeWhole('tree', list));
    }
}
