/** Whom to tell that the rest of a config is not valid. */
import {dirname, resolve} from 'node:path';
import {ConfigError} from '../errors.ts';
import type {Config, ConfigTextOptions} from './config.ts';
import {parseConfigText} from './document.ts';
import {readConfigFile} from './file.ts';
import {toNotify} from './notify.ts';
import {notifySchema} from './notify-schema.ts';
import {hasReferences} from './substitute.ts';

/** What of a config is needed to tell somebody. */
export type NotifyPart = Pick<Config, 'notify' | 'repository' | 'caFile'>;

/**
 * The `notify` section of a config that is not valid elsewhere; undefined unless it is valid by itself. Not of a file that somebody else
 * could have written: it may name programs to run.
 */
export async function loadNotifyAlone({path, env}: ConfigTextOptions): Promise<NotifyPart | undefined> {
  let text: string;
  try {
    text = await readConfigFile(path);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
  const {value} = parseConfigText(text, env);
  if (typeof value !== 'object' || value === null) return undefined;
  const {notify, caFile} = value as {notify?: unknown; caFile?: unknown};
  // What is left of a reference is a variable that is not set.
  if (notify === undefined || hasReferences(JSON.stringify(notify))) return undefined;
  const {data} = notifySchema.safeParse(notify);
  if (data === undefined) return undefined;
  const absolute = (name: string): string => resolve(dirname(resolve(path)), name);
  return {
    notify: toNotify(data, {absolute, env}),
    repository: undefined,
    caFile: typeof caFile === 'string' ? absolute(caFile) : undefined,
  };
}
