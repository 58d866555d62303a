import { createRedactor, guardStream } from './redact.js';
import { createStyler, displayMessage, shorten, textWidth } from './terminal.js';
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
/** `0 B`, `1.5 KiB`, `16 MiB`. */
export function formatBytes(bytes) {
    let value = bytes;
    let unit = 0;
    // What would round to 1024 belongs to the next unit.
    while (value >= 1023.95 && unit < BYTE_UNITS.length - 1) {
        value /= 1024;
        unit++;
    }
    const digits = unit === 0 || value >= 99.95 ? 0 : 1;
    return `${value.toFixed(digits).replace(/\.0$/, '')} ${BYTE_UNITS[unit]}`;
}
/** `1 file`, `2 files`, `1 entry`, `2 entries`. */
export function counted(count, noun) {
    if (count === 1)
        return `1 ${noun}`;
    return `${count} ${/[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ie` : noun}s`;
}
/** `34 ms`, `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export function formatDuration(ms) {
    const seconds = Math.max(0, ms) / 1000;
    if (ms > 0 && seconds < 0.05)
        return `${Math.max(1, Math.round(ms))} ms`;
    if (seconds < 9.95)
        return `${seconds.toFixed(1).replace(/\.0$/, '')} s`;
    const whole = Math.round(seconds);
    if (whole < 60)
        return `${whole} s`;
    if (whole < 3600)
        return pair(whole, 60, 'min', 1, 's');
    const minutes = Math.round(seconds / 60);
    if (minutes < 24 * 60)
        return pair(minutes, 60, 'h', 1, 'min');
    return pair(Math.round(seconds / 3600), 24, 'd', 1, 'h');
}
function pair(amount, per, big, step, small) {
    const rest = Math.floor((amount % per) / step);
    return `${Math.floor(amount / per)} ${big}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}
/**
 * Lines of aligned columns under their titles. Cells are shown as they are: names go through `displayName` first.
 * @param width columns of the terminal; without it nothing is shortened, which is right for files and pipes
 */
export function renderTable(columns, rows, width = Number.POSITIVE_INFINITY) {
    const lines = [columns.map(({ title }) => title), ...rows];
    const widths = columns.map((_, index) => Math.max(0, ...lines.map((line) => textWidth(line[index] ?? ''))));
    let excess = widths.reduce((sum, columnWidth) => sum + columnWidth + 2, -2) - width;
    for (const [index, { flexible, title }] of columns.entries()) {
        if (!flexible || excess <= 0)
            continue;
        const narrow = Math.max(textWidth(title), 8, (widths[index] ?? 0) - excess);
        excess -= Math.max(0, (widths[index] ?? 0) - narrow);
        widths[index] = Math.min(narrow, widths[index] ?? 0);
    }
    return lines
        .map((line) => columns
        .map(({ align }, index) => {
        const cell = shorten(line[index] ?? '', widths[index] ?? 0);
        const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - textWidth(cell)));
        return align === 'right' ? padding + cell : cell + padding;
    })
        .join('  ')
        .trimEnd())
        .join('\n');
}
/** Results go to stdout, all that is said about them to stderr: every word of that passes through `#tell`. */
export class Output {
    #stdout;
    #stderr;
    #redact;
    #status = '';
    constructor({ stdout, stderr, redact }) {
        this.#stdout = stdout;
        this.#stderr = stderr;
        this.#redact = redact;
    }
    /** That of this process. Whatever anybody writes to its stderr is redacted, too. */
    static ofProcess({ stdout, stderr, env }) {
        const redact = createRedactor(env);
        guardStream(stderr, redact);
        return new Output({ stdout, stderr, redact });
    }
    /** Whether stderr is a terminal, on which a line can be rewritten. */
    get interactive() {
        return this.#stderr.isTTY === true;
    }
    /** Columns of the terminal that stdout is, or undefined for a file or pipe. */
    get width() {
        return this.#stdout.isTTY ? this.#stdout.columns : undefined;
    }
    /** Columns of the terminal that stderr is. */
    get statusWidth() {
        return this.#stderr.columns ?? 80;
    }
    /** Writes a result. Names in it have gone through `displayName`. */
    print(text) {
        this.clearStatus();
        this.#stdout.write(`${text}\n`);
    }
    /** Writes the one JSON document of a command. */
    json(value) {
        this.print(JSON.stringify(value, null, 2));
    }
    error({ message, hint }) {
        const style = createStyler(this.#stderr);
        this.#tell(message, style(['bold', 'red'], 'Error:'));
        if (hint !== undefined)
            this.#tell(hint, style('bold', 'Hint:'));
    }
    warn(message) {
        this.#tell(message, createStyler(this.#stderr)(['bold', 'yellow'], 'Warning:'));
    }
    note(message) {
        this.#tell(message);
    }
    /** Writes one line of JSON to stderr, for programs that watch. */
    jsonLine(value) {
        this.#stderr.write(`${this.#redact(JSON.stringify(value))}\n`);
    }
    /** A text without secrets, for `--json`. */
    redacted(text) {
        return this.#redact(text);
    }
    /** What an error says about itself, for `--json`. */
    errorJson({ code, exitCode, message, hint }) {
        return {
            code,
            exitCode,
            message: this.redacted(message),
            hint: hint === undefined ? null : this.redacted(hint),
        };
    }
    /** Shows a line that the next one replaces. Only on a terminal. */
    status(line) {
        if (!this.interactive)
            return;
        this.#status = line;
        this.#stderr.write(`\r\u001b[2K${this.#redact(line)}`);
    }
    clearStatus() {
        if (this.#status === '')
            return;
        this.#status = '';
        this.#stderr.write('\r\u001b[2K');
    }
    #tell(message, label) {
        this.clearStatus();
        const text = displayMessage(this.#redact(message));
        this.#stderr.write(`${label === undefined ? '' : `${label} `}${text}\n`);
    }
}
