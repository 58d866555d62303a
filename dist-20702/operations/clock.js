/** Clocks that differ by less are taken for equal. */
const TOLERANCE_MS = 10 * 60_000;
/** A source that is backed up more often than this may still rest for a night. */
const SILENCE_LEAST_MS = 36 * 3_600_000;
/** So many times its usual interval a source may be late. */
const SILENCE_INTERVALS = 3;
/** Fewer snapshots show no rhythm. */
const RHYTHM_SNAPSHOTS = 3;
/** How far the newest snapshot lies in the future, in ms; undefined if that is no more than clocks may differ. */
export function aheadMs({ seals }, now) {
    const newest = Math.max(...seals.map(({ finished }) => Date.parse(finished)));
    const ahead = newest - now.getTime();
    return ahead > TOLERANCE_MS ? ahead : undefined;
}
/** The same in words, for the machine that makes backups. */
export function clockProblem(history, now) {
    if (aheadMs(history, now) === undefined)
        return undefined;
    const newest = history.seals.reduce((a, b) => (a.finished > b.finished ? a : b));
    return `the clock of this machine says ${now.toISOString()}, but snapshot ${newest.snapshot.id} was made at ${newest.finished}: one of the two is wrong`;
}
/** Set if the newest snapshot is older than the rhythm of its source would suggest: newer ones may have been removed. */
export function silenceOf({ seals }, now) {
    if (seals.length < RHYTHM_SNAPSHOTS)
        return undefined;
    const times = seals.map(({ finished }) => Date.parse(finished)).sort((a, b) => a - b);
    const gaps = times.slice(1).map((time, at) => time - times[at]);
    const usualMs = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
    const ageMs = now.getTime() - times.at(-1);
    return ageMs > Math.max(SILENCE_LEAST_MS, SILENCE_INTERVALS * usualMs) ? { ageMs, usualMs } : undefined;
}
