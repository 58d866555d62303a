/** Where drills are recorded: the signed report in the repository, and with all details on this machine alone. */
import {existsSync, globSync, readFileSync, rmSync} from 'node:fs';
import {basename, join} from 'node:path';
import type {PrivateKey} from 'openpgp';
import {HoldfastError} from '../../errors.ts';
import {canonicalJson, type Json} from '../../repository/canonical.ts';
import {
  type DrillReport,
  makeReport,
  parseReport,
  REPORT_MOST_BYTES,
  readReport,
} from '../../repository/drill-report.ts';
import {drillObject, isDrillId} from '../../repository/layout.ts';
import {enrolOperator} from '../../repository/operators.ts';
import type {Repository} from '../../repository/repository.ts';
import {readObject} from '../../targets/read.ts';
import {ObjectExistsError, TargetError} from '../../targets/target.ts';
import {writePrivateFile} from '../init.ts';
import {leftDrills} from './workplace.ts';

export interface DrillRecord {
  readonly report: DrillReport;
  /** Of each check, what may name files and values: not part of the report, which everybody with the storage can read. */
  readonly details: readonly (readonly string[])[];
}

export interface RecordsContext {
  readonly repository: Repository;
  readonly operator: PrivateKey;
  readonly records: string;
  readonly publish: boolean;
  readonly now: () => Date;
  /** Told what was found before the report goes to the storage, which may refuse it. */
  readonly onKept?: ((record: DrillRecord) => void) | undefined;
}

/** A record, and what came of its report. */
export interface KeptDrill extends DrillRecord {
  /** Why the report is not in the repository, though it should be: {@link storeWaiting} tries again. */
  readonly notStored?: TargetError;
}

const SUFFIX = '.json';
/** An empty file beside a record whose report should be in the repository, and is not known to be. */
const WAITING_SUFFIX = '.waiting';

/** Keeps a record here, then puts the signed report into the repository. That the storage refuses it is in the result. */
export async function publishReport(context: RecordsContext, record: DrillRecord): Promise<KeptDrill> {
  keep(context.records, record, {isWaiting: context.publish});
  context.onKept?.(record);
  if (!context.publish) return record;
  try {
    await store(context, record);
    return record;
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    return {...record, notStored: error};
  }
}

/** @param isWaiting whether its report should be in the repository, where it is not yet */
function keep(records: string, {report, details}: DrillRecord, {isWaiting}: {isWaiting: boolean}): void {
  if (isWaiting) writePrivateFile(join(records, `${report.id}${WAITING_SUFFIX}`), '');
  writePrivateFile(join(records, `${report.id}${SUFFIX}`), JSON.stringify({report, details}));
}

async function store(
  {repository, operator, records, now}: RecordsContext,
  record: DrillRecord,
): Promise<void> {
  const {report} = record;
  await enrolOperator(repository, operator.toPublic());
  try {
    await repository.target.put(drillObject(report.id), await makeReport(report, operator, now()));
  } catch (error) {
    // A run before may have been cut off right after it stored this.
    if (!(error instanceof ObjectExistsError && (await isStored(repository, operator, report)))) throw error;
  }
  rmSync(join(records, `${report.id}${WAITING_SUFFIX}`), {force: true});
}

/** Whether the repository has this report, signed by the operator. */
async function isStored({target}: Repository, operator: PrivateKey, {id}: DrillReport): Promise<boolean> {
  const object = await readObject(target, drillObject(id), {maxBytes: REPORT_MOST_BYTES});
  try {
    return (await readReport(object, [operator.toPublic()])).id === id;
  } catch (error) {
    if (error instanceof HoldfastError) return false; // It is something else.
    throw error;
  }
}

/** Records whose reports should be in the repository, and are not known to be. Oldest first. */
export function waitingRecords(records: string): DrillRecord[] {
  return localRecords(records).filter(({isWaiting}) => isWaiting);
}

/**
 * Puts those reports into the repository that wait for it, such as of a drill after which the storage could not be reached.
 * @returns ids of those that are there now
 * @throws {@link TargetError}
 */
export async function storeWaiting(context: RecordsContext): Promise<string[]> {
  const own = context.operator.getFingerprint();
  const stored: string[] = [];
  for (const record of waitingRecords(context.records)) {
    if (record.report.operator !== own) continue; // Signed by this key, it would not be believed.
    await store(context, record);
    stored.push(record.report.id);
  }
  return stored;
}

export interface LocalRecord extends DrillRecord {
  /** Whether its report should be in the repository, and is not known to be. */
  readonly isWaiting: boolean;
}

/** The record that this machine has of a drill. */
export function localRecord(records: string, id: string): LocalRecord | undefined {
  if (!isDrillId(id)) return undefined;
  let text: string;
  try {
    text = readFileSync(join(records, `${id}${SUFFIX}`), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const {report, details} = JSON.parse(text) as {report: Json; details: readonly (readonly string[])[]};
  return {
    report: parseReport(canonicalJson({...(report as object), type: 'holdfast-drill', format: 1} as Json)),
    details,
    isWaiting: existsSync(join(records, `${id}${WAITING_SUFFIX}`)),
  };
}

/** All records that this machine has, also of drills whose reports never got into the repository. Oldest first. */
export function localRecords(records: string): LocalRecord[] {
  return globSync(`*${SUFFIX}`, {cwd: records})
    .sort()
    .map((name) => localRecord(records, basename(name, SUFFIX)))
    .filter((record) => record !== undefined);
}

export interface AbortedDrill {
  readonly repository: string;
  readonly id: string;
  readonly sources: readonly string[];
  /** What it may have left that only people can remove, such as a database on a server of theirs. */
  readonly elsewhere: readonly string[];
}

/**
 * Removes what drills left behind whose process is gone, and records them here as aborted: no storage is needed for that.
 * {@link storeWaiting} brings their reports there.
 * @param records the folder of this machine's records of drills of one repository
 */
export async function cleanDrills(records: string, now: () => Date): Promise<AbortedDrill[]> {
  const aborted: AbortedDrill[] = [];
  for (const left of leftDrills(records)) {
    await left.tearDown();
    const report: DrillReport = {...left.report, result: 'aborted', finished: now().toISOString()};
    const {repository, id} = report;
    if (localRecord(records, id) === undefined) keep(records, {report, details: []}, {isWaiting: true});
    left.forget();
    const sources = report.subjects.map(({source}) => source);
    aborted.push({repository, id, sources, elsewhere: left.elsewhere});
  }
  return aborted;
}
