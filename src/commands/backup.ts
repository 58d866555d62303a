import {Args, Flags} from '@oclif/core';
import {openJobs} from '../cli/backup-jobs.ts';
import {configOf, localPath} from '../cli/chosen-config.ts';
import type {CliContext} from '../cli/context.ts';
import {progressFlags, shareFlag, tagFlag} from '../cli/flags.ts';
import {counted, type ErrorJson, formatBytes, formatDuration} from '../cli/output.ts';
import {type PlaceJson, placeJson, placeLines} from '../cli/place-report.ts';
import {RunCommand} from '../cli/run-command.ts';
import {RunMetrics} from '../cli/run-metrics.ts';
import {selfCheckLines} from '../cli/self-check-report.ts';
import {displayPath} from '../cli/terminal.ts';
import {deadAfter, volumeAfter, volumeWarning} from '../cli/volume.ts';
import type {Config} from '../config/config.ts';
import {fileNameProblem, sourceNameProblem} from '../config/names.ts';
import {nearest} from '../config/nearest.ts';
import {DEFAULT_SELF_CHECK} from '../config/self-check.ts';
import type {SourceConfig} from '../config/source-types.ts';
import {stdinSource} from '../config/sources.ts';
import {EXIT, type HoldfastError, KeyError, UsageError} from '../errors.ts';
import {type BackedUp, type BackupContext, type BackupOptions, backup} from '../operations/backup.ts';
import {backupToPlaces} from '../operations/backup-places.ts';
import {assertHooksTrusted} from '../operations/hooks.ts';
import type {PlacesContext} from '../operations/place.ts';
import type {VolumeUse} from '../operations/volume.ts';
import type {Problem} from '../repository/chain.ts';
import {useLittleMemory} from '../system/memory.ts';

interface BackupJson {
  readonly snapshots: readonly BackedUp[];
  /** Sources of which no snapshot was made. */
  readonly failures: readonly ({source: string} & ErrorJson)[];
  /** Damage in the history that did not stop the backup. */
  readonly problems: readonly Problem[];
  /** The places where it went. */
  readonly repositories: readonly PlaceJson[];
  /** How much the repository holds of what it may; null where nobody asks (`limits.repository`, `notify.metrics`). */
  readonly volume: VolumeUse | null;
}

export default class Backup extends RunCommand {
  static override summary = 'Back up all sources, or those named: full at first, then incremental.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> etc app --tag before-upgrade',
    '<%= config.bin %> <%= command.id %> --also-to s3://offsite/app01',
    'pg_dumpall | <%= config.bin %> <%= command.id %> --stdin --name all.sql',
  ];
  static override strict = false;
  static override args = {
    source: Args.string({description: 'sources of the config; all of them by default', multiple: true}),
  };
  static override flags = {
    ...progressFlags,
    full: Flags.boolean({description: 'start a new generation, whatever the age of the last'}),
    tag: tagFlag({multiple: true, description: 'a tag for the snapshots'}),
    stdin: Flags.boolean({
      description: 'back up standard input; whether its writer succeeded cannot be seen from here',
      dependsOn: ['name'],
    }),
    name: Flags.string({
      helpValue: 'FILE',
      description: 'the name of the file for --stdin, and, if no SOURCE is given, of the source',
      dependsOn: ['stdin'],
    }),
    'also-to': Flags.string({
      multiple: true,
      helpValue: 'REPOSITORY',
      description:
        'a further place for the same backups, besides those of the config: a name from there, or an address',
    }),
    'dry-run': Flags.boolean({description: 'store nothing; tell what would be stored'}),
    verbose: Flags.boolean({
      description:
        'name what is left out on purpose, as full backups do: sockets, other file systems, tagged caches',
      exclusive: ['quiet'],
    }),
    'allow-empty': Flags.boolean({
      description: 'accept sources that are empty or look suspicious, once',
    }),
    key: Flags.string({
      hidden: true, // Only to refuse it in words: a script may give it to every command.
      parse: async () => {
        throw new KeyError('A backup takes no private key: it must not be on a machine that makes backups.', {
          hint: 'Leave out --key; a backup needs public keys only.',
        });
      },
    }),
    check: shareFlag({
      description:
        'first read so much of what earlier backups stored, and store again what is lost; otherwise a little of it in each backup, as "selfCheck" of the config says',
    }),
    'accept-history': Flags.boolean({
      description:
        'go on from what the storage has, though this machine remembers otherwise; known damage is not told again',
    }),
  };

  #metrics: RunMetrics | undefined;

  async run(): Promise<BackupJson> {
    const {argv, flags} = await this.parse(Backup);
    useLittleMemory('pack'); // Before threads start.
    if (!flags['dry-run']) await this.announce(flags, 'backup', argv as string[]);
    if (!flags['dry-run'])
      this.#metrics = RunMetrics.of(
        await configOf(flags, process.env, process.cwd()),
        flags.stdin ? [argv[0] === undefined ? (flags.name ?? '') : String(argv[0])] : (argv as string[]),
        this.output,
      );
    await using context = await this.openSomewhere(flags);
    await using _learnt = this.#metrics?.watch(context, this.signal);
    const sources = flags.stdin
      ? [inputSource(context.config, argv as string[], flags.name ?? '')]
      : chosenSources(context.config, argv as string[]);
    for (const source of sources) assertHooksTrusted(source, process.env['PATH'] ?? '');
    await using where = await openJobs(context, sources, {
      alsoTo: flags['also-to'] ?? [],
      only: flags.repository !== undefined,
    });
    const {places} = where;
    const notes: Note[] = [];
    const plain = await context.backupContext();
    const withPlaces: PlacesContext = {
      ...plain,
      ...(flags.stdin && {input: process.stdin}),
      ...(flags.check !== undefined && {
        selfCheck: {...(plain.selfCheck ?? DEFAULT_SELF_CHECK), share: flags.check},
      }),
      ownPaths: [...plain.ownPaths, ...places.flatMap(localPath)],
      onProgress: this.showProgress,
      onNote: (source, note, kind) => notes.push({source, note, kind}),
      wasMet: (label) => context.places.at(label) === context.repository.id,
      met: (label) => context.places.remember(label, context.repository.id),
    };
    const options: BackupOptions = {
      full: flags.full,
      tags: flags.tag ?? [],
      dryRun: flags['dry-run'],
      allowEmpty: flags['allow-empty'],
      acceptHistory: flags['accept-history'],
    };
    const isOnePlace = places.length === 1;
    const {snapshots, failures, problems} = isOnePlace
      ? await backup(withPlaces, sources, options)
      : await backupToPlaces(withPlaces, where.jobs, options);
    if (!flags.quiet) this.#tellNotes(notes, snapshots, flags.verbose);
    for (const snapshot of snapshots) {
      this.#metrics?.retries.set(snapshot.source, snapshot.retries);
      this.#tell(snapshot, flags['dry-run']);
    }
    this.warnOf(problems);
    if (problems.length > 0)
      this.logToStderr(
        'This damage is old and did not stop the backup. "holdfast verify" says what it affects; "--accept-history" takes note of damaged seals, once.',
      );
    for (const {source, error} of failures) this.#fail(source, error);
    const repositories = places.map((place) => placeJson(place, where.jobs, snapshots, this.output));
    if (!isOnePlace && !flags['dry-run']) for (const state of repositories) this.#tellPlace(state);
    const volume = flags['dry-run'] ? null : await this.#volume(plain, context);
    return {
      // The warning of a failed hook repeats what the hook said.
      snapshots: snapshots.map((snapshot) => ({
        ...snapshot,
        warnings: snapshot.warnings.map(({path, problem}) => ({
          path,
          problem: this.output.redacted(problem),
        })),
        notes: snapshot.notes.map((note) => this.output.redacted(note)),
      })),
      failures: failures.map(({source, error: {code, exitCode, message, hint}}) => ({
        source,
        ...this.output.errorJson({code, exitCode, message, hint}),
      })),
      problems,
      repositories,
      volume,
    };
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.#metrics?.write(this.exitCode);
    await super.finally(error);
  }

  /** Counted where somebody asks for it: that takes a listing now and then. */
  async #volume(context: BackupContext, cli: CliContext): Promise<VolumeUse | null> {
    if (context.limitBytes === undefined && this.#metrics === undefined) return null;
    const {catalog, repository} = context;
    const countedMs = catalog.sizes.find(repository.target.label)?.countedMs;
    const volume = await volumeAfter(context, (problem) => this.warn(problem));
    if (this.#metrics !== undefined) {
      this.#metrics.volume = volume;
      // As often as everything is counted, and for the same reason not each time.
      const isCounted = countedMs !== catalog.sizes.find(repository.target.label)?.countedMs;
      if (volume !== null && isCounted)
        this.#metrics.deadBytes = await deadAfter(cli, (problem) => this.warn(problem));
    }
    const warning = volume === null ? undefined : volumeWarning(volume);
    if (warning !== undefined) this.warn(warning);
    if ((volume?.share ?? 0) >= 1) this.incomplete();
    return volume;
  }

  /** What is left out as every time is told by full backups, and when somebody asks: cron mails all that is said. */
  #tellNotes(notes: readonly Note[], snapshots: readonly BackedUp[], isVerbose: boolean): void {
    const full = new Set(snapshots.filter(({kind}) => kind === 'full').map(({source}) => source));
    const told = notes.filter(({source, kind}) => kind === undefined || isVerbose || full.has(source));
    for (const {source, note} of told.slice(0, NOTES_SHOWN)) this.logToStderr(`${source}: ${note}`);
    if (told.length > NOTES_SHOWN) this.logToStderr(`and ${told.length - NOTES_SHOWN} more notes`);
  }

  #tell(
    {
      source,
      kind,
      id,
      seconds,
      entries,
      bytes,
      warnings,
      warningsOmitted,
      leftOut,
      suspect,
      retries,
      selfCheck,
    }: BackedUp,
    isDryRun: boolean,
  ): void {
    const count = warnings.length + warningsOmitted;
    const name = isDryRun ? `${kind}, not stored` : `${kind} snapshot ${id}`;
    this.log(`${source}: ${name} in ${formatDuration(seconds * 1000)}`);
    this.log(
      `  ${counted(entries.total, 'entry')}: ${entries.new} new, ${entries.changed} changed, ${entries.unchanged} unchanged, ${entries.removed} removed${leftOut > 0 ? `; ${leftOut} left out (--verbose names them)` : ''}`,
    );
    this.log(
      `  ${formatBytes(bytes.source)} in all: ${formatBytes(bytes.read)} read, ${formatBytes(bytes.new)} new, ${formatBytes(bytes.stored)} ${isDryRun ? 'would be ' : ''}stored`,
    );
    if (selfCheck !== null) for (const line of selfCheckLines(selfCheck)) this.log(`  ${line}`);
    if (retries > 0) this.log(`  ${retries} requests to the storage failed and were tried again`);
    for (const {path, problem} of warnings.slice(0, WARNINGS_SHOWN))
      this.warn(`${source}: ${displayPath(path)}${path === '' ? '' : ': '}${problem}`);
    if (count > WARNINGS_SHOWN)
      this.warn(`${source}: and ${count - WARNINGS_SHOWN} more; they are in the snapshot`);
    for (const {detail} of suspect) this.warn(`${source}: suspicious: ${displayPath(detail)}`);
    if (suspect.length > 0) this.suspect();
    if (suspect.length > 0)
      this.logToStderr(
        'A suspicious snapshot is kept, but does not count as a good one. If all is well, run it again with --allow-empty.',
      );
    if (count > 0 || suspect.length > 0) this.incomplete();
  }

  #tellPlace(state: PlaceJson): void {
    const {line, problem} = placeLines(state);
    if (line !== undefined) this.log(line);
    if (problem === undefined) return;
    this.output.warn(problem, state.error?.hint ?? undefined);
    if (state.error?.exitCode === EXIT.notVerified) this.endWith(EXIT.notVerified);
    else this.incomplete();
  }

  #fail(source: string, error: HoldfastError): void {
    this.output.error({
      code: error.code,
      exitCode: error.exitCode,
      message: `${source}: ${error.message}`,
      hint: error.hint,
    });
    this.endWith(error.exitCode);
  }
}

interface Note {
  readonly source: string;
  readonly note: string;
  readonly kind: 'left-out' | undefined;
}

const NOTES_SHOWN = 20;
const WARNINGS_SHOWN = 20;

/** What `--stdin` backs up. A source of the config keeps its kind: its history would mean something else. */
function inputSource(config: Config | undefined, names: readonly string[], file: string): SourceConfig {
  const [name = file, another] = names;
  const problem = fileNameProblem(file);
  if (file === '' || problem !== undefined)
    throw new UsageError(`--name "${file}" ${problem ?? 'is empty'}.`, {hint: 'Give it the name of a file.'});
  if (another !== undefined) {
    throw new UsageError('--stdin is one source, but several are named.', {hint: 'Name at most one.'});
  }
  const nameProblem = sourceNameProblem(name);
  if (nameProblem !== undefined) {
    const hint =
      names.length === 0 ? `Name the source, too: holdfast backup SOURCE --stdin --name ${file}` : undefined;
    throw new UsageError(`"${name}" ${nameProblem}.`, {hint});
  }
  if (config?.sources.has(name) === true) {
    throw new UsageError(`${name} is a source of ${config.file}, which says what it is made of.`, {
      hint: 'Name another source for standard input.',
    });
  }
  if (process.stdin.isTTY) {
    throw new UsageError('Standard input is a terminal.', {
      hint: 'Pipe something into it: pg_dumpall | holdfast backup --stdin --name all.sql',
    });
  }
  return stdinSource(name, file, config?.fullAfterMs ?? Number.POSITIVE_INFINITY);
}

function chosenSources(config: Config | undefined, names: readonly string[]): SourceConfig[] {
  if (config === undefined) {
    throw new UsageError('A backup needs a configuration that names its sources.', {
      hint: 'Run "holdfast init", or name the file with --config.',
    });
  }
  if (config.sources.size === 0) {
    throw new UsageError(`${config.file} names no sources.`, {
      hint: 'Add what to back up under "sources", such as "etc: {folder: /etc}".',
    });
  }
  if (names.length === 0) return [...config.sources.values()];
  return [...new Set(names)].map((name) => {
    const source = config.sources.get(name);
    if (source !== undefined) return source;
    const near = nearest(name, [...config.sources.keys()]);
    throw new UsageError(`There is no source "${name}" in ${config.file}.`, {
      hint:
        near === undefined ? `It has ${[...config.sources.keys()].join(', ')}.` : `Did you mean "${near}"?`,
    });
  });
}
