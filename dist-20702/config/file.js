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
import { accessSync, statSync } from 'node:fs';
import { constants, open, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from '../errors.js';
/** A config is a page of text. */
const MAX_BYTES = 1024 * 1024;
/**
 * Reads the text of a config that only root or we ourselves can have written.
 * @throws {@link ConfigError}
 */
export async function readConfigFile(path) {
    let bytes;
    try {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            // What was checked is what is read. Without O_NONBLOCK, opening a FIFO would wait for its writer.
            const file = __addDisposableResource(env_1, await open(path, constants.O_RDONLY | constants.O_NONBLOCK), true);
            const stats = await file.stat();
            if (!stats.isFile())
                throw new ConfigError(`${path} is not a regular file.`, { hint: 'Name the config file with --config.' });
            assertTrusted(path, stats);
            if (stats.size > MAX_BYTES)
                throw new ConfigError(`${path} is too large for a config (${stats.size} bytes).`);
            bytes = await file.readFile();
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
        throw cause instanceof ConfigError ? cause : unreadable(path, cause);
    }
    try {
        return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    }
    catch (cause) {
        throw new ConfigError(`${path} is not UTF-8 text.`, { cause, hint: 'Save it as UTF-8.' });
    }
}
/**
 * Refuses a file that decides what we run or believe (a config, a key, a program) if others than root and the
 * current user can have written it.
 * @throws {@link ConfigError}
 */
export function assertTrustedFile(path, { uid, mode }, us = process.geteuid?.()) {
    if (us === undefined)
        return; // No owners and modes on this platform.
    if (uid !== 0 && uid !== us) {
        throw new ConfigError(`${path} belongs to another user (uid ${uid}), who could change it.`, {
            hint: `Check what it says, then run: chown ${us} ${path}`,
        });
    }
    if ((mode & 0o022) !== 0) {
        const who = (mode & 0o002) !== 0 ? 'everybody' : 'its group';
        throw new ConfigError(`${path} can be changed by ${who} (mode ${(mode & 0o7777).toString(8)}).`, {
            hint: `Check what it says, then run: chmod go-w ${path}`,
        });
    }
}
/**
 * Refuses a file that decides what root does (a program, a key to encrypt to) if others than root can change it. Another user's
 * own runs harm nobody else. What is missing is left to whoever opens it.
 * @throws {@link ConfigError}
 */
export function assertOnlyRootChanges(path) {
    if (process.geteuid?.() !== 0)
        return;
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined)
        assertTrusted(path, stats);
}
/** Nobody here changes what lies on a read-only mount, as files are often given to a container. */
function assertTrusted(path, stats) {
    try {
        assertTrustedFile(path, stats);
    }
    catch (error) {
        if (!isReadOnly(path))
            throw error;
    }
}
function isReadOnly(path) {
    try {
        accessSync(path, constants.W_OK);
        return false;
    }
    catch (error) {
        return error.code === 'EROFS';
    }
}
function unreadable(path, cause) {
    switch (cause.code) {
        case 'ENOENT':
        case 'ENOTDIR':
            return new ConfigError(`There is no config at ${path}.`, {
                cause,
                hint: 'Run "holdfast init" to have one written, or name it with --config.',
            });
        case 'EACCES':
        case 'EPERM':
            return new ConfigError(`Reading the config ${path} is not permitted.`, {
                cause,
                hint: 'Run as the user it belongs to, or name another with --config.',
            });
        case 'EISDIR':
            return new ConfigError(`${path} is a folder.`, { cause, hint: 'Name the config file with --config.' });
        default:
            return new ConfigError(`The config ${path} cannot be read (${String(cause.code)}).`, {
                cause,
                hint: 'Check the file and the disk it is on.',
            });
    }
}
/** Where a config is looked for when nobody names one, in this order. Absolute paths. */
export function configPlaces({ env, cwd }) {
    const xdg = env['XDG_CONFIG_HOME'];
    // The XDG specification has a relative path ignored.
    const folder = xdg?.startsWith('/') ? xdg : join(env['HOME'] || homedir(), '.config');
    return [
        join(cwd, 'holdfast.yaml'),
        join(folder, 'holdfast', 'holdfast.yaml'),
        '/etc/holdfast/holdfast.yaml',
    ];
}
/**
 * The absolute path of the config to use, or undefined if there is none.
 * @throws {@link ConfigError} if `--config` or `HOLDFAST_CONFIG` names a file that is not there
 */
export async function findConfig({ flag, env, cwd }) {
    const named = flag ?? (env['HOLDFAST_CONFIG'] || undefined);
    if (named !== undefined) {
        const path = resolve(cwd, named);
        try {
            await stat(path);
        }
        catch (cause) {
            throw unreadable(path, cause);
        }
        return path;
    }
    for (const path of configPlaces({ env, cwd })) {
        try {
            await stat(path);
            return path;
        }
        catch (cause) {
            const { code } = cause;
            // A folder that may not be searched hides its config from this user: the same as none.
            if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EACCES')
                throw unreadable(path, cause);
        }
    }
    return undefined;
}
