import { inspect } from 'node:util';
/** A string that must not be printed: a passphrase, a password. It shows itself only to who asks by name. */
export class Secret {
    #text;
    constructor(text) {
        this.#text = text;
    }
    /** The string itself, for the one call that needs it. */
    reveal() {
        return this.#text;
    }
    toString() {
        return '[redacted]';
    }
    toJSON() {
        return '[redacted]';
    }
    [inspect.custom]() {
        return '[redacted]';
    }
}
