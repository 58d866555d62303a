/** What installed lines and units need to know, beside the jobs: all of it absolute, for they run without an environment. */
import {dirname} from 'node:path';
import type {Config} from '../../config/config.ts';
import type {SourceConfig} from '../../config/source-types.ts';

export interface Setting {
  /** The program and its first arguments, all absolute. */
  readonly program: readonly string[];
  readonly config: Config;
  /** A file with variables such as credentials, which only its owner can read. */
  readonly environmentFile: string | undefined;
  /** Where state lies that the config has no place for: `XDG_STATE_HOME`, if it is set. */
  readonly stateHome: string | undefined;
  /** The folder of what this machine knows. */
  readonly stateFolder: string;
  readonly home: string;
  /** Root's own timers and cron file, or those of a user. */
  readonly isRoot: boolean;
  /** Files are called after it. */
  readonly name: string;
}

export interface InstalledFile {
  readonly path: string;
  readonly text: string;
}

export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const MARK = '# Written by "holdfast schedule install" for ';

/** The first line of each file: whose it is, and that it is made anew. */
export function markLine(configFile: string): string {
  return `${MARK}${configFile}`;
}

/** For which config a file was written; undefined if it is not ours. */
export function configOfMark(text: string): string | undefined {
  const [first = ''] = text.split('\n');
  return first.startsWith(MARK) ? first.slice(MARK.length) : undefined;
}

/** Folders that runs write to. */
export function writtenFolders({config, stateFolder}: Setting): string[] {
  const {catalog, repositories, sources, schedule, drills, notify} = config;
  const folders = [
    stateFolder,
    ...(catalog === undefined ? [] : [dirname(catalog)]),
    ...[...repositories.values(), schedule.replicate?.to ?? ''].flatMap(localFolder),
    ...[...sources.values()].flatMap(writtenBySource),
    ...(notify.metrics === undefined ? [] : [dirname(notify.metrics)]),
    ...[...drills.values()].flatMap(({work}) => work ?? []),
  ];
  const isWithin = (folder: string, other: string): boolean => folder.startsWith(`${other}/`);
  return [...new Set(folders)].filter((folder) => !folders.some((other) => isWithin(folder, other)));
}

/** SQLite makes files beside a database, to read it without stopping who writes. */
function writtenBySource(source: SourceConfig): string[] {
  if (source.kind !== 'sqlite') return [];
  return [dirname(source.file), ...(source.copyIn === undefined ? [] : [source.copyIn])];
}

function localFolder(place: string): string[] {
  const path = place.replace(/^file:\/\//, '');
  return path.startsWith('/') ? [path] : [];
}

/** Folders and files that runs read, of those that the config names. */
export function readPlaces({config}: Setting): string[] {
  return [...config.sources.values()].flatMap((source) => {
    if (source.kind === 'folder') return [source.folder];
    if (source.kind === 'sqlite') return [source.file];
    if (source.kind === 'postgres') return [source.connection.host ?? ''];
    return source.kind === 'mysql' ? [source.connection.socket ?? ''] : [];
  });
}

/** Whether commands of the user's own run, of which nobody knows what they need. */
export function hasCommands({config}: Setting): boolean {
  const {sources, drills, notify} = config;
  return (
    notify.programs.length > 0 ||
    drills.size > 0 ||
    [...sources.values()].some(
      ({kind, before, after}) => kind === 'command' || before !== undefined || after !== undefined,
    )
  );
}
