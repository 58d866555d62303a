/** How events are written to stderr. */
import {fstatSync} from 'node:fs';

/** For people; one JSON document a line; or one line each with the priority that journald reads. */
export type LogFormat = 'text' | 'json' | 'journal';

export type LogLevel = 'error' | 'warning' | 'info';

export const LOG_FORMATS = ['text', 'json'] as const;

/** As sd-daemon(3) has them. */
const PRIORITIES: Readonly<Record<LogLevel, number>> = {error: 3, warning: 4, info: 6};

/** What the command line or the environment asks for; text, or journal where stderr leads there. An option is judged by its parser. */
export function logFormatOf(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): LogFormat {
  const end = argv.indexOf('--');
  const words = argv.slice(0, end < 0 ? undefined : end);
  const at = words.findLastIndex((word) => word === '--log-format' || word.startsWith('--log-format='));
  const asked = at < 0 ? env['HOLDFAST_LOG_FORMAT'] : (words[at]?.split('=')[1] ?? words[at + 1]);
  if (asked === 'json') return 'json';
  return leadsToJournal(env['JOURNAL_STREAM']) ? 'journal' : 'text';
}

/** @param stream device and inode of what systemd connected, such as `8:12345`; a redirection since then makes it another one */
function leadsToJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false;
  const {dev, ino} = fstatSync(2);
  return stream === `${dev}:${ino}`;
}

/** One line. */
export function journalLine(level: LogLevel, text: string): string {
  return `<${PRIORITIES[level]}>${text.replaceAll(/\s*\n\s*/g, ' ')}`;
}
