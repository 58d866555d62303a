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
/** Where commands get passphrases from: never from an argument, which every user of the machine could read. */
import { open } from 'node:fs/promises';
import { splitWords } from '../config/words.js';
import { unlockPrivateKey } from '../crypto/private-key.js';
import { PassphraseError } from '../errors.js';
import { Secret } from '../system/secret.js';
const TRIES = 3;
const MAX_BYTES = 64 * 1024;
const WAYS = 'Give it with --passphrase-file FILE, HOLDFAST_PASSPHRASE_FILE, HOLDFAST_PASSPHRASE_COMMAND or HOLDFAST_PASSPHRASE, or run this on a terminal.';
/**
 * Opens a private key: with no passphrase if it has none; else with the one that was given; else, on a terminal, with what
 * a person types, in three tries.
 * @throws {@link PassphraseError} if it is wrong, missing, or cannot be had from where it should be
 * @throws {@link KeyError} if the key is damaged
 */
export async function openPrivateKey(locked, options) {
    if (!locked.needsPassphrase)
        return unlockPrivateKey(locked, undefined);
    const given = await givenPassphrase(options);
    if (given !== undefined)
        return unlockPrivateKey(locked, given);
    const { prompt, signal } = options;
    if (prompt === undefined)
        throw new PassphraseError(`${locked.label} needs its passphrase.`, { hint: WAYS });
    const ask = (text) => prompt(text, { signal });
    let question = `Passphrase for ${locked.label}: `;
    for (let left = TRIES;; left--) {
        try {
            return await unlockPrivateKey(locked, checked(await ask(question), 'The passphrase'));
        }
        catch (error) {
            if (left <= 1 || !(error instanceof PassphraseError))
                throw error;
            question = `${error.message} Again: `;
        }
    }
}
/**
 * The passphrase for a new key: the one that was given, or one that a person typed twice.
 * @throws {@link PassphraseError}
 */
export async function newPassphrase(options) {
    const given = await givenPassphrase(options);
    if (given !== undefined)
        return given;
    const { prompt, signal } = options;
    if (prompt === undefined)
        throw new PassphraseError('A new private key needs a passphrase.', { hint: WAYS });
    const ask = (text) => prompt(text, { signal });
    let question = 'New passphrase: ';
    for (let left = TRIES; left > 0; left--) {
        const first = await ask(question);
        if (first.reveal() === '') {
            question = 'It must not be empty. New passphrase: ';
            continue;
        }
        if ((await ask('The same once more: ')).reveal() === first.reveal())
            return first;
        question = 'They differ. New passphrase: ';
    }
    throw new PassphraseError('No passphrase was entered twice.', {
        hint: 'Try again, or give it with --passphrase-file FILE.',
    });
}
/**
 * The passphrase from where it was said to be, without asking anybody; undefined if nothing was said. The first of these
 * counts, and if it cannot be used, that is an error and the next is not tried: `--passphrase-file`,
 * HOLDFAST_PASSPHRASE_FILE, HOLDFAST_PASSPHRASE_COMMAND, HOLDFAST_PASSPHRASE.
 * @throws {@link PassphraseError}
 */
export async function givenPassphrase({ flagFile, env, signal, }) {
    if (flagFile !== undefined)
        return fromFile(flagFile, '--passphrase-file');
    const file = env['HOLDFAST_PASSPHRASE_FILE'];
    if (file !== undefined)
        return fromFile(file, 'HOLDFAST_PASSPHRASE_FILE');
    const command = env['HOLDFAST_PASSPHRASE_COMMAND'];
    if (command !== undefined)
        return fromCommand(command, env, signal);
    const value = env['HOLDFAST_PASSPHRASE'];
    return value === undefined ? undefined : checked(new Secret(value), 'HOLDFAST_PASSPHRASE');
}
async function fromFile(path, from) {
    if (path === '')
        throw new PassphraseError(`${from} names no file.`, {
            hint: 'Name the file that holds the passphrase, or leave it out.',
        });
    const what = `The passphrase file ${path} (${from})`;
    try {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const file = __addDisposableResource(env_1, await open(path), true);
            const stats = await file.stat();
            if (stats.isFile() && /* not a pipe, as in <(pass …) */ (stats.mode & 0o077) !== 0) {
                throw new PassphraseError(`${what} can be read by other users.`, { hint: `Run "chmod 600 ${path}".` });
            }
            const bytes = new Uint8Array(MAX_BYTES + 1);
            let length = 0;
            for (let read = -1; read !== 0 && length < bytes.length; length += read) {
                ({ bytesRead: read } = await file.read(bytes, length, bytes.length - length));
            }
            return decoded(bytes.subarray(0, length), what);
        }
        catch (e_1) {
            env_1.error = e_1;
            env_1.hasError = true;
        }
        finally {
            const result_1 = __disposeResources(env_1);
            if (result_1)
                await result_1;
        }
    }
    catch (cause) {
        if (cause instanceof PassphraseError)
            throw cause;
        const code = cause.code ?? String(cause);
        throw new PassphraseError(`${what} cannot be read: ${code}.`, {
            hint: 'Name a file that holds nothing but the passphrase.',
            cause,
        });
    }
}
async function fromCommand(line, env, signal) {
    const what = 'The command in HOLDFAST_PASSPHRASE_COMMAND';
    const hint = 'Run the command by hand: it must print the passphrase, and nothing else, and end with exit code 0.';
    const [program, ...words] = argumentsOf(line, what);
    if (program === undefined)
        throw new PassphraseError('HOLDFAST_PASSPHRASE_COMMAND is empty.', {
            hint: 'Give a command, or unset it.',
        });
    const { HOLDFAST_PASSPHRASE: _, ...rest } = env;
    const { execa } = await import('execa'); // Loading it takes longer than many a command.
    const result = await execa(program, words, {
        env: Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
        extendEnv: false,
        stdio: ['inherit', 'pipe', 'inherit'], // It may ask for a PIN, or explain itself.
        encoding: 'buffer',
        maxBuffer: MAX_BYTES,
        stripFinalNewline: false,
        reject: false,
        ...(signal === undefined ? {} : { cancelSignal: signal }),
    });
    signal?.throwIfAborted();
    if (result.failed) {
        // execa's own message would quote the whole command and its output.
        const how = result.code ?? (result.signal === undefined ? `exit code ${result.exitCode}` : result.signal);
        throw new PassphraseError(`${what} ("${program}" …) failed: ${how}.`, { hint });
    }
    return decoded(result.stdout, `The output of the command in HOLDFAST_PASSPHRASE_COMMAND ("${program}" …)`);
}
function argumentsOf(line, what) {
    if (line.trim() === '')
        throw new PassphraseError(`${what} is empty.`, { hint: 'Write a program and its arguments.' });
    try {
        return splitWords(line);
    }
    catch (cause) {
        throw new PassphraseError(`${what} cannot be run: it ${cause.message}.`, {
            hint: 'Write a program and its arguments.',
            cause,
        });
    }
}
function decoded(bytes, what) {
    if (bytes.length > MAX_BYTES)
        throw new PassphraseError(`${what} is too long for a passphrase.`, { hint: 'Give another one.' });
    try {
        const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
        return checked(new Secret(text.replace(/\r?\n$/, '')), what);
    }
    catch (cause) {
        if (cause instanceof PassphraseError)
            throw cause;
        throw new PassphraseError(`${what} is not UTF-8 text.`, { hint: 'Store the passphrase as UTF-8.' });
    }
}
function checked(secret, what) {
    if (secret.reveal() === '')
        throw new PassphraseError(`${what} is empty.`, { hint: 'Give a passphrase.' });
    // Nobody could type it, and gpg would take the first line alone.
    if (/[\r\n\0]/.test(secret.reveal()))
        throw new PassphraseError(`${what} holds more than one line.`, {
            hint: 'Leave one line, with the passphrase.',
        });
    return secret;
}
