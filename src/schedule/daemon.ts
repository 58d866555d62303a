/** A scheduler in the foreground: looks each minute for what is due, until it is told to stop. */
import {once} from 'node:events';
import cron from 'node-cron';
import type {Scheduler} from './scheduler.ts';

/** Only wakes us: what is due is decided from the clock at that moment, so that a late or lost beat loses no run. */
const EACH_MINUTE = '* * * * *';

export interface DaemonOptions {
  readonly signal: AbortSignal;
  /** Awaited before each look: other jobs may be wanted by now. */
  readonly refresh: () => Promise<void>;
  /** Calls back whenever somebody wants us to look at once. */
  readonly onWish: (look: () => void) => Disposable;
  /** Is told what went wrong around a run; the next look tries again. */
  readonly onError: (error: unknown) => void;
}

/** Returns when `signal` is aborted and all runs have ended. */
export async function runUntilStopped(
  scheduler: Scheduler,
  {signal, refresh, onWish, onError}: DaemonOptions,
): Promise<void> {
  let looking = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      await refresh();
      scheduler.tick(onError);
    } catch (error) {
      onError(error);
    }
  };
  const beat = (): void => {
    looking = looking.then(look);
  };
  using _wishes = onWish(beat);
  const task = cron.schedule(EACH_MINUTE, beat, {suppressMissedWarning: true});
  try {
    beat();
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await task.destroy();
    await looking;
    await scheduler.ended();
  }
}
