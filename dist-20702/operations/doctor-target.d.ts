import type { Target } from '../targets/target.ts';
export interface Check {
    readonly name: string;
    readonly ok: boolean;
    /** Whether Holdfast cannot do without it. */
    readonly required: boolean;
    readonly detail: string;
    readonly hint: string | undefined;
}
export interface DoctorOptions {
    /** Also what takes minutes: pages of listings, large objects. */
    readonly thorough: boolean;
    readonly now: () => Date;
    readonly signal?: AbortSignal | undefined;
    readonly onCheck?: ((check: Check) => void) | undefined;
}
export interface TargetExamination {
    readonly checks: readonly Check[];
    /** Below which name everything was tried. */
    readonly prefix: string;
    /** Objects that could not be removed again. */
    readonly left: number;
}
/** @throws {@link TargetError} where not even a first object can be stored and read: then there is nothing to examine */
export declare function examineTarget(target: Target, options: DoctorOptions): Promise<TargetExamination>;
