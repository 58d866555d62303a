/** All drill reports of a repository, checked, and what they prove about its snapshots. No private key is needed. */
import type {PublicKey} from 'openpgp';
import pMap from 'p-map';
import {UnknownSignerError} from '../crypto/message.ts';
import {DamageError, HoldfastError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import type {Problem} from './chain.ts';
import {
  type CheckedReport,
  type DrillReport,
  type DrillSubject,
  REPORT_MOST_BYTES,
  readReport,
} from './drill-report.ts';
import type {SourceHistory} from './history.ts';
import {DRILLS_PREFIX, drillObject, isDrillId, OPERATORS_PREFIX} from './layout.ts';
import type {Repository} from './repository.ts';

export interface DrillHistory {
  /** Oldest first. */
  readonly reports: readonly CheckedReport[];
  readonly problems: readonly Problem[];
}

/** A drill that restored one snapshot of a source as a whole, with every check passed. */
export interface Proof {
  readonly report: DrillReport;
  readonly subject: DrillSubject;
}

/** What of a history decides what proves it. */
export interface ProvableHistory {
  readonly source: string;
  readonly seals: readonly {readonly snapshot: {readonly id: string}; readonly hash: string}[];
}

const PARALLEL_READS = 8;

/**
 * @param except names of reports that are passed over
 * @throws only what the target throws; what is wrong with a report is a problem in the result
 */
export async function readDrills(
  repository: Repository,
  operators: readonly PublicKey[],
  signal?: AbortSignal,
  except: ReadonlySet<string> = new Set(),
): Promise<DrillHistory> {
  const names: string[] = [];
  for await (const {name} of repository.target.list(DRILLS_PREFIX, {signal}))
    if (!name.startsWith(OPERATORS_PREFIX) && !except.has(name)) names.push(name);
  const read = await pMap(names.sort(), (name) => readOne(repository, operators, name), {
    concurrency: PARALLEL_READS,
  });
  return {
    reports: read
      .filter((item): item is CheckedReport => !('problem' in item))
      .sort((a, b) => (a.started < b.started ? -1 : a.started > b.started ? 1 : 0)),
    problems: together(read.filter((item): item is Problem => 'problem' in item)),
  };
}

/** All that an unapproved operator signed is one problem: another drill machine may have signed hundreds. */
function together(problems: readonly Problem[]): Problem[] {
  const told = problems.filter(({stranger}) => stranger === undefined);
  for (const [first, ...others] of Map.groupBy(
    problems.filter(({stranger}) => stranger !== undefined),
    ({stranger}) => stranger,
  ).values()) {
    if (first === undefined) continue;
    const all = others.length === 0 ? '' : `; ${1 + others.length} reports in all`;
    told.push({object: first.object, problem: `${first.problem}${all}`, affects: first.affects});
  }
  return told;
}

/** The newest drill that proves a snapshot of the source; `isProven` says which snapshots any drill proves. */
export function lastProof(history: ProvableHistory, reports: readonly DrillReport[]): Proof | undefined {
  return proofs(history, reports).at(-1);
}

/** What each snapshot of the source is proven by: its newest drill. */
export function provenSnapshots(
  history: SourceHistory,
  reports: readonly DrillReport[],
): ReadonlyMap<string, Proof> {
  return new Map(proofs(history, reports).map((proof) => [proof.subject.snapshot, proof]));
}

/** A report counts for exactly the snapshot whose seal it names by its hash. */
function proofs({source, seals}: ProvableHistory, reports: readonly DrillReport[]): Proof[] {
  const hashes = new Map(seals.map((seal) => [seal.snapshot.id, seal.hash]));
  return reports
    .filter(({result, scope}) => result === 'passed' && scope === 'whole')
    .flatMap((report) => report.subjects.map((subject) => ({report, subject})))
    .filter(({subject}) => subject.source === source && hashes.get(subject.snapshot) === subject.seal);
}

async function readOne(
  {target, id}: Repository,
  operators: readonly PublicKey[],
  name: string,
): Promise<CheckedReport | Problem> {
  const wrong = (problem: string): Problem => ({object: name, problem, affects: []});
  const named = name.slice(DRILLS_PREFIX.length, -'.asc'.length);
  if (!isDrillId(named) || name !== drillObject(named)) return wrong('it is not named like a drill report');
  try {
    const report = await readReport(await readObject(target, name, {maxBytes: REPORT_MOST_BYTES}), operators);
    if (report.repository !== id) return wrong('it belongs to another repository');
    if (report.id !== named) return wrong(`it is the report of drill ${report.id}`);
    return report;
  } catch (error) {
    if (error instanceof UnknownSignerError)
      return {
        ...wrong(`it is signed by operator ${error.keyId}, who is not approved here`),
        stranger: error.keyId,
      };
    if (error instanceof DamageError) return wrong(error.message.replace(`${name}: `, ''));
    if (error instanceof ObjectMissingError) return wrong('it is missing');
    if (error instanceof HoldfastError) throw error;
    return wrong((error as Error).message);
  }
}
