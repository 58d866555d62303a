/** Where this machine keeps what belongs to one repository: catalog, agent key, what it has seen. */
import {globSync} from 'node:fs';
import {homedir, userInfo} from 'node:os';
import {isAbsolute, join} from 'node:path';
import {UsageError} from '../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `$XDG_STATE_HOME/holdfast`, `/var/lib/holdfast` for root, or `~/.local/state/holdfast`. */
export function stateFolder(env: Environment): string {
  const state = env['XDG_STATE_HOME'];
  if (state !== undefined && state !== '') {
    if (!isAbsolute(state))
      throw new UsageError(`XDG_STATE_HOME is not an absolute path: ${state}`, {
        hint: 'Correct or unset it.',
      });
    return join(state, 'holdfast');
  }
  if (userInfo().uid === 0) return '/var/lib/holdfast';
  return join(env['HOME'] || homedir(), '.local', 'state', 'holdfast');
}

export const catalogPath = (state: string, repositoryId: string): string =>
  join(state, repositoryId, 'catalog.db');
export const agentPath = (state: string, repositoryId: string): string =>
  join(state, repositoryId, 'agent.private.asc');
export const trustPath = (state: string, repositoryId: string): string =>
  join(state, repositoryId, 'seen.json');
/** What this machine knows of its drills beyond their reports. */
export const drillRecordsPath = (state: string, repositoryId: string): string =>
  join(state, repositoryId, 'drills');
/** The same of all repositories that this machine has met. */
export const allDrillRecords = (state: string): string[] =>
  globSync(drillRecordsPath('', '*'), {cwd: state}).map((path) => join(state, path));
/** Signs the reports of all drills of this machine. */
export const operatorPath = (state: string): string => join(state, 'drill-operator.private.asc');
/** Which repository was met at which address. */
export const knownPlacesPath = (state: string): string => join(state, 'places');
