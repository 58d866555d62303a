import type {OnProgress, ProgressEvent, ProgressPhase} from '../operations/progress.ts';
import {formatBytes, formatDuration, type Output} from './output.ts';
import {displayName, jsonName, shorten, textWidth} from './terminal.ts';

/** `line` on a terminal, `log` elsewhere, `json` when asked for, `none` with `--quiet`. */
export type ProgressMode = 'line' | 'log' | 'json' | 'none';

const INTERVAL_MS: Readonly<Record<ProgressMode, number>> = {line: 100, log: 60_000, json: 1000, none: 0};
/** The rate is that of the last moments: the average since the start lies after a slow beginning. */
const RATE_WINDOW_MS = 10_000;

const PHASE_WORDS: Readonly<Record<ProgressPhase, string>> = {
  scan: 'Scanning',
  backup: 'Backing up',
  upload: 'Uploading',
  restore: 'Restoring',
  salvage: 'Looking into packs',
  verify: 'Verifying',
  rebuild: 'Rebuilding',
  replicate: 'Copying',
  prune: 'Sweeping',
};

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly output: Output;
  /** A clock that never goes back, in ms. */
  readonly now?: () => number;
}

/** Shows the progress of one command on stderr. */
export class Progress implements Disposable {
  readonly #mode: ProgressMode;
  readonly #output: Output;
  readonly #now: () => number;
  #shownMs: number;
  #phase: ProgressPhase | undefined;
  #samples: {atMs: number; bytes: number}[] = [];

  constructor({mode, output, now = () => performance.now()}: ProgressOptions) {
    this.#mode = mode;
    this.#output = output;
    this.#now = now;
    // The first line in a log comes after a minute: a short run has nothing to report but its result.
    this.#shownMs = mode === 'log' ? now() : Number.NEGATIVE_INFINITY;
  }

  /** Give this to an operation. */
  readonly onProgress: OnProgress = (event) => {
    if (this.#mode === 'none') return;
    const now = this.#now();
    if (event.phase !== this.#phase) {
      this.#phase = event.phase;
      this.#samples = [{atMs: now, bytes: event.bytes.done}];
    }
    if (now - this.#shownMs < INTERVAL_MS[this.#mode]) return;
    this.#shownMs = now;
    this.#samples.push({atMs: now, bytes: event.bytes.done});
    while (this.#samples.length > 2 && now - (this.#samples[1]?.atMs ?? now) > RATE_WINDOW_MS)
      this.#samples.shift();
    this.#show(event);
  };

  #show(event: ProgressEvent): void {
    const rate = this.#rate();
    if (this.#mode === 'json') this.#output.jsonLine(progressJson(event, rate));
    else if (this.#mode === 'log') this.#output.note(`${summary(event, rate)}.`);
    else this.#output.status(statusLine(event, rate, this.#output.statusWidth - 1));
  }

  /** Bytes per second, or undefined before there is anything to measure. */
  #rate(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs - first.atMs < 50) return undefined;
    return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs));
  }

  [Symbol.dispose](): void {
    this.#output.clearStatus();
  }
}

function etaMs({bytes}: ProgressEvent, rate: number | undefined): number | undefined {
  if (bytes.total === undefined || !rate) return undefined;
  return (Math.max(0, bytes.total - bytes.done) / rate) * 1000;
}

/** `Backing up: 1.2 GiB of 3 GiB (40%), 1 204 files, 80 MiB/s, 22 s left` */
function summary(event: ProgressEvent, rate: number | undefined): string {
  const {phase, files, bytes} = event;
  const parts: string[] = [];
  if (bytes.total !== undefined) {
    const percent = bytes.total === 0 ? 100 : Math.min(100, Math.floor((bytes.done / bytes.total) * 100));
    parts.push(`${formatBytes(bytes.done)} of ${formatBytes(bytes.total)} (${percent}%)`);
  } else {
    parts.push(formatBytes(bytes.done));
  }
  const unit = files.done === 1 && files.total === undefined ? 'file' : 'files';
  parts.push(files.total === undefined ? `${files.done} ${unit}` : `${files.done} of ${files.total} files`);
  if (rate !== undefined) parts.push(`${formatBytes(rate)}/s`);
  const left = etaMs(event, rate);
  if (left !== undefined) parts.push(`${formatDuration(Math.round(left / 1000) * 1000)} left`);
  return `${PHASE_WORDS[phase]}: ${parts.join(', ')}`;
}

function statusLine(event: ProgressEvent, rate: number | undefined, width: number): string {
  const text = shorten(summary(event, rate), width);
  const room = width - textWidth(text) - 2;
  if (event.current === undefined || room < 8) return text;
  return `${text}  ${shorten(displayName(event.current), room)}`;
}

function progressJson(event: ProgressEvent, rate: number | undefined): object {
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
