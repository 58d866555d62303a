/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
    readonly pid: number;
    /** When it started, as the system counts it; empty where the system does not tell. */
    readonly started: string;
}
export declare function thisProcess(): ProcessIdentity;
export declare function isRunning({ pid, started }: ProcessIdentity): boolean;
