/** Which configuration is in force, and which places it, or a flag, names. */
import type {Config} from '../config/config.ts';
import {findConfig} from '../config/file.ts';
import {UsageError} from '../errors.ts';
import type {Target} from '../targets/target.ts';
import type {KeyFlags} from './key-source.ts';
import type {Output} from './output.ts';

export interface ContextFlags extends KeyFlags {
  readonly config?: string | undefined;
  readonly repository?: string | undefined;
  /** The id of the repository that must be there; over the config, and over what this machine remembers. */
  readonly 'repository-id'?: string | undefined;
  /** Fingerprints to trust, beside those of the config. */
  readonly agent?: readonly string[] | undefined;
  /** Fingerprints of those whose drill reports count, beside those of the config. */
  readonly operator?: readonly string[] | undefined;
}

export interface ContextOptions {
  readonly flags: ContextFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** The config that is in force, if any. */
export async function configOf(
  flags: ContextFlags,
  env: ContextOptions['env'],
  cwd: string,
): Promise<Config | undefined> {
  const path = await findConfig({flag: flags.config, env, cwd});
  if (path === undefined) return undefined;
  const {loadConfig} = await import('../config/config.ts'); // a client has no config: no YAML parser, no schema
  return await loadConfig({path, env});
}

/** The address of a repository that the config has a name for; what is no such name is an address itself. */
export function addressOf(place: string, config: Config | undefined): string {
  return config?.repositories.get(place) ?? place;
}

/** Name and address of the places where the repository is; the one that is named, if one is. */
export function placesOf(
  {flags: {repository}}: ContextOptions,
  config: Config | undefined,
): [[string, string], ...[string, string][]] {
  if (repository !== undefined) return [[repository, addressOf(repository, config)]];
  const [first, ...others] = config?.repositories ?? [];
  if (first !== undefined) return [first, ...others];
  if (config === undefined)
    throw new UsageError('No repository is named, and there is no configuration.', {
      hint: 'Name it with --repository or HOLDFAST_REPOSITORY, the configuration with --config; "holdfast init" makes both.',
    });
  throw new UsageError('No repository is named.', {
    hint: 'Name it with --repository, HOLDFAST_REPOSITORY, or "repository" in the configuration.',
  });
}

/** The folder of a place on this machine: it is never backed up. */
export function localPath({label}: Pick<Target, 'label'>): string[] {
  return label.startsWith('file://') ? [label.slice('file://'.length)] : [];
}
