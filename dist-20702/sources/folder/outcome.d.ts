import { RestoreError } from '../../errors.ts';
import type { OpenDirectory } from './directory.ts';
import { type Warnings } from './metadata.ts';
export interface WriterCounts {
    /** Entries that were made. */
    written: number;
    /** Entries that were there already, equal. */
    present: number;
    /** Entries that were not brought back, each with a warning. */
    refused: number;
}
export declare const NAME_NOT_ALLOWED = "its name is not allowed (empty, \".\", \"..\", or with \"/\" or NUL)";
/** Counts what became of the entries, and tells apart what concerns one of them and what ends the restore. */
export declare class Outcome {
    #private;
    readonly counts: WriterCounts;
    constructor(warnings: Warnings);
    /** @returns whether `name` is one component of a path; refuses the entry if not */
    acceptsName(directory: OpenDirectory, name: Buffer): boolean;
    refuse(directory: OpenDirectory, name: Buffer, problem: string): undefined;
    /** Turns what the system refuses for one entry into a warning, and what it refuses for all into a {@link RestoreError}. */
    attempt<T>(directory: OpenDirectory, name: Buffer, otherwise: T, action: () => T): T;
    explain(path: Buffer, cause: unknown): RestoreError;
}
/** One component of a path, whatever the repository says. */
export declare function nameIsSound(name: Buffer): boolean;
