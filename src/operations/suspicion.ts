/** Notices backups that succeeded suspiciously. They are kept and marked, and the older, good one stays what later ones are compared with. */
import type {SourceHistory} from '../repository/history.ts';
import type {ByteCounts, CheckedSeal, EntryCounts, SnapshotKind} from '../repository/seal.ts';
import type {Suspicion} from '../repository/snapshot.ts';
import type {TableCount} from '../sources/stream/dump.ts';

/** What the files and tables of a dump were. The catalog keeps this of the last good one: the VM cannot read its snapshots. */
export interface DumpContents {
  readonly files: readonly (readonly [name: string, sizeBytes: number])[];
  readonly tables: readonly TableCount[];
}

/** What was just read. */
export interface Observed {
  readonly kind: SnapshotKind;
  readonly entries: EntryCounts;
  readonly bytes: ByteCounts;
  /** Of a source that is no folder. */
  readonly dump: DumpContents | undefined;
}

/** A smaller dump may come and go. */
const HALVED_FROM_BYTES = 2 ** 20;
const HALVED_TO_SHARE = 0.5;
/** Of a folder: so many entries fewer, and less than half; or, from a few entries on, less than a tenth. */
const COLLAPSED_BY_ENTRIES = 500;
const COLLAPSED_TO_SHARE = 0.5;
const RUINED_FROM_ENTRIES = 20;
const RUINED_TO_SHARE = 0.1;
/** So much new content, which takes the place of so much of the old, and does not compress though what was there before did. */
const RANDOM_FROM_BYTES = 8 * 2 ** 20;
const RANDOM_FROM_SHARE = 0.2;
const RANDOM_STORED_SHARE = 0.95;
const ORDERLY_STORED_SHARE = 0.75;

const NAMES_TOLD = 5;

/** The newest snapshot of a source of which nothing was suspicious. */
export function lastGood({seals}: Pick<SourceHistory, 'seals'>): CheckedSeal | undefined {
  return seals.findLast((seal) => seal.suspect === undefined);
}

export interface SuspicionOptions {
  /** The source may lose what it had: only what looks encrypted is told. */
  readonly mayShrink: boolean;
  /** Contents of the last good dump, where this machine made it. */
  readonly before: DumpContents | undefined;
}

/** What is suspicious about a backup, compared with those before it. Nothing is, of a source's first. */
export function suspicionsOf(
  observed: Observed,
  history: Pick<SourceHistory, 'seals'>,
  {mayShrink, before}: SuspicionOptions,
): Suspicion[] {
  const last = lastGood(history);
  if (last === undefined) return [];
  const {dump, entries, bytes} = observed;
  const found: Suspicion[] = [];
  if (!mayShrink) {
    if (dump === undefined) found.push(...collapsed(entries.total, last));
    else if (before === undefined) found.push(...halved('the dump', bytes.source, last.bytes.source));
    else found.push(...vanished(dump, before), ...shrunk(dump, before));
  }
  return [...found, ...incompressible(observed, last, history.seals)];
}

function collapsed(total: number, {entries, snapshot}: CheckedSeal): Suspicion[] {
  const before = entries.total;
  const isCollapsed =
    (total < before * COLLAPSED_TO_SHARE && before - total >= COLLAPSED_BY_ENTRIES) ||
    (total <= before * RUINED_TO_SHARE && before >= RUINED_FROM_ENTRIES);
  if (!isCollapsed) return [];
  return [{reason: 'collapsed', detail: `${total} entries are left of ${before} in snapshot ${snapshot.id}`}];
}

function shrunk({files}: DumpContents, before: DumpContents): Suspicion[] {
  const sizes = new Map(before.files);
  return files.flatMap(([name, size]) => halved(name, size, sizes.get(name) ?? 0));
}

function halved(what: string, size: number, before: number): Suspicion[] {
  if (before < HALVED_FROM_BYTES || size >= before * HALVED_TO_SHARE) return [];
  return [{reason: 'halved', detail: `${what} has ${size} bytes; the last good one had ${before}`}];
}

/** Databases (each is a file) and tables that had rows. A table that has a successor is rotated, not lost. */
function vanished(now: DumpContents, before: DumpContents): Suspicion[] {
  const files = new Set(now.files.map(([name]) => name));
  const lost = before.files.map(([name]) => name).filter((name) => !files.has(name));
  const tables = new Set(now.tables.map(keyOf));
  const known = new Set(before.tables.map(keyOf));
  const successors = new Set(now.tables.filter((table) => !known.has(keyOf(table))).map(familyOf));
  const gone = before.tables.filter(
    (table) =>
      files.has(table.file) &&
      table.rows !== 0 &&
      !tables.has(keyOf(table)) &&
      !successors.has(familyOf(table)),
  );
  return [
    ...(lost.length > 0
      ? [{reason: 'vanished', detail: `no longer in the dump: ${named(lost)}`} as const]
      : []),
    ...(gone.length > 0
      ? [
          {
            reason: 'vanished',
            detail: `tables that had rows are gone: ${named(gone.map(({name}) => name))}`,
          } as const,
        ]
      : []),
  ];
}

function keyOf({file, name}: TableCount): string {
  return `${file}\0${name}`;
}

/** `log_2026_01` and `log_2026_07` are of one family. */
function familyOf(table: TableCount): string {
  return keyOf(table).replaceAll(/\d+/g, '#');
}

function named(names: readonly string[]): string {
  const more = names.length - NAMES_TOLD;
  return names.slice(0, NAMES_TOLD).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Somebody who encrypts a disk rewrites what is there with what looks random. Pictures that are added replace nothing. */
function incompressible(
  {kind, entries, bytes}: Observed,
  last: CheckedSeal,
  seals: readonly CheckedSeal[],
): Suspicion[] {
  const rewritten = entries.changed + entries.removed;
  const isRewrite = kind === 'full' || rewritten >= last.entries.total * RANDOM_FROM_SHARE;
  if (!isRewrite || bytes.new < Math.max(RANDOM_FROM_BYTES, bytes.source * RANDOM_FROM_SHARE)) return [];
  const good = seals.filter((seal) => seal.suspect === undefined).map((seal) => seal.bytes);
  const before = storedShare(sum(good, 'stored'), sum(good, 'new'));
  const share = storedShare(bytes.stored, bytes.new);
  if (share < RANDOM_STORED_SHARE || before > ORDERLY_STORED_SHARE) return [];
  const percent = (value: number): string => `${Math.round(value * 100)} %`;
  return [
    {
      reason: 'incompressible',
      detail: `${bytes.new} new bytes compress to ${percent(share)}, earlier ones to ${percent(before)}: they look encrypted`,
    },
  ];
}

function sum(counts: readonly ByteCounts[], member: 'stored' | 'new'): number {
  return counts.reduce((total, bytes) => total + bytes[member], 0);
}

function storedShare(stored: number, fresh: number): number {
  return fresh === 0 ? 1 : stored / fresh;
}
