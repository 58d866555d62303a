import {resolve} from 'node:path';
import {Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/base-command.ts';
import {configOf} from '../../cli/chosen-config.ts';
import {baseFlagsWithout} from '../../cli/flags.ts';
import {hasSystemd, removeFiles, runAll, runProgram, systemctl, timersIn} from '../../cli/installer.ts';
import {UsageError} from '../../errors.ts';
import {installedFor, systemFolders} from '../../schedule/install/installed.ts';
import {hasLines, withLines} from '../../schedule/install/user-crontab.ts';

interface RemoveJson {
  /** The paths of all files of this schedule; `crontab` for lines in that of this user. */
  readonly files: readonly string[];
  readonly removed: boolean;
}

export default class ScheduleRemove extends BaseCommand {
  static override baseFlags = baseFlagsWithout('repository');
  static override summary =
    'Take away what "schedule install" wrote for this configuration: nothing runs by itself any more.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --yes',
  ];
  static override flags = {
    output: Flags.string({
      helpValue: 'DIR',
      description: 'the folder, if it was given to "schedule install"',
    }),
    yes: Flags.boolean({description: 'remove without asking'}),
  };

  async run(): Promise<RemoveJson> {
    const {flags} = await this.parse(ScheduleRemove);
    const config = await configOf(flags, process.env, process.cwd());
    if (config === undefined)
      throw new UsageError('Of which configuration?', {hint: 'Name the file with --config.'});
    const isRoot = process.geteuid?.() === 0;
    const folders = flags.output === undefined ? systemFolders(process.env) : [resolve(flags.output)];
    const files = installedFor(config.file, folders);
    const crontab =
      isRoot || flags.output !== undefined ? '' : await runProgram('crontab', ['-l'], {mayFail: true});
    const isInCrontab = hasLines(crontab, config.file);
    const all = [...files, ...(isInCrontab ? ['crontab'] : [])];
    if (all.length === 0) {
      this.log(`Nothing is installed for ${config.file}.`);
      return {files: [], removed: false};
    }
    for (const path of all) this.log(path);
    const removed = await this.confirm(`Remove ${all.length === 1 ? 'it' : 'them'}?`, {yes: flags.yes});
    if (removed) {
      const timers = timersIn(files);
      const isOn = flags.output === undefined && timers.length > 0 && hasSystemd();
      if (isOn) await runAll([systemctl(isRoot, 'disable', '--now', ...timers)]);
      removeFiles(files);
      if (isOn) await runAll([systemctl(isRoot, 'daemon-reload')]);
      if (isInCrontab) await runProgram('crontab', ['-'], {input: withLines(crontab, config.file, '')});
      this.log('Removed. Nothing runs by itself any more; "holdfast schedule install" brings it back.');
    }
    return {files: all, removed};
  }
}
