import type { Secret } from '../../system/secret.ts';
export interface Program {
    /** How messages call it; its arguments are not shown. */
    readonly label: string;
    readonly file: string;
    readonly args: readonly string[];
    /** Added to the environment; undefined takes a variable out. */
    readonly env?: Readonly<Record<string, string | undefined>>;
    /** What it reads from standard input; nothing by default. */
    readonly input?: AsyncIterable<Uint8Array>;
    /** What must not be shown if it says it. */
    readonly secrets?: readonly Secret[];
    /** It is ended when it takes longer; undefined to end it when it is silent for an hour. */
    readonly timeoutMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
    /** Exit codes beside 0 with which it has done its work, and said what it could not. */
    readonly succeeds?: readonly number[];
    /** What to do when it fails. */
    readonly hint?: string;
    /** What it wrote to standard error though it succeeded. */
    onSaid?(lines: string[]): void;
}
/**
 * Runs the program and yields its output. Ends when it has succeeded; who stops reading ends it, and all that it started.
 * @throws {@link SourceError} with what it said last
 */
export declare function runProgram(program: Program): AsyncGenerator<Buffer, void>;
/** The whole output of a program that says little, as text. */
export declare function collectOutput(program: Program): Promise<string>;
/** Not in execa's words, which repeat the whole command: its arguments may be secret. */
export declare function howItEnded({ code, signal, exitCode, }: {
    code?: string | undefined;
    signal?: string | undefined;
    exitCode?: number | undefined;
}, why?: 'timeout' | 'silence'): string;
