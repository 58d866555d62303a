import type {Command, Flag} from '../manifest.ts';
import {type Grammar, takesFile} from './grammar.ts';

/** For /usr/share/bash-completion/completions: needs nothing but bash. */
export function bashCompletion({commands, topics}: Grammar): string {
  const first = [...new Set([...commands.map(({words}) => words.split(' ')[0]), 'help'])].join(' ');
  return `# Completion of holdfast for bash. Made by "npm run pack:deb"; do not edit.
_holdfast() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command flags i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -* ]] && break
    command=\${command:+$command }\${COMP_WORDS[i]}
    case $command in
      help) command= ;;
      ${topics.map(({name}) => name).join(' | ')}) ;;
      *) break ;;
    esac
  done
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  case $command in
    '') [[ $cur == -* ]] && flags='--help --version' || flags='${first}' ;;
${topics.map((topic) => `    ${topic.name}) flags='${below(topic.name, commands)}' ;;`).join('\n')}
${commands.map((command) => branch(command)).join('\n')}
  esac
  case $command in
    '' | ${topics.map(({name}) => name).join(' | ')}) ;;
    *) [[ $cur == -* ]] || { compopt -o default; return; } ;;
  esac
  COMPREPLY=($(compgen -W "$flags" -- "$cur"))
}
complete -F _holdfast holdfast
`;
}

function below(topic: string, commands: readonly Command[]): string {
  return commands
    .filter(({words}) => words.startsWith(`${topic} `))
    .map(({words}) => words.slice(topic.length + 1))
    .join(' ');
}

function branch({words, flags}: Command): string {
  const valued = flags.filter(({type}) => type === 'option');
  const cases = [
    ...valued
      .filter(({options}) => options)
      .map((flag) => {
        return `        ${names(flag)}) COMPREPLY=($(compgen -W '${flag.options?.join(' ')}' -- "$cur")); return ;;`;
      }),
    ...joined(
      valued.filter((flag) => !flag.options && takesFile(flag)),
      'compopt -o default; return',
    ),
    ...joined(
      valued.filter((flag) => !flag.options && !takesFile(flag)),
      'return',
    ),
  ];
  return [
    `    ${words.includes(' ') ? `'${words}'` : words})`,
    `      flags='${[...flags.flatMap(spellings), '--help'].join(' ')}'`,
    '      case $prev in',
    ...cases,
    '      esac',
    '      ;;',
  ].join('\n');
}

function joined(flags: readonly Flag[], then: string): string[] {
  return flags.length > 0 ? [`        ${flags.map(names).join(' | ')}) ${then} ;;`] : [];
}

function names({name, char}: Flag): string {
  return [`--${name}`, ...(char ? [`-${char}`] : [])].join(' | ');
}

function spellings({name, allowNo}: Flag): string[] {
  return [`--${name}`, ...(allowNo ? [`--no-${name}`] : [])];
}
