import type { ReadStream } from 'node:tty';
import { Secret } from '../system/secret.ts';
/** Asks a person for something that must not be seen. */
export type HiddenPrompt = (question: string, options?: {
    readonly signal?: AbortSignal | undefined;
}) => Promise<Secret>;
/** What the prompt needs of a terminal. */
export type TerminalInput = Pick<ReadStream, 'isTTY' | 'isRaw' | 'setRawMode' | 'on' | 'off' | 'pause' | 'resume' | 'unshift'>;
export interface TerminalOutput {
    readonly isTTY?: boolean | undefined;
    write(text: string): unknown;
}
/**
 * A prompt on a terminal, without echo.
 * @param output stderr, so that stdout stays clean
 * @returns undefined where nobody can be asked
 */
export declare function hiddenPrompt(input: Partial<TerminalInput>, output: TerminalOutput): HiddenPrompt | undefined;
