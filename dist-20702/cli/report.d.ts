import type { ErrorReport, Output } from './output.ts';
/** Puts any error into the form that users and scripts get. */
export declare function describeError(error: unknown, { command }: {
    command: string;
}): ErrorReport;
/** Says what went wrong, on stderr and with `json` on stdout, too. @returns the exit code for it */
export declare function reportError(output: Output, error: unknown, { command, json }: {
    command: string;
    json: boolean;
}): number;
