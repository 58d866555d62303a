import {hostname} from 'node:os';
import {Flags} from '@oclif/core';
import type {CliContext} from '../cli/context.ts';
import {durationFlag, keyFlags, progressFlags, shareFlag} from '../cli/flags.ts';
import {formatDuration} from '../cli/output.ts';
import {
  amountText,
  deadOf,
  deedText,
  type PruneJson,
  planText,
  pruneJson,
  repackedText,
  repackText,
  spaceText,
} from '../cli/prune-view.ts';
import {retentionFlags, retentionOfFlags} from '../cli/retention-flags.ts';
import {RunCommand} from '../cli/run-command.ts';
import {keepDeadBytes} from '../cli/run-metrics.ts';
import type {Config} from '../config/config.ts';
import type {Retention} from '../config/retention.ts';
import {UsageError} from '../errors.ts';
import {deadIn} from '../operations/prune/dead-bytes.ts';
import {
  type PruneContext,
  type PruneOptions,
  type PrunePlan,
  type PruneResult,
  planPrune,
  prune,
} from '../operations/prune/prune.ts';
import {planRepack, type RepackResult, repack} from '../operations/prune/repack.ts';
import {newSwept} from '../operations/prune/sweep.ts';

const GRACE_MS = 24 * 3_600_000;
const REPACK_SHARE = 0.2;

export default class Prune extends RunCommand {
  static override summary =
    'Remove snapshots that the retention does not keep, and what only they need. Needs no key.';
  static override description =
    'In two phases: what goes is marked first, and deleted by a prune that runs at least --grace later, so that a backup that runs meanwhile loses nothing. Never removed: the newest snapshot of a source, its last verified full one, the last one that a drill proved, and what is pinned.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> --yes',
    '<%= config.bin %> <%= command.id %> --explain',
    '<%= config.bin %> <%= command.id %> --repack --key ops.private.asc --yes',
    '<%= config.bin %> <%= command.id %> --repository s3://backups/app01 --keep-daily 7 --keep-monthly 12 --yes',
  ];
  static override flags = {
    ...keyFlags,
    ...progressFlags,
    ...retentionFlags,
    'dry-run': Flags.boolean({description: 'show the plan; mark and delete nothing'}),
    explain: Flags.boolean({
      description: 'show where the space went: live, dead, waiting, locked; mark and delete nothing',
    }),
    repack: Flags.boolean({
      description:
        'with --key: also write packs anew that are partly dead, without what no snapshot needs; on the machine of who holds the key, never on the one that backs up',
    }),
    'repack-from': shareFlag({
      default: REPACK_SHARE,
      defaultHelp: async () => '20%',
      description: 'with --repack: from this share of dead bytes on, of a generation and of each pack',
    }),
    yes: Flags.boolean({char: 'y', description: 'do not ask'}),
    large: Flags.boolean({description: 'with --yes: also where more than half of a source would go'}),
    grace: durationFlag({
      default: GRACE_MS,
      defaultHelp: async () => '24h',
      description:
        'how long something stays marked before it is deleted; longer than the longest backup takes',
    }),
    source: Flags.string({multiple: true, helpValue: 'SOURCE', description: 'only of this source'}),
  };

  async run(): Promise<PruneJson> {
    const {flags} = await this.parse(Prune);
    const isDryRun = flags['dry-run'] || flags.explain;
    if (flags.repack && flags.key === undefined)
      throw new UsageError('--repack needs a private key: what is dead in a pack, only its content tells.', {
        hint: 'Give the key with --key, on the machine where it is kept.',
      });
    if (!isDryRun) await this.announce(flags, 'prune');
    await using context = await this.open(flags);
    const retentionOf = retentionIn(context.config, retentionOfFlags(flags), flags.explain);
    const history = await context.history();
    this.checkSources(flags.source, history, context.config);
    const {reports, problems} = await context.drills();
    this.warnOf(problems);
    const pruning: PruneContext = {
      repository: context.repository,
      agents: context.agents,
      trust: context.trust,
      drills: reports,
      host: hostname(),
      operator: () => context.operator(),
      now: () => new Date(),
      signal: this.signal,
      onProgress: this.showProgress,
    };
    const options: PruneOptions = {
      retentionOf,
      graceMs: flags.grace,
      sources: flags.source,
      large: flags.large && flags.yes,
    };
    let result: PruneResult;
    if (isDryRun) {
      const plan = await planPrune(pruning, history, options);
      this.#show(plan, flags.grace, flags.explain);
      for (const why of plan.abnormal) this.warn(`${why}: this needs --yes --large.`);
      result = {plan, done: false, swept: newSwept()};
    } else {
      result = await prune(pruning, history, options, {
        onPlan: (plan) => this.#show(plan, flags.grace, false),
        confirm: async (plan) => isNothing(plan) || (await this.confirm('Go on?', {yes: flags.yes})),
      });
      this.#tell(result);
      if (result.done && hasMarks(result.plan))
        this.log(`Signed by the operator ${(await context.operator()).getFingerprint()}.`);
    }
    this.warnOf(result.plan.problems);
    const repacked =
      flags.repack && (isDryRun || result.done) ? await this.#repack(context, pruning, flags) : [];
    // Of all sources, in the place that the figures are about.
    if (flags.source === undefined && flags.repository === undefined)
      keepDeadBytes(context.config, deadAfter(result, repacked), this.output);
    return {...pruneJson(result, isDryRun), repacked};
  }

  async #repack(
    context: CliContext,
    pruning: PruneContext,
    flags: {
      readonly 'dry-run': boolean;
      readonly explain: boolean;
      readonly yes: boolean;
      readonly grace: number;
      readonly 'repack-from': number;
      readonly source?: string[] | undefined;
    },
  ): Promise<RepackResult[]> {
    const repacking = {...pruning, key: await context.key()};
    const {sources} = await context.history();
    const names = sources.map(({source}) => source);
    const options = {threshold: flags['repack-from'], sources: flags.source};
    const {results, problems} =
      flags['dry-run'] || flags.explain
        ? await planRepack(repacking, names, options)
        : await repack(repacking, names, options, {
            confirm: async (plan) => {
              this.log(repackText(plan));
              return this.confirm('Write these packs anew?', {yes: flags.yes});
            },
          });
    for (const one of results) {
      if (one.stored !== undefined) this.log(repackedText(one, formatDuration(flags.grace)));
      else if (one.rewritten.objects === 0 || flags['dry-run'] || flags.explain) this.log(repackText(one));
    }
    this.warnOf(problems);
    return results;
  }

  #show(plan: PrunePlan, graceMs: number, explain: boolean): void {
    if (explain) this.log(`${spaceText(plan, this.output.width)}\n`);
    this.log(planText(plan, this.output.width));
    const deed = deedText(plan, formatDuration(graceMs));
    if (deed !== '') this.log(deed);
  }

  #tell({done, swept, plan}: PruneResult): void {
    if (!done) this.log('Nothing was marked or deleted.');
    else if (isNothing(plan)) this.log('There is nothing to do.');
    else this.log(`Done. Marked: ${amountText(deadOf(plan))}. Deleted: ${amountText(swept)}.`);
    for (const {object, untilMs} of swept.locked)
      this.warn(
        `${object} is locked ${Number.isFinite(untilMs) ? `until ${new Date(untilMs).toISOString()}` : 'without an end'}; it and what belongs to it is deleted by a later prune.`,
      );
    if (swept.locked.length > 0) this.incomplete();
  }
}

/** What no snapshot needs, and is still stored. */
function deadAfter({plan, swept}: PruneResult, repacked: readonly RepackResult[]): number {
  const dead = plan.sources.reduce((sum, {space}) => sum + deadIn(space), 0) - swept.bytes;
  const done = repacked.filter(({stored}) => stored !== undefined);
  return done.reduce((sum, {rewritten}) => sum + rewritten.bytes, dead);
}

function isNothing(plan: PrunePlan): boolean {
  return !hasMarks(plan) && plan.sources.every(({due}) => due.objects === 0);
}

/** Whether it writes marks. */
function hasMarks({sources}: PrunePlan): boolean {
  return sources.some(({decision, space}) => decision.removed.length + space.dead.objects > 0);
}

/** @throws {@link UsageError} where nothing says what is kept */
function retentionIn(
  config: Config | undefined,
  given: Retention | undefined,
  mayBeMissing: boolean,
): (source: string) => Retention | undefined {
  const isAnywhere =
    given !== undefined ||
    config?.retention !== undefined ||
    [...(config?.sources.values() ?? [])].some(({retention}) => retention !== undefined);
  if (!isAnywhere && !mayBeMissing) {
    throw new UsageError('Nothing says which snapshots are kept, so none is removed.', {
      hint: 'Set "retention" in the configuration, such as { daily: 7, monthly: 12 }, or give --keep-daily 7 and the like.',
    });
  }
  return (source) => given ?? config?.sources.get(source)?.retention ?? config?.retention;
}
