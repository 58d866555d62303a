import {readFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/base-command.ts';
import {jobEnvironment, readEnvironmentFile} from '../../cli/environment-file.ts';
import {baseFlagsWithout} from '../../cli/flags.ts';
import {
  assertOurs,
  cronFile,
  hasSystemd,
  removeFiles,
  runAll,
  runProgram,
  systemctl,
  timersIn,
  writeFiles,
} from '../../cli/installer.ts';
import {meetJobs, type Schedule, scheduleOf, settingOf} from '../../cli/schedule-setting.ts';
import {configProblems} from '../../config/config.ts';
import {ConfigError, UsageError} from '../../errors.ts';
import {cronLines} from '../../schedule/install/crontab.ts';
import {
  CRON_FOLDER,
  installedFor,
  SYSTEMD_FOLDER,
  systemFolders,
  userUnits,
} from '../../schedule/install/installed.ts';
import type {InstalledFile, Setting} from '../../schedule/install/setting.ts';
import {systemdUnits} from '../../schedule/install/systemd.ts';
import {withLines} from '../../schedule/install/user-crontab.ts';

interface InstallJson {
  readonly files: readonly InstalledFile[];
  /** Files of an earlier schedule that are taken away. */
  readonly obsolete: readonly string[];
  /** What is run once they are written. */
  readonly commands: readonly string[];
  /** Whether they are written now, or were before. */
  readonly written: boolean;
}

const MY_CRONTAB = 'crontab';

export default class ScheduleInstall extends BaseCommand {
  static override baseFlags = baseFlagsWithout('repository');
  static override summary =
    'Let cron or systemd start the jobs of the schedule: shows the files, then writes them.';
  static override description =
    'As root for the whole system (/etc/cron.d, /etc/systemd/system), otherwise for this user. Run it again after a change of the schedule. ' +
    'The runs get no environment: credentials belong into a file that only its owner can read, named with --environment.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --systemd',
    '<%= config.bin %> <%= command.id %> --cron --environment /etc/holdfast/environment --yes',
  ];
  static override flags = {
    systemd: Flags.boolean({
      description: 'a timer and a hardened service for each job',
      exactlyOne: ['systemd', 'cron'],
    }),
    cron: Flags.boolean({description: 'a file for cron, or lines in the crontab of this user'}),
    environment: Flags.string({
      helpValue: 'FILE',
      description: 'variables for the runs: NAME=value, one a line',
    }),
    name: Flags.string({
      helpValue: 'NAME',
      default: 'holdfast',
      description: 'what the files are called; another one for another configuration',
    }),
    output: Flags.string({
      helpValue: 'DIR',
      description: 'write the files there, for an image, say, and start nothing',
    }),
    yes: Flags.boolean({description: 'write without asking'}),
  };

  async run(): Promise<InstallJson> {
    const {flags} = await this.parse(ScheduleInstall);
    if (!/^[a-zA-Z0-9][\w-]{0,40}$/.test(flags.name))
      throw new UsageError(`--name "${flags.name}" cannot name a file of cron or systemd.`, {
        hint: 'Use letters, digits, "_" and "-".',
      });
    const environmentFile = flags.environment === undefined ? undefined : resolve(flags.environment);
    const schedule = await scheduleOf(flags, jobEnvironment(process.env, environmentFile));
    this.#assertComplete(schedule, environmentFile);
    const setting = settingOf(schedule.config, {env: process.env, environmentFile, name: flags.name});
    const plan = await this.#plan(schedule, setting, flags);
    for (const {path, text} of plan.files) this.log(`── ${path}\n${text}`);
    for (const path of plan.obsolete) this.log(`To be removed: ${path}`);
    const commands = plan.commands.map((words) => words.join(' '));
    if (commands.length > 0) this.log(`Then: ${commands.join(' && ')}\n`);
    const question = plan.files.length === 1 ? 'Write this file?' : 'Write these files?';
    const written = await this.confirm(question, {yes: flags.yes});
    if (written) {
      await plan.write();
      // What comes from now on is not missed, even if the machine is off when it comes for the first time.
      if (flags.output === undefined) meetJobs(schedule, this.output);
      this.log(plan.isStarted ? 'Installed. "holdfast schedule list" says what runs next.' : 'Written.');
    }
    return {files: plan.files, obsolete: plan.obsolete, commands, written};
  }

  /** What only this shell knows would be missing when cron starts a job. */
  #assertComplete({config}: Schedule, environmentFile: string | undefined): void {
    if (config.repository === undefined)
      throw new ConfigError(`${config.file} names no repository.`, {
        hint: 'Write it there as "repository": the jobs of a schedule have nothing else to go by.',
      });
    const env = environmentFile === undefined ? {} : readEnvironmentFile(environmentFile);
    const [problem] = configProblems(readFileSync(config.file, 'utf8'), {path: config.file, env});
    if (problem !== undefined)
      throw new ConfigError(
        `Without the variables of this shell, the configuration is not complete: ${problem.text}`,
        {
          hint: 'Write them into a file as NAME=value, "chmod 600" it, and give it with --environment.',
        },
      );
    const isCredential = /^(?:AWS_(?:ACCESS_KEY_ID|PROFILE)|OS_(?:AUTH_URL|CLOUD)|ST_AUTH|HTTPS_PROXY)$/;
    const lacking = Object.keys(process.env).filter((name) => isCredential.test(name) && !(name in env));
    if (lacking.length > 0)
      this.warn(
        `${lacking.join(', ')} of this shell will not be there when the jobs run; what they need belongs into a file for --environment.`,
      );
  }

  async #plan(
    schedule: Schedule,
    setting: Setting,
    {systemd, name, output}: {systemd: boolean; name: string; output: string | undefined},
  ): Promise<Plan> {
    const {isRoot, config} = setting;
    if (!systemd && !isRoot && output === undefined) return await ownCrontab(schedule, setting);
    const system = systemd ? (isRoot ? SYSTEMD_FOLDER : userUnits(process.env)) : CRON_FOLDER;
    const folder = output === undefined ? system : resolve(output);
    const files = systemd
      ? systemdUnits(schedule.jobs, setting, {folder, now: new Date()})
      : [{path: cronFile(folder, name), text: cronLines(schedule.jobs, setting)}];
    assertOurs(files, config.file, name);
    const there = installedFor(config.file, [folder]);
    const obsolete = there.filter(
      (path) => !files.some((file) => file.path === path) && isUnit(path) === systemd,
    );
    if (output === undefined) this.#warnOfTwo(systemd, config.file);
    const isStarted = output === undefined && (!systemd || hasSystemd());
    const [gone, timers] = [timersIn(obsolete), timersIn(files.map(({path}) => path))];
    const before = gone.length > 0 ? [systemctl(isRoot, 'disable', '--now', ...gone)] : [];
    const after = systemd
      ? [systemctl(isRoot, 'daemon-reload'), systemctl(isRoot, 'enable', '--now', ...timers)]
      : [];
    return {
      files,
      obsolete,
      isStarted,
      commands: output === undefined ? [...before, ...after] : [],
      write: async () => {
        if (isStarted) await runAll(before);
        removeFiles(obsolete);
        writeFiles(files, folder);
        if (isStarted) await runAll(after);
        else if (output === undefined)
          this.warn('systemd does not run this machine: run the commands above where it does.');
      },
    };
  }

  #warnOfTwo(systemd: boolean, configFile: string): void {
    const others = installedFor(configFile, systemFolders(process.env)).filter(
      (path) => isUnit(path) !== systemd,
    );
    if (others.length > 0)
      this.warn(
        `${others.join(', ')} start the same jobs. No job runs twice for that, but one of the two is enough: "holdfast schedule remove", then this again.`,
      );
  }
}

interface Plan {
  readonly files: readonly InstalledFile[];
  readonly obsolete: readonly string[];
  readonly commands: readonly (readonly string[])[];
  /** Whether something will start the jobs once it is written. */
  readonly isStarted: boolean;
  write(): Promise<void>;
}

async function ownCrontab({jobs}: Schedule, setting: Setting): Promise<Plan> {
  const before = await runProgram('crontab', ['-l'], {mayFail: true});
  const text = withLines(before, setting.config.file, cronLines(jobs, setting));
  return {
    files: [{path: MY_CRONTAB, text}],
    obsolete: [],
    commands: [],
    isStarted: true,
    write: async () => {
      await runProgram('crontab', ['-'], {input: text});
    },
  };
}

function isUnit(path: string): boolean {
  return /\.(?:service|timer)$/.test(path);
}
