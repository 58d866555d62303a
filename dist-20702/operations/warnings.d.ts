import { type Warning } from '../repository/snapshot.ts';
/** Warnings of one run, in whose paths bytes that are not UTF-8 are escaped as `\xff`: the first thousand, and how many more there were. */
export declare class WarningList {
    readonly kept: Warning[];
    omitted: number;
    add(path: Buffer, problem: string): void;
    get count(): number;
}
