import {durationFlag} from '../cli/flags.ts';
import {formatBytes, formatDuration, renderTable} from '../cli/output.ts';
import {operatorFlag, RepositoryCommand} from '../cli/repository-command.ts';
import {displayMessage} from '../cli/terminal.ts';
import {EXIT} from '../errors.ts';
import {type Status, statusOf} from '../operations/status.ts';

export default class StatusCommand extends RepositoryCommand {
  static override summary = 'One screen: how each source stands. Needs neither key nor catalog.';
  static override description =
    'Made from seals and drill reports alone, so it works on any machine that can read the storage. The exit code is for monitors: 0 if all is well, 4 if there is a problem.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --max-age 26h --max-unproven 40d --repository swift://backups/app01 --json',
  ];
  static override flags = {
    ...operatorFlag,
    'max-age': durationFlag({
      description: 'an older newest snapshot is a problem; otherwise one that is late by its own rhythm',
    }),
    'max-unproven': durationFlag({
      description: 'a source that no drill proved restorable for so long is a problem',
    }),
  };

  async run(): Promise<Status> {
    const {flags} = await this.parse(StatusCommand);
    await using context = await this.open(flags);
    const now = new Date();
    const status = statusOf(await context.history(), await context.drills(), {
      maxAgeMs: flags['max-age'],
      maxUnprovenMs: flags['max-unproven'],
      expected: [...(context.config?.sources.keys() ?? [])],
      now,
    });
    this.log(this.#screen(status, now));
    if (!status.ok) this.endWith(EXIT.notVerified);
    return status;
  }

  /** Fits 80 columns. */
  #screen({sources, problems, ok}: Status, now: Date): string {
    if (sources.length === 0) return 'No snapshots.';
    const age = (time: string | null): string =>
      time === null ? 'never' : formatDuration(Math.max(0, now.getTime() - Date.parse(time)));
    const next = (time: string | null): string => {
      if (time === null) return '';
      const ms = Date.parse(time) - now.getTime();
      return ms < 0 ? 'due' : `in ${formatDuration(ms)}`;
    };
    const table = renderTable(
      [
        {title: 'SOURCE', flexible: true},
        {title: 'LAST BACKUP'},
        {title: 'LAST FULL'},
        {title: 'NEXT'},
        {title: 'PROVEN'},
        {title: 'SIZE', align: 'right'},
        {title: '+30 DAYS', align: 'right'},
      ],
      sources.map((source) => [
        source.source,
        age(source.lastSuccess),
        age(source.lastFull),
        next(source.nextRun),
        age(source.lastProven),
        formatBytes(source.bytes),
        formatBytes(source.grown),
      ]),
      this.output.width,
    );
    const told = [
      ...sources.flatMap((source) => source.problems.map((problem) => `${source.source}: ${problem}`)),
      ...problems,
    ];
    return `${table}\n\n${ok ? 'All is well.' : told.map((line) => `! ${displayMessage(line)}`).join('\n')}`;
  }
}
