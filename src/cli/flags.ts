import {Flags} from '@oclif/core';
import {tagProblem} from '../config/names.ts';
import {parseDuration, parseSize} from '../config/units.ts';
import {ConfigError, UsageError} from '../errors.ts';
import {LOG_FORMATS} from './log-format.ts';

const notEmpty = async (value: string): Promise<string> => {
  if (value.trim() === '')
    throw new UsageError('the value is empty', {hint: 'Give it a value, or leave it out.'});
  return value;
};

/** Options that every command has, beside oclif's `--json`. */
export const baseFlags = {
  config: Flags.string({
    helpValue: 'FILE',
    env: 'HOLDFAST_CONFIG',
    description: 'config file; otherwise ./holdfast.yaml, the one of the user, or the one in /etc/holdfast',
    helpGroup: 'GLOBAL',
    parse: notEmpty,
  }),
  repository: Flags.string({
    helpValue: 'URL',
    env: 'HOLDFAST_REPOSITORY',
    description: 'repository, instead of the one in the config',
    helpGroup: 'GLOBAL',
    parse: notEmpty,
  }),
  'log-format': Flags.option({
    options: LOG_FORMATS,
    env: 'HOLDFAST_LOG_FORMAT',
    description: 'errors, warnings and notes on stderr for people, or as one JSON document a line',
    helpGroup: 'GLOBAL',
  })(),
  quiet: Flags.boolean({description: 'no progress and no notes on stderr', helpGroup: 'GLOBAL'}),
};

/** The same for commands to which some of them mean nothing: these take them, since a script may give them to all, but do not name them. */
export function baseFlagsWithout(...names: ('config' | 'repository')[]): typeof baseFlags {
  const hidden = names.map((name) => [name, {...baseFlags[name], hidden: true}]);
  return {...baseFlags, ...Object.fromEntries(hidden)};
}

/** For commands that decrypt. */
export const keyFlags = {
  key: Flags.string({
    helpValue: 'FILE',
    env: 'HOLDFAST_KEY',
    description: 'private key of a recipient; gpg:FINGERPRINT for one that GnuPG keeps, as on a smart card',
    parse: notEmpty,
  }),
  share: Flags.string({
    multiple: true,
    helpValue: 'FILE',
    description: 'a share of the key, made by "keygen --shares"; once for each',
    parse: notEmpty,
  }),
  'passphrase-file': Flags.string({
    helpValue: 'FILE',
    env: 'HOLDFAST_PASSPHRASE_FILE',
    description: 'file that holds the passphrase of the key',
    parse: notEmpty,
  }),
};

/** For commands that take their time. */
export const progressFlags = {
  progress: Flags.option({
    options: ['auto', 'json', 'none'] as const,
    default: 'auto' as const,
    description: 'progress on stderr: for people, or as one JSON document a line',
  })(),
};

/** An option that takes a duration, such as `90m`; its value is in ms. */
export const durationFlag = Flags.custom<number>({
  helpValue: 'DURATION',
  parse: async (value) => asUsage(() => parseDuration(value)),
});

/** An option that takes a tag, as the configuration does. */
export const tagFlag = Flags.custom<string>({
  helpValue: 'TAG',
  parse: async (tag) => {
    const problem = tagProblem(tag);
    if (problem === undefined) return tag;
    throw new UsageError(`"${tag}" ${problem}.`, {hint: 'Write it like before-upgrade.'});
  },
});

/** An option that takes a size, such as `16MiB`; its value is in bytes. */
export const sizeFlag = Flags.custom<number>({
  helpValue: 'SIZE',
  parse: async (value) => asUsage(() => parseSize(value)),
});

/** An option that takes a share, such as `10%`; its value is above 0 and at most 1. */
export const shareFlag = Flags.custom<number>({
  helpValue: '10%',
  parse: async (text) => {
    const percent = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1];
    const value = Number(percent) / 100;
    if (percent !== undefined && value > 0 && value <= 1) return value;
    throw new UsageError(`"${text}" is not a share.`, {hint: 'Write it like 10%.'});
  },
});

function asUsage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new UsageError(cause.message, {cause, hint: cause.hint});
  }
}
