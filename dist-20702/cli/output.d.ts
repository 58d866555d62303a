import { type Redactor } from './redact.ts';
/** `0 B`, `1.5 KiB`, `16 MiB`. */
export declare function formatBytes(bytes: number): string;
/** `1 file`, `2 files`, `1 entry`, `2 entries`. */
export declare function counted(count: number, noun: string): string;
/** `34 ms`, `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export declare function formatDuration(ms: number): string;
export interface Column {
    readonly title: string;
    readonly align?: 'left' | 'right';
    /** May be shortened where the terminal is too narrow. */
    readonly flexible?: boolean;
}
/**
 * Lines of aligned columns under their titles. Cells are shown as they are: names go through `displayName` first.
 * @param width columns of the terminal; without it nothing is shortened, which is right for files and pipes
 */
export declare function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], width?: number): string;
/** An error as users and scripts get it. */
export interface ErrorReport {
    readonly code: string;
    readonly exitCode: number;
    readonly message: string;
    readonly hint: string | undefined;
}
/** The same for scripts. */
export interface ErrorJson {
    readonly code: string;
    readonly exitCode: number;
    readonly message: string;
    readonly hint: string | null;
}
export interface OutputOptions {
    readonly stdout: NodeJS.WriteStream;
    readonly stderr: NodeJS.WriteStream;
    readonly redact: Redactor;
}
/** Results go to stdout, all that is said about them to stderr: every word of that passes through `#tell`. */
export declare class Output {
    #private;
    constructor({ stdout, stderr, redact }: OutputOptions);
    /** That of this process. Whatever anybody writes to its stderr is redacted, too. */
    static ofProcess({ stdout, stderr, env }: NodeJS.Process): Output;
    /** Whether stderr is a terminal, on which a line can be rewritten. */
    get interactive(): boolean;
    /** Columns of the terminal that stdout is, or undefined for a file or pipe. */
    get width(): number | undefined;
    /** Columns of the terminal that stderr is. */
    get statusWidth(): number;
    /** Writes a result. Names in it have gone through `displayName`. */
    print(text: string): void;
    /** Writes the one JSON document of a command. */
    json(value: unknown): void;
    error({ message, hint }: ErrorReport): void;
    warn(message: string): void;
    note(message: string): void;
    /** Writes one line of JSON to stderr, for programs that watch. */
    jsonLine(value: unknown): void;
    /** A text without secrets, for `--json`. */
    redacted(text: string): string;
    /** What an error says about itself, for `--json`. */
    errorJson({ code, exitCode, message, hint }: ErrorReport): ErrorJson;
    /** Shows a line that the next one replaces. Only on a terminal. */
    status(line: string): void;
    clearStatus(): void;
}
