var __addDisposableResource = (this && this.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var __disposeResources = (this && this.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { UsageError } from '../errors.js';
import { decodeParts, escapedByte } from '../system/utf8.js';
/**
 * What a terminal must not get from a name or a message: controls, line and paragraph separators, invisible and
 * direction-changing characters, halves of surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const SHORT_ESCAPES = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\b': '\\b' };
function escapeChar(char) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x80)
        return SHORT_ESCAPES[char] ?? `\\x${code.toString(16).padStart(2, '0')}`;
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}
/**
 * A file name as a terminal may show it, on one line: what is unsafe or not UTF-8 is escaped (`\n`, `\x1b`, `\u202e`,
 * `\xff`), and the backslash is doubled, so that different names look different.
 */
export function displayName(name) {
    const escaped = (text) => text.replaceAll('\\', '\\\\').replaceAll(UNSAFE, escapeChar);
    if (typeof name === 'string')
        return escaped(name);
    return decodeParts(name, escaped, escapedByte);
}
/** A path of a warning, in which bytes that are not UTF-8 are escaped already: on one line, and nothing in it controls a terminal. */
export function displayPath(path) {
    return path.replaceAll(UNSAFE, escapeChar);
}
/**
 * A file name for JSON. Bytes that are not UTF-8 become lone surrogates (`\udc80` + byte), which JSON can hold and
 * Python's `os.fsencode` takes back to the same bytes.
 */
export function jsonName(name) {
    if (typeof name === 'string')
        return name;
    return decodeParts(name, (text) => text, (byte) => String.fromCharCode(0xdc00 + byte));
}
/** A message as a terminal may show it. Its own line breaks stay; lines after the first are indented, so that none can pose as a message. */
export function displayMessage(message) {
    return message
        .split('\n')
        .map((line, index) => (index === 0 ? '' : line.startsWith('  ') ? '' : '  ') + line.replaceAll(UNSAFE, escapeChar))
        .join('\n');
}
const WIDE = /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])/u;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
const COLOUR = /\u001b\[[0-9;]*m/g;
function charWidth(char) {
    return NO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
}
/** How many columns a text takes on a terminal. */
export function textWidth(text) {
    let width = 0;
    for (const char of text.replaceAll(COLOUR, ''))
        width += charWidth(char);
    return width;
}
/** Shortens a text in its middle, so that it takes at most `width` columns: the end of a path says the most. */
export function shorten(text, width) {
    if (textWidth(text) <= width)
        return text;
    if (width < 1)
        return '';
    const chars = [...text];
    const room = width - 1;
    const head = take(chars, Math.floor(room / 3));
    const tail = take(chars.toReversed(), room - textWidth(head.join(''))).toReversed();
    return `${head.join('')}…${tail.join('')}`;
}
function take(chars, width) {
    const taken = [];
    let used = 0;
    for (const char of chars) {
        used += charWidth(char);
        if (used > width)
            break;
        taken.push(char);
    }
    return taken;
}
/** Colours for a stream: only on a terminal, and as `NO_COLOR` and `FORCE_COLOR` say. */
export function createStyler(stream) {
    return (format, text) => styleText(format, text, { stream });
}
/**
 * Asks before something is destroyed. Anything but `y` or `yes` means no.
 * @throws {@link UsageError} if there is no terminal to ask on and no `--yes`
 */
export async function confirm(question, { yes, input = process.stdin, output = process.stderr, signal }) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        if (yes)
            return true;
        if (!input.isTTY || !output.isTTY) {
            throw new UsageError('This needs a confirmation, and there is no terminal to ask on.', {
                hint: 'Run it with --yes if you are sure.',
            });
        }
        const prompt = __addDisposableResource(env_1, createInterface({ input, output }), false);
        // End of input is no answer, and never a yes.
        const closed = new Promise((resolve) => prompt.once('close', () => resolve('')));
        const asked = prompt.question(`${displayMessage(question)} [y/N] `, signal ? { signal } : {});
        return /^\s*y(?:es)?\s*$/i.test(await Promise.race([asked, closed]));
    }
    catch (e_1) {
        env_1.error = e_1;
        env_1.hasError = true;
    }
    finally {
        __disposeResources(env_1);
    }
}
