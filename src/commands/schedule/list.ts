import {BaseCommand} from '../../cli/base-command.ts';
import {baseFlagsWithout} from '../../cli/flags.ts';
import {formatDuration, renderTable} from '../../cli/output.ts';
import {existingJobLog, machineName, scheduleOf} from '../../cli/schedule-setting.ts';
import {localTimeZone} from '../../config/cron.ts';
import {delayMs, nextStart} from '../../schedule/due.ts';
import {installedFor, systemFolders} from '../../schedule/install/installed.ts';
import {Scheduler} from '../../schedule/scheduler.ts';

interface ScheduleListJson {
  readonly jobs: readonly {
    readonly name: string;
    readonly kind: string;
    readonly cron: string;
    readonly timezone: string;
    /** When it will start next, ISO 8601; null if never. */
    readonly next: string | null;
    /** When it last started by the schedule; null if it never did. */
    readonly last: string | null;
    readonly lastFinished: string | null;
    /** Null if it never ended, or a signal ended it. */
    readonly lastExitCode: number | null;
    readonly running: boolean;
  }[];
  /** Files of cron or systemd on this machine that start these jobs. */
  readonly installed: readonly string[];
}

export default class ScheduleList extends BaseCommand {
  static override baseFlags = baseFlagsWithout('repository');
  static override summary = 'List the jobs of the schedule: when each runs next, and how its last run ended.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  async run(): Promise<ScheduleListJson> {
    const {flags} = await this.parse(ScheduleList);
    const {config, jobs, logPath} = await scheduleOf(flags, process.env);
    using log = existingJobLog(logPath, this.output);
    const now = new Date();
    const machine = machineName(config);
    const listed = jobs.map((job) => {
      const record = log?.get(job.name);
      const delay = delayMs(job, {jitterMs: config.schedule.jitterMs, machine, now});
      const iso = (ms: number | null | undefined) => (ms == null ? null : new Date(ms).toISOString());
      return {
        name: job.name,
        kind: job.kind,
        cron: job.cron,
        timezone: job.timeZone ?? localTimeZone(),
        next: nextStart(job, now, delay)?.toISOString() ?? null,
        last: iso(record?.startedMs),
        lastFinished: iso(record?.finishedMs),
        lastExitCode: record?.exitCode ?? null,
        running: record !== undefined && Scheduler.isOn(record),
      };
    });
    const installed = installedFor(config.file, systemFolders(process.env));
    const away = (time: string): string => formatDuration(Math.abs(Date.parse(time) - now.getTime()));
    this.log(
      renderTable(
        [{title: 'JOB', flexible: true}, {title: 'CRON'}, {title: 'NEXT'}, {title: 'LAST'}, {title: 'ENDED'}],
        listed.map(({name, cron, timezone, next, last, lastFinished, lastExitCode, running}) => [
          name,
          cron,
          next === null ? 'never' : `${localTime(next, timezone)} (in ${away(next)})`,
          last === null ? 'never' : `${away(last)} ago`,
          running ? 'running' : endOf(last, lastFinished, lastExitCode),
        ]),
        this.output.width,
      ),
    );
    this.log(
      installed.length === 0
        ? '\nNothing on this machine starts them: "holdfast schedule install --systemd" or --cron, or "holdfast schedule run" in a container.'
        : `\nInstalled: ${installed.join(', ')}`,
    );
    return {jobs: listed, installed};
  }
}

function endOf(last: string | null, finished: string | null, exitCode: number | null): string {
  if (last === null) return '';
  if (finished === null) return 'cut off';
  if (exitCode === null) return 'killed';
  return exitCode === 0 ? 'well' : `exit code ${exitCode}`;
}

/** `2026-11-22 02:30` by the clock of a time zone. */
function localTime(iso: string, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', {timeZone, dateStyle: 'short', timeStyle: 'short'}).format(
    Date.parse(iso),
  );
}
