/** clouds.yaml, the file in which OpenStack's clients keep credentials, and secure.yaml beside it. */
import {readFile, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {parse} from 'yaml';
import {z} from 'zod';
import {nearest} from '../config/nearest.ts';
import {KeyError, UsageError} from '../errors.ts';
import {isMissing, systemCode, whyFailed} from '../system/system-error.ts';
import type {TargetAccess} from './access.ts';

/** Settings by the names that clouds.yaml has for them; those of `auth` among the others. */
export type CloudSettings = Readonly<Record<string, string | undefined>>;

const scalar = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]);
const section = z.record(z.string(), z.unknown());
const fileSchema = z.object({clouds: z.record(z.string(), section).default({})});

/** @throws {@link UsageError}; {@link KeyError} for a file with secrets that others may read */
export async function readCloud(
  cloud: string,
  env: TargetAccess['env'],
): Promise<{settings: CloudSettings; file: string}> {
  const file = await findFile(env);
  const clouds = await readFileOf(file);
  const found = clouds.get(cloud);
  if (found === undefined) {
    const near = nearest(cloud, [...clouds.keys()]);
    throw new UsageError(`There is no cloud "${cloud}" in ${file}.`, {
      hint:
        near === undefined ? `It has ${[...clouds.keys()].join(', ') || 'none'}.` : `Did you mean "${near}"?`,
    });
  }
  const secureFile = join(dirname(file), 'secure.yaml');
  const secure = (await exists(secureFile)) ? (await readFileOf(secureFile)).get(cloud) : undefined;
  return {settings: {...settingsOf(found), ...settingsOf(secure ?? {})}, file};
}

async function findFile(env: TargetAccess['env']): Promise<string> {
  const named = env['OS_CLIENT_CONFIG_FILE'];
  if (named) return named;
  const config = env['XDG_CONFIG_HOME'] || (env['HOME'] ? join(env['HOME'], '.config') : undefined);
  const places = [
    ...(config === undefined ? [] : [join(config, 'openstack', 'clouds.yaml')]),
    '/etc/openstack/clouds.yaml',
  ];
  for (const place of places) if (await exists(place)) return place;
  throw new UsageError('A cloud is named, but there is no clouds.yaml.', {
    hint: `Put it at ${places[0]}, or name it with OS_CLIENT_CONFIG_FILE.`,
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw unreadable(path, cause);
  }
}

async function readFileOf(path: string): Promise<Map<string, z.infer<typeof section>>> {
  try {
    const {mode} = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new KeyError(`Others may read the credentials in ${path} (mode ${(mode & 0o777).toString(8)}).`, {
        hint: `Run "chmod 600 ${path}".`,
      });
    }
    return new Map(Object.entries(fileSchema.parse(parse(await readFile(path, 'utf8'))).clouds));
  } catch (cause) {
    if (cause instanceof KeyError) throw cause;
    throw unreadable(path, cause);
  }
}

/** The words of a parser would show lines of the file, which hold secrets. */
function unreadable(path: string, cause: unknown): UsageError {
  const problem = systemCode(cause) === undefined ? 'it is no clouds.yaml' : whyFailed(cause);
  return new UsageError(`${path} cannot be read: ${problem}.`, {
    hint: 'Check the file, or name another one with OS_CLIENT_CONFIG_FILE.',
  });
}

/** Those of `auth` and the others side by side: their names differ. What is no single value concerns us not. */
function settingsOf(cloud: Readonly<Record<string, unknown>>): CloudSettings {
  const {auth, ...others} = cloud;
  const all = {...others, ...section.catch({}).parse(auth ?? {})};
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    const text = scalar.safeParse(value);
    if (text.success) settings[name] = text.data;
  }
  return settings;
}
