import {dirname, resolve} from 'node:path';
import {ConfigError} from '../errors.ts';
import {parseConfigText} from './document.ts';
import {type DrillConfig, toDrill} from './drills.ts';
import {readConfigFile} from './file.ts';
import {issueFindings} from './issues.ts';
import {type NotifyConfig, toNotify} from './notify.ts';
import {type PlanConfig, toPlan} from './plan-schema.ts';
import {type ConfigProblem, type Finding, InvalidConfigError, MAX_FINDINGS, toProblem} from './problems.ts';
import {type Retention, toRetention} from './retention.ts';
import {type ScheduleConfig, toSchedule} from './schedule.ts';
import {type ConfigInput, configSchema} from './schema.ts';
import type {SelfCheckLimits} from './self-check.ts';
import {toSelfCheck} from './self-check-schema.ts';
import type {SourceConfig} from './source-types.ts';
import {toLimit, toSource} from './sources.ts';
import {type Environment, secretVariables} from './substitute.ts';
import {parseDuration, parseRate, parseSize} from './units.ts';

const DEFAULT_FULL = '30d';
const DEFAULT_CONCURRENCY = 2;

export interface ConfigLimits {
  /** Packs on their way to the storage at once. */
  readonly concurrency: number;
  readonly uploadBytesPerSecond: number | undefined;
  readonly downloadBytesPerSecond: number | undefined;
  /** `Infinity` for `never`: it is never given up. */
  readonly retryForMs: number | undefined;
  /** How much the repository may hold. */
  readonly repositoryBytes: number | undefined;
}

/** A config with its defaults, its paths absolute and its references filled in. */
export interface Config {
  /** The absolute path of the file it came from. */
  readonly file: string;
  /** A URL or an absolute path; the first of several. */
  readonly repository: string | undefined;
  /** All places of the repository by name, in the order of the file: URLs or absolute paths. `main` is the only one without a name. */
  readonly repositories: ReadonlyMap<string, string>;
  /** The id of the repository that must be there. */
  readonly repositoryId: string | undefined;
  /** Absolute paths of public key files; empty if the config names none. */
  readonly recipients: readonly string[];
  /** The absolute path of the agent's key file. */
  readonly agent: string | undefined;
  /** The absolute path of the catalog. */
  readonly catalog: string | undefined;
  /** By name, in the order of the file. */
  readonly sources: ReadonlyMap<string, SourceConfig>;
  /** By name, in the order of the file. */
  readonly drills: ReadonlyMap<string, DrillConfig>;
  /** A new generation starts when the last one is older, where a source does not say; `Infinity` for `never`. */
  readonly fullAfterMs: number;
  /** What backups read again of what is stored; undefined for nothing. */
  readonly selfCheck: SelfCheckLimits | undefined;
  readonly schedule: ScheduleConfig;
  readonly notify: NotifyConfig;
  /** Which snapshots are kept, where a source does not say. */
  readonly retention: Retention | undefined;
  readonly limits: ConfigLimits;
  /** What `plan` reckons with. */
  readonly plan: PlanConfig;
  /** Whether storage must be reached encrypted. */
  readonly requireTls: boolean;
  /** How what is stored is locked. */
  readonly lock: {readonly mode: 'governance' | 'compliance'; readonly forMs: number} | undefined;
  /** The absolute path of a file with certificates of authorities. */
  readonly caFile: string | undefined;
  /** Fingerprints in lower case without blanks; undefined if the config does not say. */
  readonly trustedAgents: readonly string[] | undefined;
  /** The same of those who run drills. */
  readonly trustedOperators: readonly string[] | undefined;
}

export interface ConfigTextOptions {
  /** The path of the config, for messages and as the base of relative paths. */
  readonly path: string;
  readonly env: Environment;
}

/**
 * Reads the config at a path.
 * @throws {@link ConfigError} if it cannot be read, or somebody else could have written it
 * @throws {@link InvalidConfigError} with everything that is wrong with it
 */
export async function loadConfig({path, env}: ConfigTextOptions): Promise<Config> {
  return parseConfig(await readConfigFile(path), {path, env});
}

/** @throws {@link InvalidConfigError} with everything that is wrong with the text */
export function parseConfig(text: string, options: ConfigTextOptions): Config {
  const {input, problems} = check(text, options);
  if (input === undefined) throw new InvalidConfigError(options.path, problems);
  return toConfig(input, options, secretVariables(text));
}

/** Everything that is wrong with the text of a config, in the order of the file. */
export function configProblems(text: string, options: ConfigTextOptions): ConfigProblem[] {
  return check(text, options).problems;
}

/**
 * Everything that is wrong with the file at a path. That it cannot be read, or that somebody else could have written
 * it, is one of its problems.
 */
export async function checkConfig(options: ConfigTextOptions): Promise<ConfigProblem[]> {
  let text: string;
  try {
    text = await readConfigFile(options.path);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const message = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
    return [{path: '', line: 1, column: 1, message, text: message}];
  }
  return configProblems(text, options);
}

function check(
  text: string,
  {path, env}: ConfigTextOptions,
): {input: ConfigInput | undefined; problems: ConfigProblem[]} {
  const document = parseConfigText(text, env);
  let findings: readonly Finding[] = document.findings;
  let input: ConfigInput | undefined;
  // Without the values of its variables the rest cannot be judged; but a missing variable should hide nothing else.
  if (document.value !== undefined) {
    const result = configSchema.safeParse(document.value);
    if (!result.success)
      findings = [...findings, ...elsewhere(issueFindings(result.error.issues, document), findings)];
    else if (findings.length === 0) input = result.data;
  }
  const problems = [...findings]
    .sort((a, b) => a.offset - b.offset)
    .slice(0, MAX_FINDINGS)
    .map((finding) => toProblem(finding, path, document.position(finding.offset)));
  return {input, problems};
}

/** A value with an unknown reference is wrong anyhow: what else is wrong with it is noise. */
function elsewhere(findings: readonly Finding[], known: readonly Finding[]): Finding[] {
  const places = new Set(known.map(({offset}) => offset));
  return findings.filter(({offset}) => !places.has(offset));
}

function toConfig(input: ConfigInput, {path, env}: ConfigTextOptions, hidden: readonly string[]): Config {
  const file = resolve(path);
  const absolute = (value: string): string => resolve(dirname(file), value);
  const full = input.full ?? DEFAULT_FULL;
  const named = input.repositories ?? (input.repository === undefined ? {} : {main: input.repository});
  const repositories = new Map(
    Object.entries(named).map(([name, place]) => [name, isUrl(place) ? place : absolute(place)]),
  );
  return {
    file,
    repository: [...repositories.values()][0],
    repositories,
    repositoryId: input.repositoryId,
    recipients: (input.recipients ?? []).map(absolute),
    agent: input.agent === undefined ? undefined : absolute(input.agent),
    catalog: input.catalog === undefined ? undefined : absolute(input.catalog),
    sources: new Map(
      Object.entries(input.sources ?? {}).map(([name, source]) => [
        name,
        toSource(name, source, {full, absolute, env, hidden}),
      ]),
    ),
    drills: new Map(
      Object.entries(input.drills ?? {}).map(([name, drill]) => [
        name,
        toDrill(name, drill, {absolute, env}),
      ]),
    ),
    fullAfterMs: toLimit(full),
    selfCheck: toSelfCheck(input.selfCheck),
    schedule: toSchedule(input.schedule, input.timezone),
    notify: toNotify(input.notify ?? undefined, {absolute, env}),
    retention: input.retention && toRetention(input.retention),
    limits: toLimits(input.limits),
    plan: toPlan(input.plan),
    requireTls: input.requireTls ?? false,
    lock: input.lock && {mode: input.lock.mode, forMs: parseDuration(input.lock.for)},
    caFile: input.caFile === undefined ? undefined : absolute(input.caFile),
    trustedAgents: input.trust?.agents?.map(fingerprint),
    trustedOperators: input.trust?.operators?.map(fingerprint),
  };
}

function fingerprint(text: string): string {
  return text.replaceAll(' ', '').toLowerCase();
}

/** What is no URL is a path; {@link configSchema} let nothing else through. */
function isUrl(repository: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(repository);
}

function toLimits(input: ConfigInput['limits']): ConfigLimits {
  const rate = (text: string | undefined) => (text === undefined ? undefined : parseRate(text));
  return {
    concurrency: input?.concurrency ?? DEFAULT_CONCURRENCY,
    uploadBytesPerSecond: rate(input?.upload),
    downloadBytesPerSecond: rate(input?.download),
    repositoryBytes: input?.repository === undefined ? undefined : parseSize(input.repository),
    retryForMs: input?.retryFor === undefined ? undefined : toLimit(input.retryFor),
  };
}
