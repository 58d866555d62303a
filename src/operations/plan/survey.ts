/** What there is to say of one source: from its snapshots where there are some, else from a look at it. */
import {realpathSync, type Stats} from 'node:fs';
import type {SourceConfig} from '../../config/source-types.ts';
import {HoldfastError} from '../../errors.ts';
import type {SourceHistory} from '../../repository/history.ts';
import {compileExcludes} from '../../sources/folder/exclude.ts';
import {whyFailed} from '../../system/system-error.ts';
import {pathText} from '../../system/utf8.ts';
import {ownInodes} from '../own-files.ts';
import {databaseBytes} from './database-size.ts';
import {type HistoryFacts, historyFacts} from './history-facts.ts';
import type {Growth} from './project.ts';
import {type FolderScan, scanFolder} from './scan-folder.ts';

export interface SurveyContext {
  readonly now: () => Date;
  /** From 0 to 1, never 1. */
  readonly random: () => number;
  /** How long one source may be looked at. */
  readonly mostMs: number;
  /** Paths that are never backed up. */
  readonly ownPaths: readonly string[];
  readonly signal?: AbortSignal | undefined;
  onProgress?(entries: number): void;
}

export interface SourceSurvey {
  readonly source: string;
  readonly kind: SourceConfig['kind'];
  /** Of the source; null where nobody can tell before it is backed up. */
  readonly bytes: number | null;
  readonly files: number | null;
  /** What a full backup stores; null likewise. */
  readonly storedBytes: number | null;
  /** What a day adds, as stored. */
  readonly dailyBytes: number | null;
  /** Where that comes from: snapshots, times of files, or nowhere. */
  readonly dailyFrom: 'snapshots' | 'times' | 'assumed';
  readonly growth: Growth;
  /** Bytes changed, by the hour of the day; undefined where nothing tells. */
  readonly hours: readonly number[] | undefined;
  readonly scan: FolderScan | undefined;
  readonly history: HistoryFacts | undefined;
  readonly notes: readonly string[];
}

/** Of what dumps are, and of a day's change, where nothing better is known. */
const DUMP_COMPRESSION = 0.35;
const ASSUMED_DAILY_SHARE = 0.01;
/** So large a share of young files says that the tree is new, not that it changes. */
const NEW_TREE_SHARE = 0.5;
const SERVER_PATIENCE_MS = 30_000;

export async function survey(
  source: SourceConfig,
  history: SourceHistory | undefined,
  context: SurveyContext,
): Promise<SourceSurvey> {
  const notes: string[] = [];
  const facts = history && historyFacts(history, context.now());
  const scan = source.kind === 'folder' ? await look(source, context, notes) : undefined;
  const asked =
    source.kind === 'folder' || facts !== undefined ? undefined : await ask(source, context, notes);
  const bytes = scan?.estimate.bytes ?? facts?.bytes ?? asked ?? null;
  const stored = storedOf(facts, scan, asked);
  const daily = dailyOf(facts, scan, stored ?? 0, notes);
  const ratio = bytes === null || bytes === 0 || stored === null ? 1 : stored / bytes;
  return {
    source: source.name,
    kind: source.kind,
    bytes,
    files: scan?.estimate.files ?? facts?.entries ?? null,
    storedBytes: stored,
    dailyBytes: stored === null ? null : Math.round(daily.bytes),
    dailyFrom: daily.from,
    growth: {
      fullBytes: stored ?? 0,
      dailyBytes: daily.bytes,
      growthBytes: Math.max(0, (facts?.dailyGrowthBytes ?? 0) * ratio),
    },
    hours: facts?.hours ?? scan?.hours,
    scan,
    history: facts,
    notes,
  };
}

async function look(
  source: Extract<SourceConfig, {kind: 'folder'}>,
  {now, random, mostMs, ownPaths, signal, onProgress}: SurveyContext,
  notes: string[],
): Promise<FolderScan | undefined> {
  const own = ownInodes(ownPaths);
  try {
    const scan = await scanFolder({
      root: realpathSync(source.folder),
      isExcluded: source.exclude.length > 0 ? compileExcludes(source.exclude) : undefined,
      excludeCaches: source.excludeCaches,
      oneFileSystem: source.oneFileSystem,
      isOwn: ({dev, ino}: Stats) => own.has(`${dev}:${ino}`),
      mostMs,
      now,
      random,
      signal,
      ...(onProgress && {onProgress}),
    });
    if (!scan.complete)
      notes.push(
        `only ${scan.folders.seen} of at least ${scan.folders.found} folders were looked into; the rest is estimated (--time takes longer)`,
      );
    if (scan.unreadable > 0) notes.push(`${scan.unreadable} things cannot be read by this user`);
    for (const {path, what, source: kind} of scan.live)
      notes.push(
        `${path === '' ? 'it' : pathText(Buffer.from(path, 'latin1'))} looks like the data of ${what}: files copied while it runs are of no single moment; add a source of the kind "${kind}"`,
      );
    return scan;
  } catch (error) {
    signal?.throwIfAborted();
    notes.push(`it could not be looked at: ${whyFailed(error)}`);
    return undefined;
  }
}

async function ask(
  source: Exclude<SourceConfig, {kind: 'folder'}>,
  {signal}: SurveyContext,
  notes: string[],
): Promise<number | undefined> {
  const patience = AbortSignal.timeout(SERVER_PATIENCE_MS);
  try {
    const bytes = await databaseBytes(
      source,
      signal === undefined ? patience : AbortSignal.any([signal, patience]),
    );
    if (bytes === undefined) notes.push('its size shows only when it is backed up');
    return bytes;
  } catch (error) {
    signal?.throwIfAborted();
    const said = error instanceof HoldfastError ? error.message : whyFailed(error);
    notes.push(
      patience.aborted ? 'its server did not answer within 30 seconds' : `its size is unknown: ${said}`,
    );
    return undefined;
  }
}

function storedOf(
  facts: HistoryFacts | undefined,
  scan: FolderScan | undefined,
  asked: number | undefined,
): number | null {
  if (facts !== undefined) return facts.fullBytes;
  if (scan !== undefined) {
    const {compression = 1, duplicates = 0} = scan.sample;
    return Math.round(scan.estimate.bytes * compression * (1 - duplicates));
  }
  return asked === undefined ? null : Math.round(asked * DUMP_COMPRESSION);
}

function dailyOf(
  facts: HistoryFacts | undefined,
  scan: FolderScan | undefined,
  stored: number,
  notes: string[],
): {bytes: number; from: SourceSurvey['dailyFrom']} {
  if (facts?.dailyStoredBytes !== undefined) return {bytes: facts.dailyStoredBytes, from: 'snapshots'};
  if (scan !== undefined && scan.seen.bytes > 0) {
    const share = scan.changed.week.bytes / scan.seen.bytes;
    if (share < NEW_TREE_SHARE) return {bytes: (share / 7) * stored, from: 'times'};
    notes.push('most of it is younger than a week: its times do not tell how it changes');
  }
  return {bytes: stored * ASSUMED_DAILY_SHARE, from: 'assumed'};
}
