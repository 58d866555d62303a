/** What doctor looks at of this machine that changes with time: room, rights, the clock, the last backups. */
import {existsSync, statfsSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname} from 'node:path';
import type {Config} from '../config/config.ts';
import {storedState} from '../operations/self-check.ts';
import {statusOf} from '../operations/status.ts';
import type {History} from '../repository/history.ts';
import {localPath} from './chosen-config.ts';
import type {CliContext} from './context.ts';
import type {Answer} from './doctor-question.ts';
import {formatBytes, formatDuration} from './output.ts';

export function catalog(context: CliContext): Answer {
  const {path, integrity} = context.catalog().facts();
  if ((statSync(path).mode & 0o077) !== 0)
    return {detail: `Others may read ${path}, which holds names of files.`, hint: `Run "chmod 600 ${path}".`};
  return integrity === 'ok'
    ? {detail: `${path} is sound.`}
    : {detail: `${path}: ${integrity}.`, hint: 'Move it away and run "holdfast catalog rebuild".'};
}

export function clock({sources}: History): Answer {
  const now = Date.now();
  const newest = Math.max(...sources.flatMap(({seals}) => seals.map(({finished}) => Date.parse(finished))));
  if (!(newest > now)) return {detail: 'It is not behind the snapshots.'};
  const hint = 'Set the clock of this machine (timedatectl set-ntp true).';
  return {detail: `The newest snapshot was made ${Math.round((newest - now) / 1000)} s in the future.`, hint};
}

const MIB = 2 ** 20;
const LEAST_FREE_BYTES = 256 * MIB;
/** Of the size of the catalog: a schema that changes writes it anew. */
const CATALOG_ROOM = 2;

/** Room for the catalog, for temporary files, and for a repository in a folder of this machine. */
export function room(context: CliContext, history: History): Answer {
  const catalog = context.catalog();
  const {path} = catalog;
  const bytes = catalog.sizeBytes();
  const short: string[] = [];
  const free: string[] = [];
  const look = (what: string, folder: string, needed: number): void => {
    const {bavail, bsize, ffree, files} = statfsSync(folder);
    free.push(`${formatBytes(bavail * bsize)} for ${what}`);
    if (bavail * bsize < needed) short.push(`${what} (${folder}) has ${formatBytes(bavail * bsize)} free`);
    if (files > 0 && ffree < files / 100) short.push(`${what} (${folder}) can hold only ${ffree} more files`);
  };
  look('the catalog', dirname(path), Math.max(LEAST_FREE_BYTES, CATALOG_ROOM * bytes));
  look('temporary files', tmpdir(), LEAST_FREE_BYTES);
  for (const folder of localPath(context.target)) look('the repository', folder, nextFull(history));
  return short.length === 0
    ? {detail: `Free: ${free.join(', ')}.`}
    : {detail: `${short.join('; ')}.`, hint: 'Make room, or move it to a larger disk.'};
}

/** What the next full backups may add: what the last ones of all sources added. */
function nextFull({sources}: History): number {
  return sources.reduce(
    (sum, {seals}) => sum + (seals.findLast(({kind}) => kind === 'full')?.bytes.stored ?? 0),
    LEAST_FREE_BYTES,
  );
}

/** Files whose content or whose change would help a thief: nobody but their user may read or write them. */
export function permissions(config: Config, context: CliContext): Answer {
  const {path} = context.catalog();
  const open: string[] = [];
  for (const file of new Set([config.file, dirname(config.file), ...config.recipients]))
    if (existsSync(file) && (statSync(file).mode & 0o022) !== 0)
      open.push(`${file} can be written by others`);
  for (const file of new Set([dirname(path), path, `${path}-wal`, context.agentFile, context.trustFile]))
    if (existsSync(file) && (statSync(file).mode & 0o077) !== 0) open.push(`${file} can be read by others`);
  return open.length === 0
    ? {detail: 'What is written here is for this user alone.'}
    : {
        detail: `${open.join('; ')}.`,
        hint: 'Run "chmod go-rwx" on them, or "chmod go-w" on the configuration.',
      };
}

/** Whether each source has a good snapshot that is not late, and what the last runs saw of what is stored. */
export function lastBackups(config: Config, context: CliContext, history: History): Answer {
  const {repository, agents} = context;
  const catalog = context.catalog();
  const now = new Date();
  const {sources} = statusOf(
    history,
    {reports: [], problems: []},
    {
      expected: [...config.sources.keys()],
      stored: new Map(
        history.sources.map((source) => [source.source, storedState({repository, agents, catalog}, source)]),
      ),
      now,
    },
  );
  if (sources.some(({problems}) => problems.length > 0)) {
    const problems = sources.flatMap(({source, problems}) =>
      problems.map((problem) => `${source}: ${problem}`),
    );
    return {
      detail: `${problems.join('; ')}.`,
      hint: 'Look at "holdfast status", then run "holdfast backup".',
    };
  }
  const ages = sources.map(
    ({source, lastSuccess}) =>
      `${source} ${formatDuration(Math.max(0, now.getTime() - Date.parse(String(lastSuccess))))} ago`,
  );
  return {
    detail: ages.length === 0 ? 'There are no sources.' : `The newest good snapshots: ${ages.join(', ')}.`,
  };
}
