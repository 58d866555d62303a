import {Flags} from '@oclif/core';
import type {CliContext} from '../cli/context.ts';
import {durationFlag} from '../cli/flags.ts';
import {fleetStatus} from '../cli/fleet-status.ts';
import {renderFleet} from '../cli/fleet-view.ts';
import {counted, formatBytes, formatDuration, renderTable} from '../cli/output.ts';
import {EMPTY_HINT} from '../cli/problems.ts';
import {RepositoryCommand} from '../cli/repository-command.ts';
import {displayMessage} from '../cli/terminal.ts';
import {volumeNow, volumeText, volumeWarning} from '../cli/volume.ts';
import {EXIT, HoldfastError} from '../errors.ts';
import type {FleetStatus} from '../operations/fleet/fleet.ts';
import {isMended, type StoredState, storedState} from '../operations/self-check.ts';
import {type Status, statusOf} from '../operations/status.ts';
import type {VolumeUse} from '../operations/volume.ts';
import type {History} from '../repository/history.ts';

export default class StatusCommand extends RepositoryCommand {
  static override summary = 'One screen: how each source stands. Needs neither key nor catalog.';
  static override description =
    'Made from seals and drill reports alone, so it works on any machine that can read the storage. The exit code is for monitors: 0 if all is well, if with warnings of a backup; 4 if there is a problem.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --max-age 26h --max-unproven 40d --repository swift://backups/app01 --json',
    '<%= config.bin %> <%= command.id %> --fleet s3://backups?region=eu-central-1 --expect machines.txt',
  ];
  static override flags = {
    'max-age': durationFlag({
      description: 'an older newest snapshot is a problem; otherwise one that is late by its own rhythm',
    }),
    'max-unproven': durationFlag({
      description: 'a source that no drill proved restorable for so long is a problem',
    }),
    fleet: Flags.string({
      helpValue: 'URL-PREFIX',
      description:
        'all machines whose repositories lie below this address or folder: late, never proven, suspect, vanished',
    }),
    expect: Flags.string({
      helpValue: 'FILE',
      dependsOn: ['fleet'],
      description:
        'names of the machines that there must be, one a line; otherwise those that were there before',
    }),
    forget: Flags.string({
      helpValue: 'MACHINE',
      multiple: true,
      dependsOn: ['fleet'],
      description: 'a machine that is gone for good',
    }),
    all: Flags.boolean({dependsOn: ['fleet'], description: 'show the machines that are well, too'}),
  };

  async run(): Promise<(Status & {readonly volume: VolumeUse | null}) | FleetStatus> {
    const {flags} = await this.parse(StatusCommand);
    if (flags.fleet !== undefined) {
      const now = new Date();
      const status = await fleetStatus(this.contextOptions(flags), {
        prefix: flags.fleet,
        expect: flags.expect,
        forget: flags.forget,
        maxAgeMs: flags['max-age'],
        maxUnprovenMs: flags['max-unproven'],
        now,
      });
      this.log(renderFleet(status, {now, width: this.output.width, all: flags.all ?? false}));
      if (!status.ok) this.endWith(EXIT.notVerified);
      return status;
    }
    await using context = await this.open(flags);
    const now = new Date();
    const history = await context.history();
    const status = statusOf(history, await context.drills(), {
      stored: flags.repository === undefined ? this.#stored(context, history) : new Map(),
      maxAgeMs: flags['max-age'],
      maxUnprovenMs: flags['max-unproven'],
      expected: [...(context.config?.sources.keys() ?? [])],
      now,
    });
    const volume = await volumeNow(context, this.signal, (problem) => this.warn(problem));
    this.log(this.#screen(status, now, volume));
    const ok = status.ok && (volume?.share ?? 0) < 1;
    if (!ok) this.endWith(EXIT.notVerified);
    return {...status, ok, volume};
  }

  /** What backups on this machine saw of what is stored, where it makes any. */
  #stored(context: CliContext, {sources}: History): Map<string, StoredState> {
    try {
      const catalog = context.existingCatalog();
      if (catalog === undefined) return new Map();
      const {repository, agents} = context;
      return new Map(
        sources.map((source) => [source.source, storedState({repository, catalog, agents}, source)]),
      );
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      this.logToStderr(`What backups here saw of what is stored is not told: ${error.message}`);
      return new Map();
    }
  }

  /** Fits 80 columns. */
  #screen({sources, problems}: Status, now: Date, volume: VolumeUse | null): string {
    if (sources.length === 0)
      return [
        'No snapshots.',
        ...problems.map((line) => `! ${displayMessage(line)}`),
        `Hint: ${EMPTY_HINT}`,
      ].join('\n');
    const age = (time: string | null): string =>
      time === null ? 'never' : formatDuration(Math.max(0, now.getTime() - Date.parse(time)));
    const next = (time: string | null): string => {
      if (time === null) return '';
      const ms = Date.parse(time) - now.getTime();
      return ms < 0 ? 'due' : `in ${formatDuration(ms)}`;
    };
    let table = renderTable(
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
    const lacking = sources
      .filter(({warnings}) => warnings > 0)
      .map(
        ({source, warnings}) =>
          `${source}: the newest snapshot has ${counted(warnings, 'warning')}. What is still so: holdfast backup ${source} --dry-run`,
      );
    const looked = sources.flatMap(({source, stored}) =>
      stored?.allSeenSince
        ? [
            `${source}: ${counted(stored.all.objects, 'object')} (${formatBytes(stored.all.bytes)}), all read or stored since ${stored.allSeenSince.slice(0, 10)}${mended(stored)}`,
          ]
        : [],
    );
    if (looked.length > 0) table = `${table}\n\nSelf-check\n${looked.join('\n')}`;
    const warning = volume === null ? undefined : volumeWarning(volume);
    if (warning !== undefined) table = `${table}\n\n! ${warning}`;
    else if (volume !== null) table = `${table}\n\n${volumeText(volume)}`;
    const lines = [...told, ...lacking].map((line) => `! ${displayMessage(line)}`);
    if (lines.length > 0) return `${table}\n\n${lines.join('\n')}`;
    return (volume?.share ?? 0) >= 1 ? table : `${table}\n\nAll is well.`;
  }
}

function mended({damaged}: StoredState): string {
  const count = damaged.filter(isMended).length;
  return count === 0 ? '' : `; ${counted(count, 'lost pack')} stored again`;
}
