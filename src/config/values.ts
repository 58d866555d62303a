/** The kinds of values that a config is made of. */
import {z} from 'zod';
import {ConfigError, HoldfastError} from '../errors.ts';
import {DURATION_PATTERN, parseDuration, parseRate, parseSize} from './units.ts';
import {splitWords} from './words.ts';

/** Runs a check that throws, and gives what it says as the message of the issue. */
export function checked(check: (text: string) => unknown) {
  return (context: z.core.ParsePayload<string>): void => {
    try {
      check(context.value);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      context.issues.push({
        code: 'custom',
        message: error.message,
        params: {hint: error.hint},
        input: context.value,
      });
    }
  };
}

/** The same for a check that gives the end of a sentence, and after a semicolon what to do. */
export function problemCheck(problem: (text: string) => string | undefined) {
  return (context: z.core.ParsePayload<string>): void => {
    const [message, hint] = problem(context.value)?.split('; ') ?? [];
    if (message !== undefined) {
      context.issues.push({code: 'custom', message, params: {hint}, input: context.value});
    }
  };
}

export const text = z.string().min(1);

export const path = text.check(problemCheck(pathProblem));

export const duration = z
  .string()
  .check(
    checked((value) => {
      if (value !== 'never' && parseDuration(value) === 0) {
        throw new ConfigError('must be longer than nothing', {hint: 'Write `never` for no limit.'});
      }
    }),
  )
  .meta({pattern: `^never$|${DURATION_PATTERN}`, examples: ['30d', 'never']});

export const size = z
  .string()
  .check(checked(parseSize))
  .meta({examples: ['2GB']});

export const rate = z
  .string()
  .check(checked(parseRate))
  .meta({examples: ['20MB/s']});

export const command = z
  .union(
    [text, z.tuple([text], z.string()), z.strictObject({shell: text.describe('A script for /bin/sh.')})],
    {error: 'is no command; write text, a list of words, or { shell: "…" }'},
  )
  .check((context) => {
    const {value, issues} = context;
    if (typeof value === 'string') checked(splitWords)({value, issues});
  })
  .describe('A command to run: words without a shell, or { shell: "…" }.');

export const full = duration.describe(
  'A new generation starts when the last one is older than this, or `never`.',
);

export type CommandInput = z.infer<typeof command>;

/** What is wrong with a path, as the end of a sentence. */
export function pathProblem(value: string): string | undefined {
  if (value.includes('\0')) return 'must not contain a NUL byte';
  if (/^~(?:\/|$)/.test(value)) return 'uses `~`, which is not expanded here; write the whole path';
  return undefined;
}
