import { type Target } from '../targets/target.ts';
export interface Bench {
    readonly target: Target;
    /** Ends in `/`. */
    readonly prefix: string;
    readonly now: () => Date;
    /** Whether the store keeps what is overwritten or removed. */
    readonly keepsOld: boolean;
    readonly signal: AbortSignal | undefined;
}
export interface Finding {
    readonly ok: boolean;
    readonly detail: string;
    readonly hint?: string;
}
export interface Probe {
    readonly name: string;
    /** Whether Holdfast cannot do without it; otherwise it is good to know. */
    readonly required: boolean;
    readonly run: (bench: Bench) => Promise<Finding>;
}
export declare const PROBES: readonly Probe[];
/** For `--thorough`: these take a minute or two. */
export declare const THOROUGH_PROBES: readonly Probe[];
/** What the credentials permit. A machine that backs up should not be able to remove what it stored. */
export declare const RIGHTS: readonly Probe[];
