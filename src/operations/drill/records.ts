/** Where drills are recorded: the signed report in the repository, and with all details on this machine alone. */
import {globSync, readFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import type {PrivateKey} from 'openpgp';
import {canonicalJson, type Json} from '../../repository/canonical.ts';
import {type DrillReport, makeReport, parseReport} from '../../repository/drill-report.ts';
import {drillObject, isDrillId} from '../../repository/layout.ts';
import {enrolOperator} from '../../repository/operators.ts';
import type {Repository} from '../../repository/repository.ts';
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

const SUFFIX = '.json';

/** Keeps a record here, then puts the signed report into the repository. */
export async function publishReport(
  {repository, operator, records, publish, now, onKept}: RecordsContext,
  record: DrillRecord,
): Promise<DrillRecord> {
  const {report, details} = record;
  writePrivateFile(join(records, `${report.id}${SUFFIX}`), JSON.stringify({report, details}));
  onKept?.(record);
  if (publish) {
    await enrolOperator(repository, operator.toPublic());
    await repository.target.put(drillObject(report.id), await makeReport(report, operator, now()));
  }
  return record;
}

/** The record that this machine has of a drill. */
export function localRecord(records: string, id: string): DrillRecord | undefined {
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
  };
}

/** All records that this machine has, also of drills whose reports never got into the repository. Oldest first. */
export function localRecords(records: string): DrillRecord[] {
  return globSync(`*${SUFFIX}`, {cwd: records})
    .sort()
    .map((name) => localRecord(records, basename(name, SUFFIX)))
    .filter((record) => record !== undefined);
}

export interface AbortedDrill {
  readonly id: string;
  readonly sources: readonly string[];
  /** What it may have left that only people can remove, such as a database on a server of theirs. */
  readonly elsewhere: readonly string[];
}

/** Removes what drills left behind whose process is gone, and records them as aborted. */
export async function cleanDrills(context: RecordsContext): Promise<AbortedDrill[]> {
  const aborted: AbortedDrill[] = [];
  for (const left of leftDrills(context.records, context.repository.id)) {
    await left.tearDown();
    const report: DrillReport = {...left.report, result: 'aborted', finished: context.now().toISOString()};
    if (localRecord(context.records, report.id) === undefined)
      await publishReport(context, {report, details: []});
    left.forget();
    const sources = report.subjects.map(({source}) => source);
    aborted.push({id: report.id, sources, elsewhere: left.elsewhere});
  }
  return aborted;
}
