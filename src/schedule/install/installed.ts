/** What of a schedule is installed on this machine. */
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {configOfMark} from './setting.ts';

export const CRON_FOLDER = '/etc/cron.d';
export const SYSTEMD_FOLDER = '/etc/systemd/system';

/** Where the system, or this user, keeps such files. */
export function systemFolders({
  HOME,
  XDG_CONFIG_HOME,
}: Readonly<Record<string, string | undefined>>): string[] {
  if (process.geteuid?.() === 0) return [CRON_FOLDER, SYSTEMD_FOLDER];
  return [userUnits({HOME, XDG_CONFIG_HOME})];
}

/** Where a user's own units lie. */
export function userUnits({HOME, XDG_CONFIG_HOME}: Readonly<Record<string, string | undefined>>): string {
  return join(XDG_CONFIG_HOME || join(HOME || '/', '.config'), 'systemd', 'user');
}

/** The paths of all files there that "schedule install" wrote for a config. */
export function installedFor(configFile: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    if (!existsSync(folder)) return [];
    return readdirSync(folder, {withFileTypes: true})
      .filter((entry) => entry.isFile())
      .map(({name}) => join(folder, name))
      .filter((path) => configOfMark(readText(path)) === configFile)
      .sort();
  });
}

/** Empty for what cannot be read: that is nobody's business here. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    return '';
  }
}
