import {Command, Config, Errors, type Interfaces, run, settings} from '@oclif/core';
import {nearest} from '../config/nearest.ts';
import {UsageError} from '../errors.ts';
import {keepYoungHeapSmall} from '../system/memory.ts';
import {Output} from './output.ts';
import {describeError, reportError} from './report.ts';

/**
 * Runs the command line. Errors inside our commands are reported by `BaseCommand`; what arrives here happened around
 * them: an unknown command, a wrong option of one of oclif's own commands, a bug.
 */
export async function main(argv: string[], options: Interfaces.Options): Promise<void> {
  keepYoungHeapSmall();
  settings.enableAutoTranspile = false; // else oclif looks for ts-node whenever NODE_ENV is `test` or `development`
  const output = Output.ofProcess(process);
  // oclif's own would print argv, all options and the configuration, and its own commands have no other.
  const toErrorJson = (error: unknown) => output.errorJson(describeError(error, {command: 'holdfast'}));
  Object.assign(Command.prototype, {toErrorJson});

  let config: Config | undefined;
  try {
    config = await Config.load(options);
    await run(argv, config);
  } catch (error) {
    if (error instanceof Errors.ExitError) process.exit(error.oclif.exit);
    const said = misplacedArgument(error, config) ?? unknownCommand(error, config) ?? error;
    process.exit(reportError(output, said, {command: 'holdfast', json: wantsJson(argv)}));
  }
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? undefined : end).includes('--json');
}

/** oclif takes the arguments of `config check`, which has none, for the name of another command. */
function misplacedArgument(error: unknown, config: Config | undefined): UsageError | undefined {
  const words = notFound(error)?.split(':') ?? [];
  for (let count = words.length - 1; count > 0; count--) {
    const command = config?.findCommand(words.slice(0, count).join(':'));
    if (config === undefined || command === undefined) continue;
    return new UsageError(`Unexpected argument: ${words[count]}`, {
      hint: `Run "${config.bin} ${words.slice(0, count).join(' ')} --help" to see how it is used.`,
    });
  }
  return undefined;
}

function notFound(error: unknown): string | undefined {
  return error instanceof Errors.CLIError
    ? /^command (.*) not found\.?$/is.exec(error.message)?.[1]
    : undefined;
}

/** What oclif means by `command … not found`, with the nearest name. */
function unknownCommand(error: unknown, config: Config | undefined): UsageError | undefined {
  const id = notFound(error);
  if (id === undefined || !config) return undefined;
  const [first = '', second] = id.split(':');
  if (first.startsWith('-')) {
    const name = first.replace(/=.*$/s, ''); // the rest may be a secret
    return new UsageError(`The option ${name} needs a command before it.`, {
      hint: `Run "${config.bin} --help".`,
    });
  }
  const spaced = (name: string) => name.replaceAll(':', ' ');
  const commands = config.commands.filter(({hidden}) => hidden !== true).map((command) => spaced(command.id));
  const topic = second !== undefined && config.topics.some(({name}) => name === first);
  // oclif takes `bakcup etc` for one name: what follows the command may be its arguments.
  const meant = nearest(`${first} ${second ?? ''}`.trim(), commands) ?? nearest(first, commands);
  return new UsageError(`There is no command "${topic ? `${first} ${second}` : first}".`, {
    hint: meant
      ? `Did you mean "${config.bin} ${meant}"?`
      : `Run "${config.bin}${topic ? ` ${first}` : ''} --help" to see the commands.`,
  });
}
