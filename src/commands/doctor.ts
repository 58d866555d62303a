import {Flags} from '@oclif/core';
import {BaseCommand} from '../cli/base-command.ts';
import {addressOf, configOf} from '../cli/context.ts';
import {targetAccess} from '../cli/target-access.ts';
import {EXIT, UsageError} from '../errors.ts';
import {type Check, examineTarget} from '../operations/doctor-target.ts';
import {openTarget} from '../targets/open.ts';
import {policyFor} from '../targets/policies.ts';
import {ROLES} from '../targets/s3-policy.ts';

interface DoctorResult {
  /** Whether everything is as it has to be. */
  readonly ok: boolean;
  readonly target: string;
  readonly checks: readonly Check[];
  /** Objects that could not be removed again, and below which name they are. */
  readonly left: {readonly objects: number; readonly prefix: string};
}

export default class Doctor extends BaseCommand {
  static override summary =
    'Try whether a storage keeps what backups count on, and what the credentials permit.';
  static override description =
    'It stores some objects below _doctor/, some 17 MiB, tries on them what backups, restores and prunes do, and removes them again. Of the repository, if there is one, it touches nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --target s3://backups/app01?region=eu-central-1',
    '<%= config.bin %> <%= command.id %> --target /mnt/backups --thorough',
    '<%= config.bin %> <%= command.id %> --target s3://backups/app01 --policy writer',
  ];
  static override flags = {
    target: Flags.string({helpValue: 'URL', description: 'the storage; otherwise that of the repository'}),
    thorough: Flags.boolean({
      description: 'also what takes minutes: listings in pages, 128 MiB in one object',
    }),
    policy: Flags.option({
      options: ROLES,
      description:
        'only print what to tell the storage, so that its credentials may do no more than this: writer (backs up), reader (restores, verifies), pruner',
    })(),
    principal: Flags.string({
      dependsOn: ['policy'],
      helpValue: 'ID',
      description:
        'for whom: for a policy of the bucket itself, arn:aws:iam::ACCOUNT:user/NAME; on Swift, PROJECT:USER',
    }),
  };

  async run(): Promise<DoctorResult | {policy: string}> {
    const {flags} = await this.parse(Doctor);
    const cwd = process.cwd();
    const env = process.env;
    const config = await configOf(flags, env, cwd);
    const named = flags.target ?? flags.repository;
    const url = named === undefined ? config?.repository : addressOf(named, config);
    if (url === undefined) {
      throw new UsageError('Which storage should be examined?', {hint: 'Name it with --target URL.'});
    }
    if (flags.policy !== undefined) {
      const policy = policyFor(url, flags.policy, flags.principal);
      this.log(policy);
      return {policy};
    }
    // Without its lock: what is tried here must not stay for months.
    const access = {...targetAccess({config, env, output: this.output}), lock: undefined};
    await using target = await openTarget(url, cwd, access);
    const {checks, prefix, left} = await examineTarget(target, {
      thorough: flags.thorough,
      now: () => new Date(),
      signal: this.signal,
      onCheck: (check) => this.log(line(check)),
    });
    if (left > 0)
      this.warn(`${left} objects below ${prefix} could not be removed; whoever may should do it.`);
    const ok = checks.every((check) => check.ok || !check.required);
    if (!ok) this.endWith(EXIT.notVerified);
    else if (left > 0 || checks.some((check) => !check.ok)) this.incomplete();
    return {ok, target: target.label, checks, left: {objects: left, prefix}};
  }
}

function line({ok, required, name, detail, hint}: Check): string {
  const mark = ok ? 'ok     ' : required ? 'BROKEN ' : 'note   ';
  return `${mark} ${name}: ${detail}${ok || hint === undefined ? '' : `\n         ${hint}`}`;
}
