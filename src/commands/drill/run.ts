import {hostname, tmpdir} from 'node:os';
import {resolve} from 'node:path';
import {Args, type Interfaces} from '@oclif/core';
import type {CliContext} from '../../cli/context.ts';
import {parseDatabaseUrl} from '../../cli/database-url.ts';
import {drillFlags} from '../../cli/drill-flags.ts';
import {type DrillJson, drillJson, drillText, titleOf} from '../../cli/drill-view.ts';
import {keyFlags, progressFlags} from '../../cli/flags.ts';
import {openNamedKey} from '../../cli/key-source.ts';
import {allDrillRecords, stateFolder} from '../../cli/places.ts';
import {RunCommand} from '../../cli/run-command.ts';
import type {DrillConfig} from '../../config/drills.ts';
import {nearest} from '../../config/nearest.ts';
import type {RecipientKey} from '../../crypto/recipient-key.ts';
import {EXIT, HoldfastError, NotFoundError, UsageError} from '../../errors.ts';
import {runCanary} from '../../operations/drill/canary.ts';
import {type DrillContext, type DrillPlan, runDrill} from '../../operations/drill/drill.ts';
import {type Picked, pickLastRun, pickSnapshots} from '../../operations/drill/pick.ts';
import {cleanDrills, type DrillRecord, type KeptDrill, storeWaiting} from '../../operations/drill/records.ts';
import type {History} from '../../repository/history.ts';
import {useLittleMemory} from '../../system/memory.ts';
import {TargetError} from '../../targets/target.ts';

const now = (): Date => new Date();

type Flags = Interfaces.InferredFlags<typeof DrillRun.flags>;

/** A drill, and the snapshots that each run of it restores. */
interface Rehearsal {
  readonly plan: DrillPlan;
  readonly picks: readonly (readonly Picked[])[];
  readonly key: () => Promise<RecipientKey>;
}

export default class DrillRun extends RunCommand {
  static override summary =
    'Restore into a throwaway place, check that it is whole, measure, and remove it again.';
  static override description =
    'Runs the drills of the configuration, or with --snapshot, --source or --last-run one without any configuration. It needs the private key, and ' +
    'never the machine that is backed up. A database comes back in a server that the drill starts and stops itself. A drill that fails ends with exit code 4.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --snapshot latest --repository s3://backups/app01 --key ops.private.asc',
    '<%= config.bin %> <%= command.id %> --source app --snapshot both --key ops.private.asc',
    '<%= config.bin %> <%= command.id %> --source app --sample 5% --matters "*.conf" --key ops.private.asc',
    '<%= config.bin %> <%= command.id %> orders-weekly',
    '<%= config.bin %> <%= command.id %> --key-only --key gpg:FINGERPRINT',
  ];
  static override strict = false;
  static override args = {
    name: Args.string({description: 'drills of the configuration, by name; all of them by default'}),
  };
  static override flags = {...keyFlags, ...progressFlags, ...drillFlags};

  async run(): Promise<{drills: DrillJson[]}> {
    const {flags, argv} = await this.parse(DrillRun);
    useLittleMemory('unpack'); // Before threads start.
    await this.announce(flags, 'drill', argv as string[]);
    await this.#clean();
    await using context = await this.open(flags);
    const history = await context.history();
    this.warnOf(history.problems);
    const names = argv as string[];
    if (flags['key-only']) return {drills: [await this.#canary(context, flags, history)]};
    const rehearsals = isQuick(flags)
      ? [this.#quick(context, flags, names, history)]
      : this.#named(context, flags, names, history);
    const drillContext = await this.#drillContext(context, flags);
    await this.#storeWaiting(drillContext);
    const drills: DrillJson[] = [];
    for (const {plan, picks, key} of rehearsals) {
      try {
        const runContext = {...drillContext, key: await key(), onKept: this.#tell};
        for (const picked of picks) {
          const record = await runDrill(runContext, plan, picked);
          this.#tellReport(record, flags.report);
          drills.push(drillJson(record));
        }
      } catch (error) {
        if (rehearsals.length === 1) throw error;
        this.#tellUnable(plan.name, error);
      }
    }
    return {drills};
  }

  /** That one drill of several cannot run, such as for want of its key, keeps no other from running. */
  #tellUnable(name: string, error: unknown): void {
    if (this.signal.aborted || !(error instanceof HoldfastError)) throw error;
    const {code, exitCode, message, hint} = error;
    this.output.error({code, exitCode, message: `${name} could not run: ${message}`, hint});
    this.endWith(exitCode);
  }

  async #canary(context: CliContext, flags: Flags, history: History): Promise<DrillJson> {
    const drillContext = await this.#drillContext(context, flags);
    await this.#storeWaiting(drillContext);
    const record = await runCanary({...drillContext, key: await context.key(), onKept: this.#tell}, history);
    this.#tellReport(record, flags.report);
    return drillJson(record);
  }

  /** First of all: what a killed drill restored goes even where the storage is away. */
  async #clean(): Promise<void> {
    for (const records of allDrillRecords(stateFolder(process.env))) {
      for (const {id, sources, elsewhere} of await cleanDrills(records, now)) {
        this.warn(
          `drill ${id} of ${sources.join(', ')} did not come to its end; what it left was removed, and it is recorded as aborted.`,
        );
        for (const what of elsewhere) this.warn(`drill ${id} may have left ${what}: drop it by hand.`);
      }
    }
  }

  /** That they cannot be stored keeps no drill from running. */
  async #storeWaiting(context: Omit<DrillContext, 'key'>): Promise<void> {
    if (!context.publish) return;
    try {
      for (const id of await storeWaiting(context))
        this.logToStderr(
          `The report of drill ${id}, which waited on this machine, is in the repository now.`,
        );
    } catch (error) {
      this.signal.throwIfAborted();
      if (!(error instanceof TargetError)) throw error;
      this.output.warn(`Reports of earlier drills still wait on this machine: ${error.message}`, error.hint);
      this.endWith(error.exitCode);
    }
  }

  #quick(context: CliContext, flags: Flags, names: readonly string[], history: History): Rehearsal {
    if (names.length > 0)
      throw new UsageError('A drill of the configuration has its own snapshots.', {
        hint: 'Leave out the name, or --snapshot, --source and --last-run.',
      });
    const {snapshot = 'latest', source: sources = [], within: withinMs} = flags;
    this.checkSources(sources, history, context.config);
    const pick = {snapshot, sources, withinMs, now: new Date(), random: Math.random};
    return {
      plan: planOf(flags, undefined),
      picks: flags['last-run'] ? pickLastRun(history) : pickSnapshots(history, pick),
      key: () => context.key(),
    };
  }

  #named(context: CliContext, flags: Flags, names: readonly string[], history: History): Rehearsal[] {
    const drills = context.config?.drills ?? new Map<string, DrillConfig>();
    const wanted = names.length > 0 ? names : [...drills.keys()];
    if (wanted.length === 0)
      throw new UsageError('Which snapshot should be restored?', {
        hint: 'Name it with --snapshot latest, or write drills into the configuration (docs/drills.md).',
      });
    return wanted.map((name) => {
      const drill = drills.get(name);
      if (drill === undefined) {
        const near = nearest(name, drills.keys());
        throw new NotFoundError(`There is no drill "${name}" in the configuration.`, {
          hint:
            near === undefined
              ? `There are: ${[...drills.keys()].join(', ') || 'none'}.`
              : `Did you mean "${near}"?`,
        });
      }
      this.checkSources(drill.sources, history, context.config);
      const pick = {...drill, now: new Date(), random: Math.random};
      return {
        plan: planOf(flags, drill),
        picks: pickSnapshots(history, pick),
        key: async () => (await this.#keyOf(drill, flags)) ?? context.key(),
      };
    });
  }

  /** What the command line says goes before the configuration. */
  #keyOf(drill: DrillConfig, flags: Flags): Promise<RecipientKey | undefined> {
    const key = flags.key ?? drill.key;
    const {share, 'passphrase-file': file = drill.passphraseFile} = flags;
    return openNamedKey(
      {key, share, 'passphrase-file': file},
      {env: process.env, cwd: process.cwd(), signal: this.signal},
    );
  }

  async #drillContext(context: CliContext, flags: Flags): Promise<Omit<DrillContext, 'key'>> {
    return {
      repository: context.repository,
      agents: context.agents,
      operator: await context.operator(),
      records: context.drillRecords,
      workFolder: tmpdir(),
      host: hostname(),
      searchPath: process.env['PATH'] ?? '',
      tools: [
        ['holdfast', this.config.version],
        ['node', process.versions.node],
      ],
      now,
      publish: flags.report,
      signal: this.signal,
      onProgress: this.showProgress,
    };
  }

  #tellReport({report, notStored}: KeptDrill, isPublished: boolean): void {
    if (notStored !== undefined) {
      const {code, exitCode, message} = notStored;
      this.output.error({
        code,
        exitCode,
        message: `The report of drill ${report.id} is not in the repository: ${message}`,
        hint: 'It is kept on this machine. The next "holdfast drill run" stores it, or "holdfast drill clean" once the storage takes it.',
      });
      this.endWith(exitCode);
      return;
    }
    this.log(
      isPublished
        ? `  Report drills/${report.id}.asc, signed by operator ${report.operator}`
        : '  No report: it is recorded on this machine alone, and proves nothing to others.',
    );
  }

  readonly #tell = (record: DrillRecord): void => {
    const {report} = record;
    this.log(drillText(record));
    if (report.result === 'passed') return;
    this.output.error({
      code: 'DRILL_FAILED',
      exitCode: EXIT.notVerified,
      message: `${titleOf(report)} failed: ${report.checks
        .filter(({ok}) => !ok)
        .map(({name}) => name)
        .join(', ')}.`,
      hint: `See what it found with "holdfast drill show ${report.id}", and what of the repository is affected with "holdfast verify".`,
    });
    this.endWith(EXIT.notVerified);
  };
}

function isQuick(flags: Flags): boolean {
  return flags.snapshot !== undefined || flags.source !== undefined || flags['last-run'];
}

function planOf(flags: Flags, drill: DrillConfig | undefined): DrillPlan {
  const into = flags.into ?? drill?.into;
  const place = (path: string | undefined) => (path === undefined ? undefined : resolve(path));
  return {
    name: drill?.name ?? '',
    sample: flags.sample ?? drill?.sample,
    matters: flags.matters ?? drill?.matters ?? [],
    programs: place(flags.programs) ?? drill?.programs,
    into: into === undefined || into === 'throwaway' ? undefined : parseDatabaseUrl(into),
    work: place(flags.work) ?? drill?.work,
    checks: drill?.checks ?? [],
    rtoMs: flags.rto ?? drill?.rtoMs,
    rpoMs: flags.rpo ?? drill?.rpoMs,
  };
}
