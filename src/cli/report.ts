import {Errors} from '@oclif/core';
import {nearest} from '../config/nearest.ts';
import {EXIT, HoldfastError} from '../errors.ts';
import {systemWords} from '../system/system-error.ts';
import type {ErrorReport, Output} from './output.ts';

/** What the parser of oclif attaches to its errors, as far as we look at it. */
interface ParseError extends Errors.CLIError {
  readonly flags?: readonly string[];
  readonly args?: readonly (string | {readonly name: string; readonly description?: string})[];
  readonly parse?: {readonly input?: {readonly flags?: Readonly<Record<string, unknown>>}};
}

/** Puts any error into the form that users and scripts get. */
export function describeError(error: unknown, {command}: {command: string}): ErrorReport {
  const help = `Run "${command} --help" to see how it is used.`;
  if (error instanceof HoldfastError) {
    const {code, exitCode, hint} = error;
    return {code, exitCode, message: flagMessage(error.message), hint};
  }
  if (error instanceof Errors.CLIError) return {code: 'USAGE', exitCode: EXIT.usage, ...usage(error, help)};
  const system = systemFailure(error);
  if (system) return {code: 'SYSTEM', exitCode: EXIT.unexpected, ...system};
  const [said = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return {
    code: 'UNEXPECTED',
    exitCode: EXIT.unexpected,
    message: `Something went wrong that should not: ${said || 'no reason was given'}`,
    hint: 'This is a bug in Holdfast. Run it again with DEBUG=* and report what it prints.',
  };
}

function usage(error: ParseError, help: string): {message: string; hint: string} {
  const [flag] = error.flags ?? [];
  if (error.constructor.name === 'NonExistentFlagsError' && flag !== undefined) {
    // What follows the equals sign may be a secret, put where it does not belong.
    const name = flag.replace(/=.*$/s, '');
    const known = Object.keys(error.parse?.input?.flags ?? {});
    const near = name.startsWith('--') ? nearest(name.slice(2), known) : undefined;
    return {message: `There is no option ${name}.`, hint: near ? `Did you mean --${near}?` : help};
  }
  const choice = /^Expected --([^\s=]+)=(.*) to be one of: (.*)$/s.exec(flagMessage(error.message));
  if (choice !== null) {
    const [, name = '', value = '', choices = ''] = choice;
    const near = nearest(value, choices.split(', '));
    const message = `--${name} cannot be "${value}"; it is one of ${choices}.`;
    return {message, hint: near ? `Did you mean --${name} ${near}?` : help};
  }
  const [argument] = error.args ?? [];
  if (typeof argument === 'string') return {message: `Unexpected argument: ${argument}`, hint: help};
  if (argument !== undefined) {
    const {name, description} = argument;
    return {message: `${name.toUpperCase()} is missing${description ? `: ${description}` : ''}.`, hint: help};
  }
  return {message: flagMessage(error.message), hint: help};
}

/** Takes away what oclif puts around messages about options. */
function flagMessage(message: string): string {
  return (
    message
      .replace(/\nSee more help with --help$/, '')
      .replace(/^Parsing --(\S+) \n\t/, '--$1: ')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
      .replaceAll(/\u001b\[[0-9;]*m/g, '')
      .replace(/^The following errors? occurred:\n\s*/, '')
      .replace(/^Missing required flag (\S+)$/m, 'The option --$1 is missing.')
      .replace(/^Flag --(\S+) expects a value$/, 'The option --$1 needs a value.')
      .replace(
        /^All of the following must be provided when using --([^\s:]+): (.*)$/,
        'The option --$1 also needs $2.',
      )
      .replace(
        /^--([^\s=]+)=.* cannot also be provided when using (--\S+)$/s,
        '--$1 and $2 exclude each other.',
      )
      .replace(
        /^--(\S+): Expected an integer(.*) but received: (.*)$/,
        '--$1 must be a whole number$2, not "$3".',
      )
  );
}

function systemFailure(error: unknown): {message: string; hint: string} | undefined {
  const words = systemWords(error);
  if (words === undefined) return undefined;
  const {syscall, path} = error as NodeJS.ErrnoException;
  // Standard output is the one file that is written without a name.
  const place = path ?? (syscall === 'write' ? 'Standard output' : undefined);
  return {message: `${place === undefined ? '' : `${place}: `}${words.problem}.`, hint: words.hint};
}

/** Says what went wrong, on stderr and with `json` on stdout, too. @returns the exit code for it */
export function reportError(
  output: Output,
  error: unknown,
  {command, json}: {command: string; json: boolean},
): number {
  const report = describeError(error, {command});
  output.error(report);
  if (wantsStackTrace(process.env['DEBUG'])) output.note(stackTrace(error));
  if (json) output.json(output.errorJson(report));
  return report.exitCode;
}

/** The stacks of an error and its causes. Not their properties: those of SDKs hold requests with credentials. */
function stackTrace(error: unknown): string {
  const stacks: string[] = [];
  let current = error;
  while (current instanceof Error && stacks.length < 8) {
    stacks.push(current.stack ?? `${current.name}: ${current.message}`);
    current = current.cause;
  }
  return stacks.join('\nCaused by: ');
}

/** Whether `DEBUG` asks for stack traces: `*`, `holdfast`, or a pattern that begins with it. */
function wantsStackTrace(debug: string | undefined): boolean {
  return (debug ?? '').split(/[\s,]+/).some((pattern) => pattern === '*' || pattern.startsWith('holdfast'));
}
