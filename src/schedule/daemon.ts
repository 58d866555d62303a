/** A scheduler in the foreground: looks each minute for what is due, until it is told to stop. */
import {once} from 'node:events';
import cron from 'node-cron';
import type {Scheduler} from './scheduler.ts';

/** Only wakes us: what is due is decided from the clock at that moment, so that a late or lost beat loses no run. */
const EACH_MINUTE = '* * * * *';

/**
 * Returns when `signal` is aborted and all runs have ended.
 * @param onError is told what went wrong around a run; the next beat tries again
 */
export async function runUntilStopped(
  scheduler: Scheduler,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  const beat = (): void => {
    try {
      scheduler.tick(onError);
    } catch (error) {
      onError(error);
    }
  };
  const task = cron.schedule(EACH_MINUTE, beat, {suppressMissedWarning: true});
  try {
    beat();
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await task.destroy();
    await scheduler.ended();
  }
}
