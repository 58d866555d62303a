import { ConfigError } from '../errors.js';
/** What only a shell acts on. Handed on as it stands it would silently do something else than was meant. */
const SHELL_ONLY = /[|&;<>()$`*?[\]{}~#!\n]/;
/**
 * Splits a command into words without a shell: blanks separate, single and double quotes and the backslash keep
 * things together, as in POSIX sh. Anything else that a shell would act on is refused unless it is quoted.
 * @throws {@link ConfigError}
 */
export function splitWords(command) {
    const words = [];
    let word;
    for (let at = 0; at < command.length; at++) {
        const char = command.charAt(at);
        if (char === ' ' || char === '\t') {
            if (word !== undefined)
                words.push(word);
            word = undefined;
        }
        else if (char === "'" || char === '"') {
            const [text, end] = quoted(command, at);
            word = (word ?? '') + text;
            at = end;
        }
        else if (char === '\\') {
            at++;
            if (at === command.length)
                throw new ConfigError('ends with a backslash that escapes nothing');
            word = (word ?? '') + command.charAt(at);
        }
        else if (command.startsWith('${env:', at)) {
            const end = command.indexOf('}', at);
            if (end < 0)
                throw new ConfigError('has a `${env:` without its `}`');
            word = (word ?? '') + command.slice(at, end + 1);
            at = end;
        }
        else if (SHELL_ONLY.test(char) && !('#~'.includes(char) && word !== undefined)) {
            throw new ConfigError(`uses ${char === '\n' ? 'a new line' : `\`${char}\``}, which only a shell understands`, {
                hint: 'quote it, or ask for a shell: { shell: "…" }',
            });
        }
        else {
            word = (word ?? '') + char;
        }
    }
    if (word !== undefined)
        words.push(word);
    const [first, ...rest] = words;
    if (first === undefined || first === '')
        throw new ConfigError('names no command');
    if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(first)) {
        throw new ConfigError('starts with an assignment, which only a shell understands', {
            hint: 'ask for a shell: { shell: "…" }',
        });
    }
    return [first, ...rest];
}
/** The text between the quote at `start` and its partner, and where that partner is. */
function quoted(command, start) {
    const quote = command.charAt(start);
    let text = '';
    for (let at = start + 1; at < command.length; at++) {
        const char = command.charAt(at);
        if (char === quote)
            return [text, at];
        if (char === '\\' && quote === '"' && /["\\$`]/.test(command.charAt(at + 1))) {
            at++;
            text += command.charAt(at);
        }
        else {
            text += char;
        }
    }
    throw new ConfigError(`has a ${quote} without its partner`);
}
