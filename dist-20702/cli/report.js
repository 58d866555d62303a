import { Errors } from '@oclif/core';
import { nearest } from '../config/nearest.js';
import { EXIT, HoldfastError } from '../errors.js';
/** What Node reports when a system call fails and nobody below gave it a meaning. */
const SYSTEM_FAILURES = {
    ENOSPC: ['the disk is full', 'Free some space, then run it again.'],
    EDQUOT: ['the disk quota is used up', 'Free some space, then run it again.'],
    EROFS: ['the file system is read-only', 'Mount it writable, or use another place.'],
    EACCES: ['permission denied', 'Check the owner and the mode, or run as another user.'],
    EPERM: ['not permitted', 'Check the owner and the mode, or run as another user.'],
    ENOENT: ['no such file or folder', 'Check the path.'],
    EEXIST: ['it exists already', 'Choose another name, or remove it first.'],
    ENOTDIR: ['a part of the path is no folder', 'Check the path.'],
    EISDIR: ['it is a folder', 'Check the path.'],
    ELOOP: ['too many symbolic links', 'Check the path.'],
    ENAMETOOLONG: ['the name is too long', 'Choose a shorter one.'],
    EMFILE: ['too many open files', 'Raise the limit (ulimit -n), then run it again.'],
    ENOMEM: ['out of memory', 'Give the machine more memory, then run it again.'],
    ESTALE: ['the network file system lost its connection to the server', 'Mount it again.'],
    EBUSY: ['it is in use', 'Stop what uses it, then run it again.'],
    ETXTBSY: ['it is in use', 'Stop what uses it, then run it again.'],
    EIO: ['input/output error', 'Check the disk: its own log (dmesg) says more.'],
};
/** Puts any error into the form that users and scripts get. */
export function describeError(error, { command }) {
    const help = `Run "${command} --help" to see how it is used.`;
    if (error instanceof HoldfastError) {
        const { code, exitCode, hint } = error;
        return { code, exitCode, message: flagMessage(error.message), hint };
    }
    if (error instanceof Errors.CLIError)
        return { code: 'USAGE', exitCode: EXIT.usage, ...usage(error, help) };
    const system = systemFailure(error);
    if (system)
        return { code: 'SYSTEM', exitCode: EXIT.unexpected, ...system };
    const [said = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return {
        code: 'UNEXPECTED',
        exitCode: EXIT.unexpected,
        message: `Something went wrong that should not: ${said || 'no reason was given'}`,
        hint: 'This is a bug in Holdfast. Run it again with DEBUG=* and report what it prints.',
    };
}
function usage(error, help) {
    const [flag] = error.flags ?? [];
    if (error.constructor.name === 'NonExistentFlagsError' && flag !== undefined) {
        // What follows the equals sign may be a secret, put where it does not belong.
        const name = flag.replace(/=.*$/s, '');
        const known = Object.keys(error.parse?.input?.flags ?? {});
        const near = name.startsWith('--') ? nearest(name.slice(2), known) : undefined;
        return { message: `There is no option ${name}.`, hint: near ? `Did you mean --${near}?` : help };
    }
    const [argument] = error.args ?? [];
    if (typeof argument === 'string')
        return { message: `Unexpected argument: ${argument}`, hint: help };
    if (argument !== undefined) {
        const { name, description } = argument;
        return { message: `${name.toUpperCase()} is missing${description ? `: ${description}` : ''}.`, hint: help };
    }
    return { message: flagMessage(error.message), hint: help };
}
/** Takes away what oclif puts around messages about options. */
function flagMessage(message) {
    return (message
        .replace(/\nSee more help with --help$/, '')
        .replace(/^Parsing --(\S+) \n\t/, '--$1: ')
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
        .replaceAll(/\u001b\[[0-9;]*m/g, '')
        .replace(/^The following errors? occurred:\n\s*/, '')
        .replace(/^Missing required flag (\S+)$/m, 'The option --$1 is missing.'));
}
function systemFailure(error) {
    if (!(error instanceof Error) || !('code' in error) || !('syscall' in error))
        return undefined;
    const { code, syscall, path } = error;
    const [what, hint] = SYSTEM_FAILURES[String(code)] ?? [];
    if (what === undefined || hint === undefined)
        return undefined;
    // Standard output is the one file that is written without a name.
    const place = path ?? (syscall === 'write' ? 'Standard output' : undefined);
    return { message: place === undefined ? `${what}.` : `${place}: ${what}.`, hint };
}
/** Says what went wrong, on stderr and with `json` on stdout, too. @returns the exit code for it */
export function reportError(output, error, { command, json }) {
    const report = describeError(error, { command });
    output.error(report);
    if (wantsStackTrace(process.env['DEBUG']))
        output.note(stackTrace(error));
    if (json)
        output.json(output.errorJson(report));
    return report.exitCode;
}
/** The stacks of an error and its causes. Not their properties: those of SDKs hold requests with credentials. */
function stackTrace(error) {
    const stacks = [];
    let current = error;
    while (current instanceof Error && stacks.length < 8) {
        stacks.push(current.stack ?? `${current.name}: ${current.message}`);
        current = current.cause;
    }
    return stacks.join('\nCaused by: ');
}
/** Whether `DEBUG` asks for stack traces: `*`, `holdfast`, or a pattern that begins with it. */
function wantsStackTrace(debug) {
    return (debug ?? '').split(/[\s,]+/).some((pattern) => pattern === '*' || pattern.startsWith('holdfast'));
}
