/** Notifications by programs of this machine: a command of the user's own, and logger(1) for syslog and journald. */

import type {ProgramConfig, SyslogConfig} from '../../config/notify.ts';
import type {NotifyEventName} from '../../config/notify-schema.ts';
import {WITHOUT_SECRETS} from '../../sources/stream/environment.ts';
import {howItEnded} from '../../sources/stream/program.ts';
import {TargetError} from '../../targets/target.ts';
import type {Channel} from './channel.ts';
import {eventsOf, fieldsOf, type RunReport} from './report.ts';

const TIMEOUT_MS = 60_000;

/** Gets the fields as JSON on standard input, and the short ones in its environment. */
export function program({command, on}: ProgramConfig): Channel {
  const [file, ...args] = command.words ?? ['/bin/sh', '-c', command.shell];
  return {
    name: 'command',
    place: file,
    wants: ({events, phase}) => phase !== 'start' && events.some((event) => on.includes(event)),
    async send(report, signal) {
      const fields = fieldsOf(report);
      const env = {
        HOLDFAST_EVENT: String(fields['event']),
        HOLDFAST_TITLE: String(fields['title']),
        HOLDFAST_JOB: report.job,
        HOLDFAST_RUN: report.run,
        HOLDFAST_EXIT_CODE: String(report.exitCode ?? ''),
      };
      await run(file, args, {env, input: `${JSON.stringify(fields)}\n`, signal});
    },
  };
}

/** journald reads /dev/log, too. */
export function syslog({socket, tag, on}: SyslogConfig): Channel {
  return {
    name: 'syslog',
    place: socket,
    wants: ({events, phase}) => phase !== 'start' && events.some((event) => on.includes(event)),
    async send(report, signal) {
      const [file, ...args] = ['logger', '--socket', socket, '--socket-errors=on', '--tag', tag, '--id'];
      const priority = `daemon.${levelOf(report)}`;
      const line = `${fieldsOf(report)['summary']} run=${report.run}\n`;
      await run(file as string, [...args, '--priority', priority], {env: {}, input: line, signal});
    },
  };
}

const LEVELS: Readonly<Record<NotifyEventName, string>> = {
  failure: 'err',
  stale: 'err',
  suspect: 'warning',
  warning: 'warning',
  success: 'info',
  drill: 'info',
};

function levelOf(report: RunReport): string {
  return LEVELS[eventsOf(report)[0] ?? 'success'];
}

async function run(
  file: string,
  args: readonly string[],
  {
    env,
    input,
    signal,
  }: {env: Readonly<Record<string, string>>; input: string; signal: AbortSignal | undefined},
): Promise<void> {
  const {execa} = await import('execa'); // Loading it takes longer than many a command.
  const result = await execa(file, args, {
    reject: false,
    input,
    stdout: 'ignore',
    maxBuffer: {stderr: 64 * 1024},
    env: {...WITHOUT_SECRETS, ...env},
    timeout: TIMEOUT_MS,
    ...(signal && {cancelSignal: signal}),
  });
  signal?.throwIfAborted();
  // One that reads nothing of its input may have done its work.
  if (!result.failed || result.exitCode === 0) return;
  const [last = ''] = (result.stderr ?? '').trim().split('\n').slice(-1);
  throw new TargetError(`${file} failed: ${howItEnded(result)}${last === '' ? '' : ` (${last})`}.`, {
    transient: false,
    hint: 'Run it by hand to see why.',
  });
}
