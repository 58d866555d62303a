import type {Argument, Command, Flag} from '../manifest.ts';
import type {Release} from '../release.ts';
import {bold, italic, item, page, paragraphs, prose, section, verbatim} from './roff.ts';

/** The manual page of one command, `holdfast-drill-run(1)` for `drill run`. */
export function commandPage(command: Command, {date, version}: Release): string {
  const {words, summary, description, examples, args, flags} = command;
  const own = flags.filter(({helpGroup}) => helpGroup !== 'GLOBAL');
  const shared = flags.filter(({helpGroup}) => helpGroup === 'GLOBAL');
  return page({name: pageName(words), section: 1, summary: asName(summary), date, version}, [
    section('SYNOPSIS', synopsis(command)),
    section('DESCRIPTION', paragraphs(`${summary}\n${description}`)),
    ...(args.length > 0 ? [section('ARGUMENTS', ...args.map(argumentItem))] : []),
    section(
      'OPTIONS',
      ...own.map(flagItem),
      ...(own.length > 0 ? ['.SS Options of most commands'] : []),
      ...shared.map(flagItem),
    ),
    ...(examples.length > 0 ? [section('EXAMPLES', ...examples.map(verbatim))] : []),
    section('EXIT STATUS', `0 if all went well. ${bold('holdfast')}(1) lists the others.`),
    section('SEE ALSO', `${bold('holdfast')}(1), ${bold('holdfast.yaml')}(5)`),
  ]);
}

export function pageName(words: string): string {
  return `holdfast-${words.replaceAll(' ', '-')}`;
}

/** A summary as it stands after the name: its first sentence, without its period. */
export function asName(summary: string): string {
  return (/^(.*?)\.(?:\s|$)/.exec(summary)?.[1] ?? summary).replace(/^[A-Z](?=[a-z])/, (letter) =>
    letter.toLowerCase(),
  );
}

function synopsis({words, args}: Command): string {
  const operands = args.map(({name, required, multiple}) => {
    const operand = `${italic(name.toUpperCase())}${multiple ? '...' : ''}`;
    return required ? operand : `[${operand}]`;
  });
  return [bold(`holdfast ${words}`), `[${italic('OPTION')}...]`, ...operands].join(' ');
}

function argumentItem({name, description = ''}: Argument): string {
  return item(italic(name.toUpperCase()), prose(asSentence(description)));
}

function flagItem(flag: Flag): string {
  const {name, char, type, options, multiple, env, description = '', allowNo} = flag;
  const long = `${bold(`--${allowNo ? '[no-]' : ''}${name}`)}`;
  const value =
    type === 'option' ? `=${options?.map(bold).join('|') ?? italic(flag.helpValue ?? 'VALUE')}` : '';
  const notes = [
    prose(asSentence(description)),
    ...(multiple ? ['May be given several times.'] : []),
    ...(typeof flag.default === 'string' ? [`Otherwise ${bold(flag.default)}.`] : []),
    ...(env ? [`Else taken from ${bold(env)}.`] : []),
  ];
  return item(`${char ? `${bold(`-${char}`)}, ` : ''}${long}${value}`, notes.join(' '));
}

function asSentence(text: string): string {
  const started = text.replace(/^[a-z](?=[a-z]*(?:[ ,;]|$))/, (letter) => letter.toUpperCase());
  return /[.?!]$/.test(started) ? started : `${started}.`;
}
