import type { Secret } from '../../system/secret.ts';
/** The end of what a program writes to standard error, without secrets. However much it writes, little is kept. */
export declare class Said {
    #private;
    constructor(secrets?: readonly Secret[]);
    add(piece: Buffer): void;
    /** The last lines. */
    lines(): string[];
    /** The same as the end of a sentence: empty, or in brackets. */
    asEnding(): string;
}
