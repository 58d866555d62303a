import {setImmediate} from 'node:timers/promises';
import {type BytePath, pathBytes} from './names.ts';

export interface WalkCounts {
  readonly entries: {new: number; changed: number; unchanged: number; removed: number; total: number};
  readonly bytes: {source: number; read: number};
}

export interface ProgressOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called often. `current` is the path of the entry, relative to the root. */
  onProgress?(counts: WalkCounts, current: Buffer): void;
}

/** How long the walk may keep the event loop to itself. */
const TURN_MS = 25;

/** Counts what a walk meets, and lets uploads, workers and signals have their turn now and then. */
export class WalkProgress {
  readonly counts: WalkCounts = {
    entries: {new: 0, changed: 0, unchanged: 0, removed: 0, total: 0},
    bytes: {source: 0, read: 0},
  };
  readonly #options: ProgressOptions;
  #turnStarted = performance.now();

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  count(kind: 'new' | 'changed' | 'unchanged', sizeBytes: number): void {
    this.counts.entries[kind]++;
    this.counts.entries.total++;
    this.counts.bytes.source += sizeBytes;
  }

  /** Too young to be trusted, or touched and set back: nothing of it is another than before. */
  recountAsUnchanged(): void {
    this.counts.entries.changed--;
    this.counts.entries.unchanged++;
  }

  /** @returns what counts again as if nothing had been counted since now */
  mark(): () => void {
    const entries = {...this.counts.entries};
    const {source} = this.counts.bytes;
    return () => {
      Object.assign(this.counts.entries, entries);
      this.counts.bytes.source = source;
    };
  }

  get isTurnOver(): boolean {
    return performance.now() - this.#turnStarted >= TURN_MS;
  }

  async endTurn(current: BytePath): Promise<void> {
    this.#options.onProgress?.(this.counts, pathBytes(current));
    await setImmediate();
    this.#options.signal?.throwIfAborted();
    this.#turnStarted = performance.now();
  }
}
