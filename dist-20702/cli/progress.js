import { formatBytes, formatDuration } from './output.js';
import { displayName, jsonName, shorten, textWidth } from './terminal.js';
const INTERVAL_MS = { line: 100, log: 60_000, json: 1000, none: 0 };
/** The rate is that of the last moments: the average since the start lies after a slow beginning. */
const RATE_WINDOW_MS = 10_000;
const PHASE_WORDS = {
    scan: 'Scanning',
    backup: 'Backing up',
    upload: 'Uploading',
    restore: 'Restoring',
    verify: 'Verifying',
    rebuild: 'Rebuilding',
    replicate: 'Copying',
};
/** Shows the progress of one command on stderr. */
export class Progress {
    #mode;
    #output;
    #now;
    #shownMs;
    #phase;
    #samples = [];
    constructor({ mode, output, now = () => performance.now() }) {
        this.#mode = mode;
        this.#output = output;
        this.#now = now;
        // The first line in a log comes after a minute: a short run has nothing to report but its result.
        this.#shownMs = mode === 'log' ? now() : Number.NEGATIVE_INFINITY;
    }
    /** Give this to an operation. */
    onProgress = (event) => {
        if (this.#mode === 'none')
            return;
        const now = this.#now();
        if (event.phase !== this.#phase) {
            this.#phase = event.phase;
            this.#samples = [{ atMs: now, bytes: event.bytes.done }];
        }
        if (now - this.#shownMs < INTERVAL_MS[this.#mode])
            return;
        this.#shownMs = now;
        this.#samples.push({ atMs: now, bytes: event.bytes.done });
        while (this.#samples.length > 2 && now - (this.#samples[1]?.atMs ?? now) > RATE_WINDOW_MS)
            this.#samples.shift();
        this.#show(event);
    };
    #show(event) {
        const rate = this.#rate();
        if (this.#mode === 'json')
            this.#output.jsonLine(progressJson(event, rate));
        else if (this.#mode === 'log')
            this.#output.note(`${summary(event, rate)}.`);
        else
            this.#output.status(statusLine(event, rate, this.#output.statusWidth - 1));
    }
    /** Bytes per second, or undefined before there is anything to measure. */
    #rate() {
        const first = this.#samples[0];
        const last = this.#samples.at(-1);
        if (!first || !last || last.atMs - first.atMs < 50)
            return undefined;
        return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs));
    }
    [Symbol.dispose]() {
        this.#output.clearStatus();
    }
}
function etaMs({ bytes }, rate) {
    if (bytes.total === undefined || !rate)
        return undefined;
    return (Math.max(0, bytes.total - bytes.done) / rate) * 1000;
}
/** `Backing up: 1.2 GiB of 3 GiB (40%), 1 204 files, 80 MiB/s, 22 s left` */
function summary(event, rate) {
    const { phase, files, bytes } = event;
    const parts = [];
    if (bytes.total !== undefined) {
        const percent = bytes.total === 0 ? 100 : Math.min(100, Math.floor((bytes.done / bytes.total) * 100));
        parts.push(`${formatBytes(bytes.done)} of ${formatBytes(bytes.total)} (${percent}%)`);
    }
    else {
        parts.push(formatBytes(bytes.done));
    }
    const unit = files.done === 1 && files.total === undefined ? 'file' : 'files';
    parts.push(files.total === undefined ? `${files.done} ${unit}` : `${files.done} of ${files.total} files`);
    if (rate !== undefined)
        parts.push(`${formatBytes(rate)}/s`);
    const left = etaMs(event, rate);
    if (left !== undefined)
        parts.push(`${formatDuration(Math.round(left / 1000) * 1000)} left`);
    return `${PHASE_WORDS[phase]}: ${parts.join(', ')}`;
}
function statusLine(event, rate, width) {
    const text = shorten(summary(event, rate), width);
    const room = width - textWidth(text) - 2;
    if (event.current === undefined || room < 8)
        return text;
    return `${text}  ${shorten(displayName(event.current), room)}`;
}
function progressJson(event, rate) {
    const left = etaMs(event, rate);
    return {
        phase: event.phase,
        files: event.files,
        bytes: event.bytes,
        bytesPerSecond: rate === undefined ? undefined : Math.round(rate),
        etaSeconds: left === undefined ? undefined : Math.round(left / 1000),
        current: event.current === undefined ? undefined : jsonName(event.current),
    };
}
