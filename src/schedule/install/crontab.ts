/** Lines of cron. Cron knows neither missed runs nor other time zones: one line more looks for what is due. */
import {localTimeZone} from '../../config/cron.ts';
import type {Job} from '../jobs.ts';
import {markLine, PATH, type Setting} from './setting.ts';

/** At a minute at which few other things start. */
const EACH_HOUR = '47 * * * *';
const EACH_FIVE_MINUTES = '*/5 * * * *';

/** The whole text of a file for `/etc/cron.d`, or of a part of a user's own crontab. */
export function cronLines(jobs: readonly Job[], setting: Setting): string {
  const {config, isRoot} = setting;
  const here = localTimeZone();
  const [native, foreign] = [jobs.filter(isNative), jobs.filter((job) => !isNative(job))];
  function isNative({timeZone}: Job): boolean {
    return timeZone === undefined || timeZone === here;
  }
  const line = (times: string, ...words: string[]): string =>
    `${times}  ${isRoot ? 'root  ' : ''}${command(words, setting)}`;
  return `${[
    markLine(config.file),
    '# What it says goes to MAILTO, or to the mail of its user: warnings and errors only.',
    'SHELL=/bin/sh',
    `PATH=${PATH}`,
    ...native.map(({cron, name}) => line(cron, name)),
    foreign.length === 0
      ? '# What was missed while the machine was off is made up, once; on all other occasions this finds nothing due.'
      : `# What was missed, and ${foreign.map(({name}) => name).join(', ')} by the clock of another time zone.`,
    line(foreign.length === 0 ? EACH_HOUR : EACH_FIVE_MINUTES),
  ].join('\n')}\n`;
}

function command(jobs: readonly string[], setting: Setting): string {
  const {program, config, environmentFile, stateHome} = setting;
  const words = [
    ...['nice', '-n', '10', 'ionice', '-c', '2', '-n', '7'],
    ...(stateHome === undefined ? [] : ['env', `XDG_STATE_HOME=${stateHome}`]),
    ...program,
    ...['schedule', 'run', ...jobs, '--due', '--quiet', '--config', config.file],
    ...(environmentFile === undefined ? [] : ['--environment', environmentFile]),
  ];
  return words.map(word).join(' ');
}

/** For the shell, and for cron, to which `%` is the end of the line. */
function word(text: string): string {
  const quoted = /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  return quoted.replaceAll('%', '\\%');
}
