import type {Command, Flag, Topic} from '../manifest.ts';

export interface Grammar {
  readonly commands: readonly Command[];
  readonly topics: readonly Topic[];
}

/** Whether the value of an option is best completed from names of files. */
export function takesFile({helpValue = ''}: Flag): boolean {
  return /FILE|DIR|FOLDER|PATH|REPOSITORY|URL/.test(helpValue);
}

/** One line, short enough for a list of choices. */
export function hint(text: string): string {
  const [line = ''] = text.split('\n');
  return line.replace(/\.$/, '');
}
