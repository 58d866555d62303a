/** Reads a source into blobs, whatever its kind. */
import {realpathSync} from 'node:fs';
import type {DumpSourceConfig, FolderSourceConfig, SourceConfig} from '../config/source-types.ts';
import {SourceError} from '../errors.ts';
import type {Json} from '../repository/canonical.ts';
import type {BlobWriter} from '../repository/packing/blob-writer.ts';
import type {TreeEntry} from '../repository/tree.ts';
import {compileExcludes} from '../sources/folder/exclude.ts';
import {WalkState} from '../sources/folder/state.ts';
import {walkFolder} from '../sources/folder/walk.ts';
import type {WalkCounts} from '../sources/folder/walk-progress.ts';
import {dumpMongodb} from '../sources/mongodb/dump.ts';
import {dumpMysql} from '../sources/mysql/dump.ts';
import {dumpPostgres} from '../sources/postgres/dump.ts';
import {dumpRedis} from '../sources/redis/dump.ts';
import {dumpSqlite} from '../sources/sqlite/dump.ts';
import {dumpCommand, dumpInput} from '../sources/stream/command.ts';
import type {Dump, DumpContext} from '../sources/stream/dump.ts';
import {storeDump} from '../sources/stream/store.ts';
import {isMissing, whyFailed} from '../system/system-error.ts';
import {pathText} from '../system/utf8.ts';
import type {SourceRun} from './backup.ts';
import type {SourceBases} from './backup-bases.ts';
import {ownInodes} from './own-files.ts';
import type {DumpContents} from './suspicion.ts';
import type {WarningList} from './warnings.ts';

export interface ReadResult {
  readonly root: TreeEntry;
  readonly counts: WalkCounts;
  /** Of a source that is no folder. */
  readonly dump?: DumpContents | undefined;
  readonly witness?: Json | undefined;
}

/** @throws {@link SourceError} if there is nothing that deserves a snapshot */
export async function readIntoBlobs(
  run: SourceRun,
  writer: BlobWriter,
  warnings: WarningList,
  bases: SourceBases | undefined,
): Promise<ReadResult> {
  const {source, catalog, generation, options} = run;
  const state = new WalkState(catalog, source.name, generation.id, options.dryRun !== true);
  if (source.kind === 'folder') return readFolder(run, source, writer, state, warnings);
  const {root, counts, files, facts} = await storeDump({
    source: source.name,
    dump: dumpOf(run, source, warnings),
    writer,
    state,
    allowEmpty: isEmptyAllowed(run),
    basesOf: bases && ((file) => bases.of(file)),
    now: run.now,
    signal: run.signal,
    onProgress: (progress, current) => report(run, progress, current),
  });
  return {root, counts, dump: {files, tables: facts.tables ?? []}, witness: facts.witness};
}

/** What was backed up, for people; holds no secret. */
export function placeOf(source: SourceConfig): string {
  switch (source.kind) {
    case 'folder':
      return source.folder;
    case 'command':
      return source.command.words?.[0] ?? '/bin/sh';
    case 'stdin':
      return 'standard input';
    case 'sqlite':
      return source.file;
    case 'redis':
      return source.url;
    case 'mongodb':
      return source.connection.uri;
    case 'mysql':
      return `MySQL: ${source.databases === 'all' ? 'all databases' : source.databases.join(', ')}`;
    case 'postgres':
      return `PostgreSQL: ${source.databases === 'all' ? 'all databases' : source.databases.join(', ')}`;
  }
}

function dumpOf(run: SourceRun, source: DumpSourceConfig, warnings: WarningList): Dump {
  const context: DumpContext = {
    now: run.now,
    signal: run.signal,
    onNote: (note) => run.onNote?.(source.name, note),
    onWarning: (problem) => warnings.add(Buffer.alloc(0), problem),
  };
  switch (source.kind) {
    case 'command':
      return dumpCommand(source, context);
    case 'sqlite':
      return dumpSqlite(source, context);
    case 'redis':
      return dumpRedis(source, context);
    case 'mongodb':
      return dumpMongodb(source, context);
    case 'mysql':
      return dumpMysql(source, context);
    case 'postgres':
      return dumpPostgres(source, context);
    case 'stdin': {
      if (run.input === undefined) throw new SourceError(`There is no input for ${source.name}.`);
      return dumpInput(source, run.input);
    }
  }
}

async function readFolder(
  run: SourceRun,
  source: FolderSourceConfig,
  writer: BlobWriter,
  state: WalkState,
  warnings: WarningList,
): Promise<ReadResult> {
  const {root, counts} = await walkFolder({
    root: folderOf(source),
    isExcluded: source.exclude.length > 0 ? compileExcludes(source.exclude) : undefined,
    excludeCaches: source.excludeCaches,
    oneFileSystem: source.oneFileSystem,
    own: ownInodes(run.ownPaths),
    writer,
    state,
    signal: run.signal,
    now: run.now,
    onProgress: (progress, current) => report(run, progress, current),
    onWarning: (path, problem) => warnings.add(path, problem),
    onNote: (path, note) => run.onNote?.(source.name, `${pathText(path)}: ${note}`, 'left-out'),
  });
  refuseEmpty(run, source, counts, warnings);
  return {root, counts};
}

/** Where the source really lies: a configured path may lead through a link. */
function folderOf({name, folder}: FolderSourceConfig): string {
  try {
    return realpathSync(folder);
  } catch (cause) {
    const problem = isMissing(cause) ? 'is not there' : `cannot be read: ${whyFailed(cause)}`;
    throw new SourceError(`The folder ${folder} of ${name} ${problem}.`, {
      cause,
      hint: 'Check the path in the configuration, and whether its disk is mounted.',
    });
  }
}

/** A folder without an entry is more often an unmounted disk than a wish. */
function refuseEmpty(
  run: SourceRun,
  source: FolderSourceConfig,
  {entries}: WalkCounts,
  warnings: WarningList,
): void {
  if (isEmptyAllowed(run) || entries.total > 0) return;
  const before = run.history.seals.at(-1)?.entries.total ?? 0;
  const was = before > 0 ? `; the last snapshot had ${before}` : '';
  const [first] = warnings.kept;
  const unread =
    first === undefined
      ? ''
      : ` ${warnings.count} could not be read; the first: ${first.path === '' ? '' : `${first.path}: `}${first.problem}.`;
  throw new SourceError(
    `The folder ${source.folder} of ${source.name} has 0 entries${was}.${unread} No snapshot was made.`,
    {
      hint: 'Check whether its disk is mounted; if it is meant to be so, run "holdfast backup --allow-empty" once, or set "allowEmpty: true".',
    },
  );
}

function isEmptyAllowed({source, options}: SourceRun): boolean {
  return options.allowEmpty === true || source.allowEmpty;
}

function report(run: SourceRun, {entries, bytes}: WalkCounts, current: Buffer): void {
  run.onProgress?.({phase: 'backup', files: {done: entries.total}, bytes: {done: bytes.read}, current});
}
