/** The part of a user's own crontab that is ours: between its mark and its end, whatever else stands there stays. */
import {configOfMark} from './setting.ts';

const END = '# End of what "holdfast schedule install" wrote for ';

/** @param lines as `cronLines` gives them; empty to take ours out */
export function withLines(crontab: string, configFile: string, lines: string): string {
  const others: string[] = [];
  let isOurs = false;
  for (const line of crontab.split('\n')) {
    if (configOfMark(line) === configFile) isOurs = true;
    if (!isOurs) others.push(line);
    if (line === END + configFile) isOurs = false;
  }
  const before = others.join('\n').trimEnd();
  const ours = lines === '' ? '' : `${lines}${END}${configFile}\n`;
  return [before, ours]
    .filter((part) => part !== '')
    .join('\n\n')
    .trimEnd()
    .concat('\n')
    .replace(/^\n$/, '');
}

export function hasLines(crontab: string, configFile: string): boolean {
  return crontab.split('\n').some((line) => configOfMark(line) === configFile);
}
