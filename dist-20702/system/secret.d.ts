import { inspect } from 'node:util';
/** A string that must not be printed: a passphrase, a password. It shows itself only to who asks by name. */
export declare class Secret {
    #private;
    constructor(text: string);
    /** The string itself, for the one call that needs it. */
    reveal(): string;
    toString(): string;
    toJSON(): string;
    [inspect.custom](): string;
}
