import {createHash} from 'node:crypto';
import {hostname} from 'node:os';
import {basename, resolve} from 'node:path';
import {Args, Flags} from '@oclif/core';
import {configOf, localPath} from '../cli/chosen-config.ts';
import type {CliContext} from '../cli/context.ts';
import {durationFlag} from '../cli/flags.ts';
import {planChanges, rulesOf} from '../cli/plan-config.ts';
import {planPage} from '../cli/plan-view.ts';
import {RepositoryCommand} from '../cli/repository-command.ts';
import {jsonName} from '../cli/terminal.ts';
import type {Config} from '../config/config.ts';
import {nearest} from '../config/nearest.ts';
import type {PlanConfig} from '../config/plan-schema.ts';
import type {SourceConfig} from '../config/source-types.ts';
import {ConfigError, HoldfastError, UsageError} from '../errors.ts';
import {makePlan, type Plan} from '../operations/plan/plan.ts';

/** One source may be looked at for so long. */
const TIME_MS = 30_000;
const NO_SETTINGS: PlanConfig = {
  prices: undefined,
  uploadBytesPerSecond: undefined,
  downloadBytesPerSecond: undefined,
  rtoMs: undefined,
  rpoMs: undefined,
};

export default class PlanCommand extends RepositoryCommand {
  static override summary =
    'Look at what there is to back up and how it changes; recommend when, how often, and what to keep; reckon size, cost and times.';
  static override description =
    'Reads names, sizes and times, and samples of files (50 MiB a folder at most). Where there is a repository, its seals and drills tell more. Nothing is changed, unless --write puts the recommendation into the config. Without a config, name folders.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --write',
    '<%= config.bin %> <%= command.id %> /srv/app /home --time 2m',
  ];
  static override strict = false;
  static override args = {
    source: Args.string({
      description: 'sources of the config, or paths of folders; all sources by default',
      multiple: true,
    }),
  };
  static override flags = {
    time: durationFlag({description: 'how long one folder may be looked at; 30s by default'}),
    write: Flags.boolean({description: 'put the recommendation into the config; its comments stay'}),
  };

  async run(): Promise<object> {
    const {argv, flags} = await this.parse(PlanCommand);
    const config = await configOf(flags, process.env, process.cwd());
    const sources = chosen(config, argv as string[]);
    if (flags.write && (config === undefined || argv.length > 0))
      throw new UsageError('--write is for all sources of a config.', {
        hint: 'Leave out the names, and name the config with --config if need be.',
      });
    await using context = await this.#repository(flags);
    const history = await context?.history();
    const drills = context === undefined ? [] : (await context.drills()).reports;
    const plan = await makePlan(sources, {
      now: () => new Date(),
      random: Math.random,
      // The same minute whenever it is asked.
      chance:
        createHash('sha256')
          .update(`${hostname()} ${config?.file ?? ''}`)
          .digest()
          .readUInt16BE() / 65_536,
      mostMs: flags.time ?? TIME_MS,
      ownPaths:
        context === undefined
          ? []
          : [...localPath(context.target), ...(config?.catalog ? [config.catalog] : [])],
      signal: this.signal,
      onProgress: (files) => this.output.status(`Looking: ${files.toLocaleString('en')} files`),
      history,
      drills,
      settings: config?.plan ?? NO_SETTINGS,
      limitBytes: config?.limits.repositoryBytes,
      uploadLimit: config?.limits.uploadBytesPerSecond,
      objectives: objectivesOf(config),
    });
    this.output.clearStatus();
    this.log(planPage(plan, this.output.width));
    const written = flags.write && config !== undefined ? await this.#write(plan, config) : null;
    return planJson(plan, written);
  }

  /** What is there already; a first plan has none. */
  async #repository(flags: Parameters<PlanCommand['openSomewhere']>[0]): Promise<CliContext | undefined> {
    try {
      return await this.openSomewhere(flags);
    } catch (error) {
      if (!(error instanceof HoldfastError) || this.signal.aborted) throw error;
      this.output.note(`Without the history of a repository: ${error.message}`);
      return undefined;
    }
  }

  /** @returns the path of the config */
  async #write(plan: Plan, config: Config): Promise<string> {
    const {parseDocument} = await import('yaml');
    const {readConfigFile} = await import('../config/file.ts');
    const {configProblems} = await import('../config/config.ts');
    const {editConfig} = await import('../config/edit.ts');
    const {writeConfigFile} = await import('../config/write.ts');
    const text = await readConfigFile(config.file);
    const {isMap} = await import('yaml');
    const check = (edited: string) => configProblems(edited, {path: config.file, env: process.env});
    const all = planChanges(plan, isMap(parseDocument(text).get('schedule')));
    // What this version does not know is left out.
    const unfit = new Map(check(editConfig(text, all)).map(({path, message}) => [path, message]));
    const changes = all.filter(({path}) => !unfit.has(path.join('.')));
    const edited = editConfig(text, changes);
    const [problem] = check(edited);
    if (problem !== undefined)
      throw new ConfigError(`The recommendation does not fit into ${config.file}: ${problem.text}`, {
        hint: 'Nothing was written. Put it in by hand.',
      });
    writeConfigFile(config.file, edited);
    for (const {path} of all)
      if (unfit.has(path.join('.'))) this.warn(`left out: ${unfit.get(path.join('.'))}`);
    this.log(`\nWritten into ${config.file}: ${changes.map(({path}) => path.join('.')).join(', ')}.`);
    return config.file;
  }
}

/** Sources of the config by name, and folders by path. */
function chosen(config: Config | undefined, names: readonly string[]): SourceConfig[] {
  if (names.length === 0) {
    if (config !== undefined && config.sources.size > 0) return [...config.sources.values()];
    throw new UsageError(config === undefined ? 'There is no config.' : `${config.file} names no sources.`, {
      hint: 'Name folders to look at: holdfast plan /srv/app /etc',
    });
  }
  return names.map((name) => {
    const source = config?.sources.get(name);
    if (source !== undefined) return source;
    if (name.includes('/') || name === '.') return folderSource(name);
    const near = nearest(name, [...(config?.sources.keys() ?? [])]);
    throw new UsageError(`There is no source "${name}".`, {
      hint: near === undefined ? 'Name folders with a slash: ./data' : `Did you mean "${near}"?`,
    });
  });
}

function folderSource(path: string): SourceConfig {
  const folder = resolve(path);
  return {
    kind: 'folder',
    name: basename(folder) || '/',
    folder,
    exclude: [],
    excludeCaches: false,
    oneFileSystem: true,
    before: undefined,
    after: undefined,
    fullAfterMs: Number.POSITIVE_INFINITY,
    tags: [],
    allowEmpty: true,
  };
}

/** The strictest of the drills of each source. */
function objectivesOf(config: Config | undefined): Map<string, {rtoMs?: number; rpoMs?: number}> {
  const objectives = new Map<string, {rtoMs?: number; rpoMs?: number}>();
  for (const {sources, rtoMs, rpoMs} of config?.drills.values() ?? []) {
    for (const source of sources) {
      const known = objectives.get(source) ?? {};
      const [rto, rpo] = [
        Math.min(rtoMs ?? Infinity, known.rtoMs ?? Infinity),
        Math.min(rpoMs ?? Infinity, known.rpoMs ?? Infinity),
      ];
      objectives.set(source, {...(rto < Infinity && {rtoMs: rto}), ...(rpo < Infinity && {rpoMs: rpo})});
    }
  }
  return objectives;
}

/** A path of a walk: one character per byte. */
function named(path: string): string {
  return jsonName(Buffer.from(path, 'latin1'));
}

function planJson({sources, recommendation, projection}: Plan, written: string | null): object {
  const {sources: apart, fullDays, retention, ...advice} = recommendation;
  return {
    sources: sources.map(({scan, history, growth: _growth, ...source}) => ({
      ...source,
      snapshots: history?.snapshots ?? 0,
      scan:
        scan === undefined
          ? null
          : {
              ...scan,
              kinds: Object.fromEntries(scan.kinds),
              sensitive: Object.fromEntries(
                [...scan.sensitive].map(([what, {count, first}]) => [what, {count, first: named(first)}]),
              ),
              live: scan.live.map((found) => ({...found, path: named(found.path)})),
              madeAgain: Object.fromEntries(scan.madeAgain),
            },
    })),
    recommendation: {
      full: `${fullDays}d`,
      retention: rulesOf(retention),
      ...advice,
      sources: Object.fromEntries(apart),
    },
    projection,
    written,
  };
}
