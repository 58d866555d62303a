/**
 * A drill: restores snapshots into a throwaway place, checks what came back, measures, and removes everything. What it found goes into
 * the repository as a signed report.
 */
import {createHash} from 'node:crypto';
import type {PrivateKey, PublicKey} from 'openpgp';
import type {DrillCheckConfig} from '../../config/drills.ts';
import type {RecipientKey} from '../../crypto/recipient-key.ts';
import {HoldfastError, KeyError, PassphraseError} from '../../errors.ts';
import type {DrillReport, DrillResult, DrillScope, DrillSubject} from '../../repository/drill-report.ts';
import {newDrillId} from '../../repository/layout.ts';
import type {Repository} from '../../repository/repository.ts';
import type {CheckedSeal} from '../../repository/seal.ts';
import {compileExcludes} from '../../sources/folder/exclude.ts';
import {TargetError} from '../../targets/target.ts';
import type {OnProgress} from '../progress.ts';
import type {DatabaseTarget} from '../restore-database.ts';
import type {Selection} from '../selection.ts';
import {spanText} from '../status.ts';
import {runCheck} from './checks.ts';
import {estimateWhole} from './estimate.ts';
import {Meter} from './meter.ts';
import type {Picked} from './pick.ts';
import {type DrillRecord, type KeptDrill, publishReport} from './records.ts';
import {type RestoredStage, restoreStage, type StageContext} from './restore-stage.ts';
import type {FullCheck} from './stage.ts';
import {Workplace} from './workplace.ts';

export interface DrillContext {
  readonly repository: Repository;
  readonly agents: readonly PublicKey[];
  readonly key: RecipientKey;
  /** Signs the reports. */
  readonly operator: PrivateKey;
  /** The folder of this machine's records of drills. */
  readonly records: string;
  /** Where the restored data lies meanwhile, unless the drill says. */
  readonly workFolder: string;
  readonly host: string;
  readonly searchPath: string;
  readonly tools: DrillReport['tools'];
  readonly now: () => Date;
  /** Whether the report goes into the repository, too. */
  readonly publish: boolean;
  /** Told what was found before the report goes to the storage, which may refuse it. */
  readonly onKept?: ((record: DrillRecord) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** What a drill is to do; a named one of the config has all of it. */
export interface DrillPlan {
  /** Empty for one without a name. */
  readonly name: string;
  readonly sample: number | undefined;
  readonly matters: readonly string[];
  readonly programs: string | undefined;
  readonly into: DatabaseTarget | undefined;
  readonly work: string | undefined;
  readonly checks: readonly DrillCheckConfig[];
  readonly rtoMs: number | undefined;
  readonly rpoMs: number | undefined;
}

/** Runs one drill of these snapshots. @throws {@link TargetError}, {@link KeyError}; whatever else goes wrong is what it found */
export async function runDrill(
  context: DrillContext,
  plan: DrillPlan,
  picked: readonly Picked[],
): Promise<KeptDrill> {
  const meter = new Meter(context.repository.target);
  const scope: DrillScope = plan.sample === undefined ? 'whole' : 'sample';
  const seals = picked.map(({seal}) => seal);
  const draft = draftReport(context, {...plan, scope}, seals);
  let found: Found;
  try {
    await using place = Workplace.create(context.records, plan.work ?? context.workFolder, draft);
    found = await rehearse(context, plan, picked, place, meter);
  } catch (error) {
    // Storage that is away and keys that do not fit say nothing about the backup.
    if (context.signal?.aborted === true)
      await publishReport({...context, onKept: undefined}, {report: draft, details: []});
    throw error;
  }
  return publishReport(context, {
    report: conclude(context, plan, draft, picked, found, meter),
    details: found.checks.map(({more}) => more),
  });
}

interface Found {
  readonly checks: readonly FullCheck[];
  readonly files: number;
  readonly bytes: number;
  readonly tools: DrillReport['tools'];
  readonly rtoMs: number;
}

async function rehearse(
  context: DrillContext,
  plan: DrillPlan,
  picked: readonly Picked[],
  place: Workplace,
  meter: Meter,
): Promise<Found> {
  const started = performance.now();
  const {signal, now} = context;
  const stageContext: StageContext = {
    ...context,
    repository: {...context.repository, target: meter.target},
    place,
    meter,
    programs: {folder: plan.programs, searchPath: context.searchPath},
    into: plan.into,
    selection: selectionOf(plan),
  };
  const restored: RestoredStage[] = [];
  const checks: FullCheck[] = [];
  try {
    for (const one of picked) {
      const stage = await attempt(
        one.seal.source,
        checks,
        picked.length > 1,
        () => restoreStage(stageContext, one),
        signal,
      );
      if (stage !== undefined) restored.push(stage);
    }
    const stages = restored.map(({stage}) => stage);
    // Of what did not come back as it was, nothing else is worth asking.
    if (checks.every(({ok}) => ok)) {
      for (const [index, check] of plan.checks.entries()) {
        const run = () => runCheck(check, index + 1, {place, stages, now, signal});
        checks.push(await meter.during('check', run));
      }
    }
  } finally {
    for (const {close} of restored.reverse()) await close?.();
  }
  return {
    checks,
    files: restored.reduce((sum, {files}) => sum + files, 0),
    bytes: restored.reduce((sum, {bytes}) => sum + bytes, 0),
    tools: restored.flatMap(({tools}) => tools),
    rtoMs: Math.round(performance.now() - started),
  };
}

/** Restores one source. That it cannot be restored is what the drill found, unless it says nothing about the backup. */
async function attempt(
  source: string,
  checks: FullCheck[],
  isGroup: boolean,
  restore: () => Promise<RestoredStage>,
  signal: AbortSignal | undefined,
): Promise<RestoredStage | undefined> {
  const named = (check: FullCheck): FullCheck =>
    isGroup ? {...check, name: `${source}: ${check.name}`} : check;
  try {
    const stage = await restore();
    checks.push(...stage.checks.map(named));
    return stage;
  } catch (error) {
    signal?.throwIfAborted(); // An interrupted drill found nothing.
    const isAbout =
      error instanceof HoldfastError && !(error instanceof KeyError || error instanceof PassphraseError);
    if (!isAbout || error instanceof TargetError) throw error;
    checks.push(
      named({
        name: 'restore',
        ok: false,
        detail: `it failed (${error.code})`,
        more: [error.message, ...(error.hint === undefined ? [] : [error.hint])],
      }),
    );
    return undefined;
  }
}

/** A part of the files, the same for the same snapshot and share, and what matters with it. */
function selectionOf({sample, matters}: DrillPlan): Selection {
  if (sample === undefined) return {};
  const isImportant = compileExcludes(matters);
  return {
    include: (path, isDirectory) => {
      if (isImportant(path, isDirectory)) return true;
      if (isDirectory) return false;
      const hash = createHash('sha256').update(path).digest();
      return hash.readUInt32BE() / 2 ** 32 < sample;
    },
  };
}

/** A report of a drill that has just begun: if it goes no further, it was aborted. */
export function draftReport(
  {repository, operator, host, now, tools}: DrillContext,
  {name, scope, rtoMs, rpoMs}: Partial<DrillPlan> & {name: string; scope: DrillScope},
  seals: readonly CheckedSeal[],
): DrillReport {
  const started = now();
  return {
    repository: repository.id,
    id: newDrillId(started),
    operator: operator.getFingerprint(),
    name,
    started: started.toISOString(),
    finished: started.toISOString(),
    host,
    scope,
    result: 'aborted',
    subjects: seals.map(
      (seal): DrillSubject => ({
        source: seal.source,
        generation: seal.generation,
        snapshot: seal.snapshot.id,
        seal: seal.hash,
        sequence: seal.sequence,
        kind: seal.kind,
        time: seal.started,
      }),
    ),
    checks: [],
    files: 0,
    bytes: {source: seals.reduce((sum, seal) => sum + seal.bytes.source, 0), restored: 0, fetched: 0},
    times: {prepare: 0, fetch: 0, decrypt: 0, write: 0, load: 0, check: 0},
    rtoMs: 0,
    rpoMs: null,
    objectives: {rtoMs: rtoMs ?? null, rpoMs: rpoMs ?? null},
    estimate: null,
    tools,
  };
}

function conclude(
  {now}: DrillContext,
  {sample}: DrillPlan,
  draft: DrillReport,
  picked: readonly Picked[],
  found: Found,
  meter: Meter,
): DrillReport {
  const {times, fetchedBytes} = meter;
  const oldest = Math.min(...draft.subjects.map(({time}) => Date.parse(time)));
  const rpoMs = Math.max(0, Date.parse(draft.started) - oldest);
  const bytes = {...draft.bytes, restored: found.bytes, fetched: fetchedBytes};
  const estimate = sample === undefined ? null : estimateWhole({...found, fetchedBytes, times}, picked);
  const checks = [
    ...found.checks.map(({name, ok, detail}) => ({name, ok, detail})),
    ...objectives(draft, estimate?.fullMs ?? found.rtoMs, rpoMs),
  ];
  const result: DrillResult = checks.every(({ok}) => ok) ? 'passed' : 'failed';
  return {
    ...draft,
    finished: now().toISOString(),
    result,
    checks,
    files: found.files,
    bytes,
    times,
    rtoMs: found.rtoMs,
    rpoMs,
    estimate,
    tools: [...draft.tools, ...new Map(found.tools)],
  };
}

/** Objectives are checks as well: missing one fails the drill. */
function objectives({objectives: wanted}: DrillReport, rtoMs: number, rpoMs: number): DrillReport['checks'] {
  const check = (name: string, is: number, most: number | null): DrillReport['checks'] =>
    most === null ? [] : [{name, ok: is <= most, detail: `${lengthText(is)} of at most ${lengthText(most)}`}];
  return [
    ...check('RTO within its objective', rtoMs, wanted.rtoMs),
    ...check('RPO within its objective', rpoMs, wanted.rpoMs),
  ];
}

function lengthText(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 100) / 10} s` : spanText(ms);
}
