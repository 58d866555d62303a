/** What times say: a clock that was set back, and a source that has gone silent. Reported, never a reason to stop (docs/threat-model.md). */
import type { SourceHistory } from '../repository/history.ts';
/** How far the newest snapshot lies in the future, in ms; undefined if that is no more than clocks may differ. */
export declare function aheadMs({ seals }: SourceHistory, now: Date): number | undefined;
/** The same in words, for the machine that makes backups. */
export declare function clockProblem(history: SourceHistory, now: Date): string | undefined;
export interface Silence {
    /** Of the newest snapshot. */
    readonly ageMs: number;
    /** Median time between two snapshots. */
    readonly usualMs: number;
}
/** Set if the newest snapshot is older than the rhythm of its source would suggest: newer ones may have been removed. */
export declare function silenceOf({ seals }: SourceHistory, now: Date): Silence | undefined;
