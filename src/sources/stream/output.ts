/** What a program writes, read in large pieces. */
import {closeSync} from 'node:fs';
import {Socket} from 'node:net';
import {loadLibc} from '../../system/libc.ts';

/** Read at once at most. */
const PIECE_BYTES = 262_144;
/** So many pieces may wait for the reader. */
const WAITING_BYTES = 2 * PIECE_BYTES;
/** How long a program is let run ahead that had not written as much as this. */
const AHEAD_MS = 2;
const AHEAD_BYTES = 131_072;

/**
 * A pipe for the output of a program. Many write in pieces of 4 KiB; to read each of them by itself would cost more than to store it. So the pipe is wide, and what comes
 * in small pieces is left there for a moment.
 */
export class OutputPipe {
  /** For the program: closed here by {@link started}. */
  readonly write: number;
  readonly #socket: Socket;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #isOver = false;
  #failure: unknown;
  #pause: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;

  /** @returns undefined where this system has no wide pipes to give */
  static make(): OutputPipe | undefined {
    try {
      const ends = loadLibc()?.makeWidePipe();
      return ends && new OutputPipe(ends.read, ends.write);
    } catch {
      return undefined; // This user may have no more of them: an ordinary pipe does the same.
    }
  }

  private constructor(read: number, write: number) {
    this.write = write;
    this.#socket = new Socket({
      fd: read,
      readable: true,
      writable: false,
      onread: {
        buffer: Buffer.allocUnsafeSlow(PIECE_BYTES),
        callback: (length, buffer) => this.#take(Buffer.from(buffer.subarray(0, length))),
      },
    });
    this.#socket.on('error', (error) => {
      this.#failure = error;
    });
    this.#socket.on('close', () => {
      this.#isOver = true;
      this.#notify();
    });
    this.#socket.on('end', () => this.#socket.destroy());
  }

  /** The program has its end of the pipe. */
  started(): void {
    closeSync(this.write);
  }

  /** Resolves when nobody can write any more, or {@link end} was called. */
  get over(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) resolve();
      else this.#socket.once('close', () => resolve());
    });
  }

  /** What is not read yet is given up. */
  end(): void {
    this.#socket.destroy();
  }

  /** @throws what reading from the pipe throws */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    for (;;) {
      const pieces = this.#pieces;
      this.#pieces = [];
      this.#bytes = 0;
      if (this.#pause === undefined) this.#socket.resume();
      yield* pieces;
      if (this.#pieces.length > 0) continue;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isOver) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** @returns whether to read on at once */
  #take(piece: Buffer): boolean {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    this.#notify();
    if (piece.length < AHEAD_BYTES)
      this.#pause ??= setTimeout(() => {
        this.#pause = undefined;
        if (this.#bytes < WAITING_BYTES) this.#socket.resume();
      }, AHEAD_MS);
    return this.#pause === undefined && this.#bytes < WAITING_BYTES;
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
