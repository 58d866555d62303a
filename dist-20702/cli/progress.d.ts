import type { OnProgress } from '../operations/progress.ts';
import { type Output } from './output.ts';
/** `line` on a terminal, `log` elsewhere, `json` when asked for, `none` with `--quiet`. */
export type ProgressMode = 'line' | 'log' | 'json' | 'none';
export interface ProgressOptions {
    readonly mode: ProgressMode;
    readonly output: Output;
    /** A clock that never goes back, in ms. */
    readonly now?: () => number;
}
/** Shows the progress of one command on stderr. */
export declare class Progress implements Disposable {
    #private;
    constructor({ mode, output, now }: ProgressOptions);
    /** Give this to an operation. */
    readonly onProgress: OnProgress;
    [Symbol.dispose](): void;
}
