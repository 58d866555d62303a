import type {Clock} from '../../src/targets/clock.ts';

/** A clock whose sleepers wake at once, and which goes on by what they slept. Chance always gives the same. */
export class FakeClock implements Clock {
  readonly slept: number[] = [];
  readonly #chance: number;
  #nowMs = 1000;

  constructor(chance = 0.5) {
    this.#chance = chance;
  }

  now(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return Date.parse('2026-11-20T02:30:00Z') + this.#nowMs;
  }

  async sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
    this.#nowMs += ms;
  }

  random(): number {
    return this.#chance;
  }
}
