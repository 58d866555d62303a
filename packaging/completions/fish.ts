import type {Flag} from '../manifest.ts';
import {type Grammar, hint, takesFile} from './grammar.ts';

/** For /usr/share/fish/vendor_completions.d. */
export function fishCompletion({commands, topics}: Grammar): string {
  const single = commands.filter(({words}) => !words.includes(' '));
  return `# Completion of holdfast for fish. Made by "npm run pack:deb"; do not edit.
function __holdfast_at
    set -l typed
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and break
        set -a typed $word
    end
    set -l words (string split ' ' -- $argv[1])
    test "$argv[1]" = '' -a (count $typed) -eq 0; and return 0
    test "$argv[1]" = ''; and return 1
    test "$argv[2]" = only -a (count $typed) -ne (count $words); and return 1
    test (count $typed) -ge (count $words); and test "$typed[1..$(count $words)]" = "$words"
end

complete -c holdfast -n '__holdfast_at ""' -f
${[
  ...single.map(({words, summary}) => word('', words, summary)),
  ...topics.map(({name, description}) => word('', name, description)),
  word('', 'help', 'Show help'),
  ...topics.map(({name}) => `complete -c holdfast -n '__holdfast_at ${name} only' -f`),
  ...commands
    .filter(({words}) => words.includes(' '))
    .map(({words, summary}) => {
      const [topic = '', last = ''] = words.split(' ');
      return word(`${topic} only`, last, summary);
    }),
  ...commands.flatMap(({words, flags}) => flags.flatMap((flag) => option(words, flag))),
].join('\n')}
`;
}

function word(at: string, name: string, summary: string): string {
  return `complete -c holdfast -n ${quoted(`__holdfast_at ${at || '""'}`)} -a ${name} -d ${quoted(hint(summary))}`;
}

function option(words: string, flag: Flag): string[] {
  const {name, char, type, options, description = '', allowNo} = flag;
  const value = options ? ` -x -a ${quoted(options.join(' '))}` : takesFile(flag) ? ' -r -F' : ' -x';
  const at = `complete -c holdfast -n ${quoted(`__holdfast_at "${words}"`)}`;
  const tail = `${type === 'option' ? value : ''} -d ${quoted(hint(description))}`;
  return [
    `${at}${char ? ` -s ${char}` : ''} -l ${name}${tail}`,
    ...(allowNo ? [`${at} -l no-${name}${tail}`] : []),
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
