import type {Command, Flag} from '../manifest.ts';
import {type Grammar, hint, takesFile} from './grammar.ts';

/** For a folder of zsh's `fpath`. */
export function zshCompletion({commands, topics}: Grammar): string {
  const single = commands.filter(({words}) => !words.includes(' '));
  const first = [
    ...single.map(({words, summary}) => described(words, summary)),
    ...topics.map(({name, description}) => described(name, description)),
    described('help', 'Show help'),
  ];
  return `#compdef holdfast
# Completion of holdfast for zsh. Made by "npm run pack:deb"; do not edit.

_holdfast() {
  local -a commands
  local curcontext=$curcontext state line
  _arguments -C '--help[show help]' '--version[show the version]' '1: :->command' '*:: :->rest'
  case $state in
    command)
      commands=(
${first.map((one) => `        ${one}`).join('\n')}
      )
      _describe -t commands 'command of holdfast' commands
      ;;
    rest)
      case $line[1] in
${single.map((command) => `        ${command.words}) ${call(command)} ;;`).join('\n')}
${topics.map(({name}) => `        ${name}) _holdfast_${name} ;;`).join('\n')}
        help) _message 'a command' ;;
      esac
      ;;
  esac
}

${topics.map(({name}) => topic(name, commands)).join('\n\n')}

_holdfast "$@"
`;
}

function topic(name: string, commands: readonly Command[]): string {
  const own = commands.filter(({words}) => words.startsWith(`${name} `));
  const last = ({words}: Command): string => words.slice(name.length + 1);
  return `_holdfast_${name}() {
  local -a commands
  local curcontext=$curcontext state line
  _arguments -C '1: :->command' '*:: :->rest'
  case $state in
    command)
      commands=(
${own.map((command) => `        ${described(last(command), command.summary)}`).join('\n')}
      )
      _describe -t commands 'command of holdfast ${name}' commands
      ;;
    rest)
      case $line[1] in
${own.map((command) => `        ${last(command)}) ${call(command)} ;;`).join('\n')}
      esac
      ;;
  esac
}`;
}

function call({flags}: Command): string {
  const specs = [...flags.flatMap(spec), "'--help[show help]'", "'*: :_files'"];
  return `_arguments -S \\\n${specs.map((one) => `          ${one}`).join(' \\\n')}`;
}

function spec({
  name,
  char,
  type,
  description = '',
  helpValue = 'value',
  options,
  multiple,
  allowNo,
}: Flag): string[] {
  const text = `[${hint(description).replace(/[[\]\\:]/g, '\\$&')}]`;
  const values = options ? `(${options.join(' ')})` : takesFile({name, type, helpValue}) ? '_files' : ' ';
  const value = type === 'option' ? `:${helpValue.replaceAll(':', ' ')}:${values}` : '';
  const spellings = [...(char ? [`-${char}`] : []), `--${name}`, ...(allowNo ? [`--no-${name}`] : [])];
  return spellings.map((spelling) => {
    const equals = type === 'option' ? (spelling.startsWith('--') ? '=' : '+') : '';
    return quoted(`${multiple ? '*' : ''}${spelling}${equals}${text}${value}`);
  });
}

function described(name: string, summary: string): string {
  return quoted(`${name}:${hint(summary).replaceAll(':', '\\:')}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
