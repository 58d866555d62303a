import { setTimeout as sleep } from 'node:timers/promises';
export const systemClock = {
    now: () => performance.now(),
    wallMs: () => performance.timeOrigin + performance.now(),
    async sleep(ms, signal) {
        try {
            await sleep(ms, undefined, signal === undefined ? {} : { signal });
        }
        catch (cause) {
            signal?.throwIfAborted();
            throw cause;
        }
    },
    random: Math.random,
};
