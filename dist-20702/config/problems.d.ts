import { ConfigError } from '../errors.ts';
/** The first few help; a binary file would bring thousands. */
export declare const MAX_FINDINGS = 20;
/** One thing that is wrong with a config, and where. */
export interface ConfigProblem {
    /** Keys from the top, such as `sources.app.exclude`; empty for the file as a whole. */
    readonly path: string;
    /** From 1. */
    readonly line: number;
    /** From 1, in UTF-16 code units. */
    readonly column: number;
    /** Such as ``Unknown key `exlude`; did you mean `exclude`?`` */
    readonly message: string;
    /** The same with its place: ``Unknown key `exlude` at holdfast.yaml:7:5; did you mean `exclude`?`` */
    readonly text: string;
}
/** A problem before it is put into words: the place as an offset into the text. */
export interface Finding {
    readonly path: readonly PropertyKey[];
    readonly offset: number;
    /** A sentence without its end. */
    readonly what: string;
    /** What follows after a semicolon. */
    readonly advice?: string | undefined;
}
/** The config was read and is wrong. Lists everything that is wrong with it. */
export declare class InvalidConfigError extends ConfigError {
    readonly problems: readonly ConfigProblem[];
    constructor(file: string, problems: readonly ConfigProblem[]);
}
/** Puts a finding into words. */
export declare function toProblem({ path, what, advice }: Finding, file: string, { line, column }: {
    line: number;
    column: number;
}): ConfigProblem;
