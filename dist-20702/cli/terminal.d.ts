import { styleText } from 'node:util';
/**
 * A file name as a terminal may show it, on one line: what is unsafe or not UTF-8 is escaped (`\n`, `\x1b`, `\u202e`,
 * `\xff`), and the backslash is doubled, so that different names look different.
 */
export declare function displayName(name: Uint8Array | string): string;
/** A path of a warning, in which bytes that are not UTF-8 are escaped already: on one line, and nothing in it controls a terminal. */
export declare function displayPath(path: string): string;
/**
 * A file name for JSON. Bytes that are not UTF-8 become lone surrogates (`\udc80` + byte), which JSON can hold and
 * Python's `os.fsencode` takes back to the same bytes.
 */
export declare function jsonName(name: Uint8Array | string): string;
/** A message as a terminal may show it. Its own line breaks stay; lines after the first are indented, so that none can pose as a message. */
export declare function displayMessage(message: string): string;
/** How many columns a text takes on a terminal. */
export declare function textWidth(text: string): number;
/** Shortens a text in its middle, so that it takes at most `width` columns: the end of a path says the most. */
export declare function shorten(text: string, width: number): string;
export type Styler = (format: Parameters<typeof styleText>[0], text: string) => string;
/** Colours for a stream: only on a terminal, and as `NO_COLOR` and `FORCE_COLOR` say. */
export declare function createStyler(stream: NodeJS.WritableStream): Styler;
export interface ConfirmOptions {
    /** Whether `--yes` was given. */
    readonly yes: boolean;
    readonly input?: NodeJS.ReadStream;
    readonly output?: NodeJS.WriteStream;
    readonly signal?: AbortSignal | undefined;
}
/**
 * Asks before something is destroyed. Anything but `y` or `yes` means no.
 * @throws {@link UsageError} if there is no terminal to ask on and no `--yes`
 */
export declare function confirm(question: string, { yes, input, output, signal }: ConfirmOptions): Promise<boolean>;
