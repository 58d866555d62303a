import {Flags} from '@oclif/core';
import {addressOf, type ContextFlags, configOf} from '../cli/chosen-config.ts';
import {examineMachine} from '../cli/doctor-machine.ts';
import {RepositoryCommand} from '../cli/repository-command.ts';
import {targetAccess} from '../cli/target-access.ts';
import type {Config} from '../config/config.ts';
import {EXIT, HoldfastError, UsageError} from '../errors.ts';
import {type Check, examineTarget} from '../operations/doctor-target.ts';
import {providerChanges} from '../operations/provider.ts';
import {MARKER} from '../repository/layout.ts';
import type {TargetAccess} from '../targets/access.ts';
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

export default class Doctor extends RepositoryCommand {
  static override summary =
    'Look whether this machine can back up, what the storage keeps of what backups count on, and what its credentials permit.';
  static override description =
    'Without --target it looks at keys, rights of files, programs, room, clock, catalog and the last backups of this machine first. On the storage, it stores some objects below _doctor/, some 17 MiB, tries on them what backups, restores and prunes do, and removes them again. Of the repository, if there is one, it touches nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
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
    const onCheck = (check: Check) => this.log(line(check));
    const isPlain = flags.target === undefined && config !== undefined;
    const told = isPlain ? await this.#machine(config, flags, onCheck) : [];
    const unencrypted: string[] = [];
    // Without its lock: what is tried here must not stay for months.
    const access: TargetAccess = {
      ...targetAccess({config, env, output: this.output}),
      lock: undefined,
      onWarning: (warning) => unencrypted.push(warning),
    };
    await using target = await openTarget(url, cwd, access);
    const {
      checks: found,
      prefix,
      left,
    } = await examineTarget(target, {
      thorough: flags.thorough,
      now: () => new Date(),
      signal: this.signal,
      onCheck,
    });
    const checks = [...told, ...found];
    const way = encryption(target.label, unencrypted);
    checks.push(way);
    onCheck(way);
    if (left > 0)
      this.warn(`${left} objects below ${prefix} could not be removed; whoever may should do it.`);
    const ok = checks.every((check) => check.ok || !check.required);
    if (!ok) this.endWith(EXIT.notVerified);
    else if (left > 0 || checks.some((check) => !check.ok)) this.incomplete();
    return {ok, target: target.label, checks, left: {objects: left, prefix}};
  }

  /** What is to be looked at on this machine, and whether the repository is there. */
  async #machine(config: Config, flags: ContextFlags, onCheck: (check: Check) => void): Promise<Check[]> {
    let problem: Check | undefined;
    const context = await this.openSomewhere(flags).catch((error: unknown) => {
      if (!(error instanceof HoldfastError)) throw error;
      const {message: detail, hint} = error;
      problem = {name: 'repository', required: true, ok: false, detail, hint};
      return undefined;
    });
    await using _ = context;
    const {env} = process;
    const checks = await examineMachine({config, context, env}, onCheck);
    if (problem !== undefined) onCheck(problem);
    const facts = await context?.target.describe?.(MARKER, {signal: this.signal});
    const last = context && facts && changed(providerChanges(context.catalog(), context.target.label, facts));
    if (last !== undefined) onCheck(last);
    return [checks, problem ?? [], last ?? []].flat();
  }
}

/** @param problems what was said when the storage was reached */
function encryption(label: string, problems: readonly string[]): Check {
  const [name, required] = ['encryption on the way', false];
  const hint = 'Use an https:// address.';
  if (problems.length > 0) return {name, required, ok: false, detail: problems.join(' '), hint};
  const detail = label.startsWith('file:')
    ? 'A folder of this machine; whether its disk is somewhere else is not seen from here.'
    : 'TLS, with certificates that this machine trusts; or this machine itself.';
  return {name, required, ok: true, detail, hint: undefined};
}

function changed(changes: readonly string[] | undefined): Check {
  const [name, required] = ['the storage is as it was', false];
  if (changes === undefined)
    return {name, required, ok: true, detail: 'It was not asked by "holdfast init".', hint: undefined};
  const hint = 'Ask its provider, and look at docs/targets.md whether you counted on it.';
  return changes.length === 0
    ? {name, required, ok: true, detail: 'As it told "holdfast init".', hint: undefined}
    : {name, required, ok: false, detail: `${changes.join('; ')}.`, hint};
}

function line({ok, required, name, detail, hint}: Check): string {
  const mark = ok ? (hint === undefined ? 'ok' : 'note') : required ? 'BROKEN' : 'warning';
  return `${mark.padEnd(8)}${name}: ${detail}${hint === undefined ? '' : `\n        ${hint}`}`;
}
