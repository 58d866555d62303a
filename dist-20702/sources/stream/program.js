/** Runs a program for its output. Its success is proven, not assumed: exit code 0, no signal, and all its pipes closed. */
import { once } from 'node:events';
import { SourceError } from '../../errors.js';
import { WITHOUT_SECRETS } from './environment.js';
import { Said } from './said.js';
const SILENCE_MS = 3_600_000;
/** Between asking it to end and ending it. */
const GRACE_MS = 3000;
/**
 * Runs the program and yields its output. Ends when it has succeeded; who stops reading ends it, and all that it started.
 * @throws {@link SourceError} with what it said last
 */
export async function* runProgram(program) {
    const { label, file, args, env, input, secrets = [], timeoutMs, signal } = program;
    signal?.throwIfAborted();
    const { execa } = await import('execa'); // Loading it takes longer than many a command.
    const child = execa(file, args, {
        reject: false,
        buffer: false,
        detached: true, // A process group of its own, so that all of it can be ended.
        stdin: input === undefined ? 'ignore' : 'pipe',
        stdout: 'pipe',
        stderr: 'pipe',
        env: { ...WITHOUT_SECRETS, ...env },
    });
    const said = new Said(secrets);
    child.stderr.on('data', (piece) => said.add(piece));
    let closed = false;
    const ended = child.then((result) => {
        closed = true;
        return result;
    });
    let inputFailure;
    const fed = feed(input, child.stdin).catch((error) => {
        inputFailure = error;
        killer.end();
    });
    const killer = new GroupKiller(child.pid, () => closed);
    let why;
    const end = (reason) => {
        why ??= reason;
        killer.end();
    };
    const onAbort = () => end(undefined);
    signal?.addEventListener('abort', onAbort);
    const limit = timer(timeoutMs, () => end('timeout'));
    let silence = timer(timeoutMs === undefined ? SILENCE_MS : undefined, () => end('silence'));
    try {
        for await (const piece of child.stdout) {
            clearTimeout(silence);
            yield piece;
            silence = timer(timeoutMs === undefined ? SILENCE_MS : undefined, () => end('silence'));
        }
        const result = await ended;
        await fed;
        signal?.throwIfAborted();
        if (inputFailure !== undefined)
            throw inputFailure;
        const isDone = !result.failed || program.succeeds?.includes(result.exitCode ?? -1) === true;
        if (why === undefined && isDone) {
            if (said.lines().length > 0)
                program.onSaid?.(said.lines());
            return;
        }
        throw new SourceError(`${label} failed: ${howItEnded(result, why)}${said.asEnding()}.`, {
            hint: program.hint ?? 'No snapshot was made of this source. Run it by hand to see why.',
        });
    }
    finally {
        clearTimeout(limit);
        clearTimeout(silence);
        signal?.removeEventListener('abort', onAbort);
        killer.end();
        await ended;
        killer[Symbol.dispose]();
    }
}
/** A program that ends without reading everything tells by its exit code whether that was right. */
async function feed(input, stdin) {
    if (input === undefined || stdin === null)
        return;
    let closed = false;
    const gone = new Promise((resolve) => {
        stdin.on('error', resolve);
        stdin.on('close', resolve);
    }).then(() => {
        closed = true;
    });
    for await (const piece of input) {
        if (closed)
            return;
        if (!stdin.write(piece))
            await Promise.race([once(stdin, 'drain').catch(() => { }), gone]);
    }
    stdin.end();
}
/** The whole output of a program that says little, as text. */
export async function collectOutput(program) {
    const pieces = [];
    for await (const piece of runProgram(program))
        pieces.push(piece);
    return Buffer.concat(pieces).toString();
}
/** Not in execa's words, which repeat the whole command: its arguments may be secret. */
export function howItEnded({ code, signal, exitCode, }, why) {
    if (why === 'timeout')
        return 'it took longer than its time limit, and was ended';
    if (why === 'silence')
        return 'nothing came from it for an hour, and it was ended';
    if (code === 'ENOENT')
        return 'the program is not there';
    if (code === 'EACCES')
        return 'it may not be run';
    return signal ?? (exitCode === undefined ? (code ?? 'it did not run') : `exit code ${exitCode}`);
}
/** Ends a process group: first politely, then for good; also when this process exits meanwhile. */
class GroupKiller {
    #pid;
    #isClosed;
    #forced;
    #onExit = () => this.#kill('SIGKILL');
    constructor(pid, isClosed) {
        this.#pid = pid;
        this.#isClosed = isClosed;
        process.on('exit', this.#onExit);
    }
    end() {
        if (this.#isClosed() || this.#forced !== undefined)
            return;
        this.#kill('SIGTERM');
        this.#forced = setTimeout(() => this.#kill('SIGKILL'), GRACE_MS);
    }
    [Symbol.dispose]() {
        clearTimeout(this.#forced);
        process.off('exit', this.#onExit);
    }
    #kill(signal) {
        if (this.#pid === undefined || this.#isClosed())
            return;
        try {
            process.kill(-this.#pid, signal);
        }
        catch (error) {
            // The group has just ended by itself.
            if (error.code !== 'ESRCH')
                throw error;
        }
    }
}
function timer(ms, act) {
    if (ms === undefined || ms > 2 ** 31 - 1)
        return undefined;
    return setTimeout(act, ms);
}
