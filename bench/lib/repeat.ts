import {median} from './measure.ts';

/** Runs something some times and tells the median time in milliseconds. The first run, which compiles, does not count. */
export function medianMs(rounds: number, run: () => void): number {
  run();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    run();
    times.push(performance.now() - started);
  }
  return median(times);
}
