import { PassphraseError } from '../errors.js';
import { Secret } from '../system/secret.js';
const KEY = {
    interrupt: '\u0003',
    endOfInput: '\u0004',
    backspace: '\b',
    clear: '\u0015',
    escape: '\u001b',
    delete: '\u007f',
};
/**
 * A prompt on a terminal, without echo.
 * @param output stderr, so that stdout stays clean
 * @returns undefined where nobody can be asked
 */
export function hiddenPrompt(input, output) {
    if (input.isTTY !== true || output.isTTY !== true)
        return undefined;
    return (question, { signal } = {}) => ask(input, output, question, signal);
}
function ask(input, output, question, signal) {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
        const wasRaw = input.isRaw;
        const decoder = new TextDecoder();
        const line = new HiddenLine();
        const finish = (act) => {
            input.off('data', read);
            input.off('end', ended);
            signal?.removeEventListener('abort', aborted);
            input.setRawMode(wasRaw);
            input.pause(); // Or it keeps the process alive.
            output.write('\n');
            act();
        };
        const aborted = () => finish(() => reject(signal?.reason));
        const ended = () => finish(() => reject(new PassphraseError('No passphrase was given.', { hint: 'Try again.' })));
        const read = (bytes) => {
            const text = decoder.decode(bytes, { stream: true });
            const { end, rest } = line.type(text);
            if (end === 'entered') {
                finish(() => {
                    if (rest !== '')
                        input.unshift(Buffer.from(rest)); // Pasted: the rest answers the next question. Once paused, or we get it back.
                    resolve(new Secret(line.text));
                });
            }
            else if (end === 'ended') {
                ended();
            }
            else if (end === 'interrupted') {
                // Raw mode made no signal of Ctrl-C. Whoever handles SIGINT aborts `signal`; if nobody does, the process ends here.
                input.setRawMode(wasRaw);
                process.kill(process.pid, 'SIGINT');
                setTimeout(() => signal?.aborted || ended(), 200).unref();
            }
        };
        output.write(question);
        signal?.addEventListener('abort', aborted, { once: true });
        input.setRawMode(true);
        input.on('data', read);
        input.on('end', ended);
        input.resume();
    });
}
/** What has been typed so far, with the few editing keys that make sense when nothing is shown. */
class HiddenLine {
    #characters = [];
    /** Where in a key such as an arrow: behind ESC, or behind ESC [ or ESC O. */
    #escape = 'no';
    get text() {
        return this.#characters.join('');
    }
    type(text) {
        const characters = [...text];
        for (const [index, character] of characters.entries()) {
            const rest = characters.slice(index + 1).join('');
            if (this.#escape === 'begun') {
                this.#escape = character === '[' || character === 'O' ? 'open' : 'no';
            }
            else if (this.#escape === 'open') {
                if (/[A-Za-z~]/.test(character))
                    this.#escape = 'no';
            }
            else if (character === '\r' || character === '\n') {
                return { end: 'entered', rest: character === '\r' && rest.startsWith('\n') ? rest.slice(1) : rest };
            }
            else if (character === KEY.interrupt) {
                return { end: 'interrupted', rest };
            }
            else if (character === KEY.endOfInput) {
                if (this.#characters.length === 0)
                    return { end: 'ended', rest };
            }
            else if (character === KEY.backspace || character === KEY.delete) {
                this.#characters.pop();
            }
            else if (character === KEY.clear) {
                this.#characters = [];
            }
            else if (character === KEY.escape) {
                this.#escape = 'begun';
            }
            else if (!/\p{Cc}/u.test(character)) {
                this.#characters.push(character);
            }
        }
        return { rest: '' };
    }
}
