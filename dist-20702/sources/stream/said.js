const KEPT_BYTES = 16_384;
const LINES_SHOWN = 5;
const LINE_MOST = 300;
/** The end of what a program writes to standard error, without secrets. However much it writes, little is kept. */
export class Said {
    #secrets;
    #tail = Buffer.alloc(0);
    constructor(secrets = []) {
        this.#secrets = secrets.map((secret) => secret.reveal()).filter((text) => text.length > 0);
    }
    add(piece) {
        const all = Buffer.concat([this.#tail, piece]);
        this.#tail = all.length > 2 * KEPT_BYTES ? Buffer.from(all.subarray(-KEPT_BYTES)) : all;
    }
    /** The last lines. */
    lines() {
        let text = this.#tail.toString();
        for (const secret of this.#secrets)
            text = text.replaceAll(secret, '[redacted]');
        const lines = text.split('\n').map((line) => line.trim());
        return lines
            .filter((line) => line !== '')
            .slice(-LINES_SHOWN)
            .map((line) => (line.length > LINE_MOST ? `${line.slice(0, LINE_MOST)}…` : line));
    }
    /** The same as the end of a sentence: empty, or in brackets. */
    asEnding() {
        const lines = this.lines();
        return lines.length === 0 ? '' : ` (${lines.join('; ').replace(/\.$/, '')})`;
    }
}
