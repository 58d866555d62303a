import {journalLine, type LogFormat, type LogLevel, logFormatOf} from './log-format.ts';
import {createRedactor, guardStream, type Redactor} from './redact.ts';
import {createStyler, displayMessage, shorten, textWidth} from './terminal.ts';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** `0 B`, `1.5 KiB`, `16 MiB`. */
export function formatBytes(bytes: number): string {
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
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${/[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ie` : noun}s`;
}

/** `34 ms`, `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (ms > 0 && seconds < 0.05) return `${Math.max(1, Math.round(ms))} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(/\.0$/, '')} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(whole, 60, 'min', 1, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(minutes, 60, 'h', 1, 'min');
  return pair(Math.round(seconds / 3600), 24, 'd', 1, 'h');
}

function pair(amount: number, per: number, big: string, step: number, small: string): string {
  const rest = Math.floor((amount % per) / step);
  return `${Math.floor(amount / per)} ${big}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be shortened where the terminal is too narrow. */
  readonly flexible?: boolean;
}

/**
 * Lines of aligned columns under their titles. Cells are shown as they are: names go through `displayName` first.
 * @param width columns of the terminal; without it nothing is shortened, which is right for files and pipes
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string {
  const lines = [columns.map(({title}) => title), ...rows];
  const widths = columns.map((_, index) => Math.max(0, ...lines.map((line) => textWidth(line[index] ?? ''))));
  let excess = widths.reduce((sum, columnWidth) => sum + columnWidth + 2, -2) - width;
  for (const [index, {flexible, title}] of columns.entries()) {
    if (!flexible || excess <= 0) continue;
    const narrow = Math.max(textWidth(title), 8, (widths[index] ?? 0) - excess);
    excess -= Math.max(0, (widths[index] ?? 0) - narrow);
    widths[index] = Math.min(narrow, widths[index] ?? 0);
  }
  return lines
    .map((line) =>
      columns
        .map(({align}, index) => {
          const cell = shorten(line[index] ?? '', widths[index] ?? 0);
          const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - textWidth(cell)));
          return align === 'right' ? padding + cell : cell + padding;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** An error as users and scripts get it. */
export interface ErrorReport {
  readonly code: string;
  readonly exitCode: number;
  readonly message: string;
  readonly hint: string | undefined;
}

/** The same for scripts. */
export interface ErrorJson {
  readonly code: string;
  readonly exitCode: number;
  readonly message: string;
  readonly hint: string | null;
}

export interface OutputOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly redact: Redactor;
  readonly logFormat?: LogFormat;
}

/** More is a log, not a message. */
const SAID_MOST = 20;

/** Results go to stdout, all that is said about them to stderr: every word of that passes through `#tell`. */
export class Output {
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;
  #redact: Redactor;
  readonly #logFormat: LogFormat;
  readonly #said: string[] = [];
  /** Stands in each line of a log in JSON. */
  about: Readonly<Record<string, string>> = {};
  #status = '';

  constructor({stdout, stderr, redact, logFormat = 'text'}: OutputOptions) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#redact = redact;
    this.#logFormat = logFormat;
  }

  /** That of this process. Whatever anybody writes to its stderr is redacted, too. */
  static ofProcess({stdout, stderr, env, argv}: NodeJS.Process): Output {
    const redact = createRedactor(env);
    guardStream(stderr, redact);
    return new Output({stdout, stderr, redact, logFormat: logFormatOf(argv, env)});
  }

  /** From here on, secrets of this environment are taken out, too. */
  hide(env: Readonly<Record<string, string | undefined>>): void {
    const [before, more] = [this.#redact, createRedactor(env)];
    this.#redact = (text) => more(before(text));
  }

  /** Whether stderr is a terminal, on which a line can be rewritten. */
  get interactive(): boolean {
    return this.#stderr.isTTY === true && this.#logFormat === 'text';
  }

  /** The errors and warnings so far, without secrets, for who tells others of a run. */
  get said(): readonly string[] {
    return this.#said;
  }

  /** Columns of the terminal that stdout is, or undefined for a file or pipe. */
  get width(): number | undefined {
    return this.#stdout.isTTY ? this.#stdout.columns : undefined;
  }

  /** Columns of the terminal that stderr is. */
  get statusWidth(): number {
    return this.#stderr.columns ?? 80;
  }

  /** Writes a result. Names in it have gone through `displayName`. */
  print(text: string): void {
    this.clearStatus();
    this.#stdout.write(`${text}\n`);
  }

  /** Writes the one JSON document of a command. */
  json(value: unknown): void {
    this.print(JSON.stringify(value, null, 2));
  }

  error({message, hint, code, exitCode}: ErrorReport): void {
    this.#remember(`Error: ${message}${hint === undefined ? '' : ` Hint: ${hint}`}`);
    const style = createStyler(this.#stderr);
    if (this.#logFormat !== 'text') {
      this.#log('error', message, {hint, code, exitCode});
    } else {
      this.#tell(message, style(['bold', 'red'], 'Error:'));
      if (hint !== undefined) this.#tell(hint, style('bold', 'Hint:'));
    }
  }

  warn(message: string, hint?: string): void {
    this.#remember(`Warning: ${message}${hint === undefined ? '' : ` Hint: ${hint}`}`);
    const style = createStyler(this.#stderr);
    if (this.#logFormat !== 'text') {
      this.#log('warning', message, {hint});
    } else {
      this.#tell(message, style(['bold', 'yellow'], 'Warning:'));
      if (hint !== undefined) this.#tell(hint, style('bold', 'Hint:'));
    }
  }

  note(message: string): void {
    if (this.#logFormat !== 'text') this.#log('info', message);
    else this.#tell(message);
  }

  /** For logs alone: what a terminal shows by other means, or not at all. */
  event(message: string, facts: Readonly<Record<string, string | number | null>>): void {
    if (this.#logFormat !== 'text') this.#log('info', message, facts);
  }

  /** Writes one line of JSON to stderr, for programs that watch. */
  jsonLine(value: unknown): void {
    this.#stderr.write(`${this.#redact(JSON.stringify(value))}\n`);
  }

  /** A text without secrets, for `--json`. */
  redacted(text: string): string {
    return this.#redact(text);
  }

  /** What an error says about itself, for `--json`. */
  errorJson({code, exitCode, message, hint}: ErrorReport): ErrorJson {
    return {
      code,
      exitCode,
      message: this.redacted(message),
      hint: hint === undefined ? null : this.redacted(hint),
    };
  }

  /** Shows a line that the next one replaces. Only on a terminal. */
  status(line: string): void {
    if (!this.interactive) return;
    this.#status = line;
    this.#stderr.write(`\r\u001b[2K${this.#redact(line)}`);
  }

  clearStatus(): void {
    if (this.#status === '') return;
    this.#status = '';
    this.#stderr.write('\r\u001b[2K');
  }

  /** Writes one line. */
  #log(level: LogLevel, message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.clearStatus();
    const text = this.#redact(message);
    const hint = typeof facts['hint'] === 'string' ? this.#redact(facts['hint']) : undefined;
    if (this.#logFormat === 'json') {
      const time = new Date().toISOString();
      this.jsonLine({time, level, ...this.about, message: text, ...facts, hint});
    } else {
      const label = {error: 'Error: ', warning: 'Warning: ', info: ''}[level];
      const shown = displayMessage(`${label}${text}${hint === undefined ? '' : ` Hint: ${hint}`}`);
      this.#stderr.write(`${journalLine(level, shown)}\n`);
    }
  }

  #remember(text: string): void {
    if (this.#said.length < SAID_MOST) this.#said.push(this.#redact(text));
  }

  #tell(message: string, label?: string): void {
    this.clearStatus();
    const text = displayMessage(this.#redact(message));
    this.#stderr.write(`${label === undefined ? '' : `${label} `}${text}\n`);
  }
}
