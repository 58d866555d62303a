import {Flags} from '@oclif/core';
import {progressFlags} from '../cli/flags.ts';
import {counted, formatBytes} from '../cli/output.ts';
import {toldProblems} from '../cli/problems.ts';
import {RunCommand} from '../cli/run-command.ts';
import {displayName} from '../cli/terminal.ts';
import {EXIT} from '../errors.ts';
import {type ReplicateResult, replicate} from '../operations/replicate.ts';

/** Objects are up to 32 MiB, and each lies in memory whole. */
const CONCURRENCY = 4;

export default class Replicate extends RunCommand {
  static override summary =
    'Copy the repository to another place: what is missing there, checked while it passes.';
  static override description =
    'Needs no key. Nothing is overwritten or removed there, and seals come last: a copy that was cut off holds whole snapshots, and the next run goes on.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --to /mnt/disk/backups',
    '<%= config.bin %> <%= command.id %> --repository s3://backups/app01 --to "s3://offsite/app01?profile=offsite"',
  ];
  static override flags = {
    ...progressFlags,
    to: Flags.string({required: true, helpValue: 'URL', description: 'where the copy is, or will be'}),
    create: Flags.boolean({description: 'make the bucket or container of the copy, too'}),
  };

  async run(): Promise<ReplicateResult> {
    const {flags} = await this.parse(Replicate);
    await this.announce(flags, 'replicate');
    await using context = await this.open(flags);
    await using to = await context.openOther(flags.to);
    const result = await replicate(
      {
        repository: context.repository,
        agents: context.agents,
        trust: context.trust,
        concurrency: CONCURRENCY,
        createContainer: flags.create,
        signal: this.signal,
        onProgress: this.showProgress,
      },
      await context.history(),
      to,
    );
    const {objects, bytes, snapshots, present} = result;
    this.log(
      `Copied ${counted(objects, 'object')} (${formatBytes(bytes)}), ${counted(snapshots, 'snapshot')}, to ${to.label}; ${counted(present, 'object')} were there.`,
    );
    const problems = toldProblems(result.problems);
    for (const {object, problem} of problems) this.log(`${displayName(object)}: ${problem}`);
    if (problems.length > 0) {
      this.logToStderr(`The copy is not whole: ${counted(problems.length, 'problem')}.`);
      this.endWith(EXIT.notVerified);
    }
    return result;
  }
}
