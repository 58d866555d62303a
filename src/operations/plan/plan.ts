/** The plan: what there is, what to do about it, and what that will cost in space, money and time. Changes nothing. */
import type {PlanConfig, Prices} from '../../config/plan-schema.ts';
import type {SourceConfig} from '../../config/source-types.ts';
import type {DrillReport} from '../../repository/drill-report.ts';
import type {History} from '../../repository/history.ts';
import {bytesAfter, type Rhythm} from './project.ts';
import {type Advice, advise} from './recommend.ts';
import {type SourceSurvey, type SurveyContext, survey} from './survey.ts';

export interface PlanContext extends SurveyContext {
  /** Undefined where there is no repository yet, or none can be reached. */
  readonly history: History | undefined;
  readonly drills: readonly DrillReport[];
  readonly settings: PlanConfig;
  readonly limitBytes: number | undefined;
  /** Bytes per second to the storage, at most. */
  readonly uploadLimit: number | undefined;
  /** Puts runs of different machines into different minutes; from 0 to 1, never 1. */
  readonly chance: number;
  /** Objectives of the drills, by source. */
  readonly objectives: ReadonlyMap<
    string,
    {readonly rtoMs?: number | undefined; readonly rpoMs?: number | undefined}
  >;
}

export interface RestoreTime {
  readonly source: string;
  readonly ms: number;
  readonly from: 'drill' | 'assumed';
  readonly rtoMs: number | null;
  /** Null without an objective. */
  readonly fits: boolean | null;
}

export interface Projection {
  /** In the repository now; null where there is none. */
  readonly nowBytes: number | null;
  readonly after: readonly {
    readonly days: number;
    /** With what is recommended. */
    readonly bytes: number;
    /** The same without retention. */
    readonly unprunedBytes: number;
  }[];
  readonly limit: {
    readonly bytes: number;
    /** The first day on which it is passed, with what is recommended; null within three years. */
    readonly passedAfterDays: number | null;
    /** The same without retention. */
    readonly unprunedPassedAfterDays: number | null;
  } | null;
  /** Per month; null without `plan.prices`. */
  readonly cost: {
    readonly currency: string;
    readonly nowPerMonth: number;
    readonly afterYearPerMonth: number;
    /** Of restoring everything once. */
    readonly restore: number;
  } | null;
  readonly upload: {
    readonly bytesPerSecond: number;
    readonly from: 'backups' | 'config' | 'assumed';
    readonly fullMs: number;
    readonly dailyMs: number;
  };
  readonly restore: readonly RestoreTime[];
}

export interface Plan {
  readonly sources: readonly SourceSurvey[];
  readonly recommendation: Advice;
  readonly projection: Projection;
}

/** 100 Mbit/s. */
const ASSUMED_UPLOAD = 12_500_000;
/** What a restore does on a small machine: bytes and files per second. */
const ASSUMED_RESTORE = 50_000_000;
const ASSUMED_FILES = 3000;
const PACK_BYTES = 16 * 2 ** 20;
const GB = 1e9;
const HORIZON_DAYS = 3 * 365;

export async function makePlan(sources: readonly SourceConfig[], context: PlanContext): Promise<Plan> {
  const surveys: SourceSurvey[] = [];
  for (const source of sources) {
    const history = context.history?.sources.find((one) => one.source === source.name);
    surveys.push(await survey(source, history, context));
  }
  const speed = uploadSpeed(surveys, context);
  const uploadMs = (bytes: number): number => (bytes / speed.bytesPerSecond) * 1000;
  const recommendation = advise(
    surveys.map(({source, growth}) => ({
      name: source,
      growth,
      rpoMs: context.objectives.get(source)?.rpoMs ?? context.settings.rpoMs,
      runMs: uploadMs(growth.dailyBytes),
    })),
    {hours: sumHours(surveys), limitBytes: context.limitBytes, chance: context.chance},
  );
  return {
    sources: surveys,
    recommendation,
    projection: project(surveys, recommendation, context, speed, uploadMs),
  };
}

function project(
  surveys: readonly SourceSurvey[],
  {fullDays, retention}: Advice,
  context: PlanContext,
  speed: Pick<Projection['upload'], 'bytesPerSecond' | 'from'>,
  uploadMs: (bytes: number) => number,
): Projection {
  const size = (days: number, keep: Rhythm['keep']): number =>
    Math.round(surveys.reduce((sum, {growth}) => sum + bytesAfter(days, growth, {fullDays, keep}), 0));
  const nowBytes = context.history === undefined ? null : storedNow(context.history);
  const passed = (limit: number, keep: Rhythm['keep']): number | null => {
    for (let days = 0; days <= HORIZON_DAYS; days++) if (size(days, keep) > limit) return days;
    return null;
  };
  const full = surveys.reduce((sum, {growth}) => sum + growth.fullBytes, 0);
  const daily = surveys.reduce((sum, {growth}) => sum + growth.dailyBytes, 0);
  const {limitBytes, settings} = context;
  return {
    nowBytes,
    after: [30, 90, 365, HORIZON_DAYS].map((days) => ({
      days,
      bytes: size(days, retention),
      unprunedBytes: size(days, undefined),
    })),
    limit:
      limitBytes === undefined
        ? null
        : {
            bytes: limitBytes,
            passedAfterDays: passed(limitBytes, retention),
            unprunedPassedAfterDays: passed(limitBytes, undefined),
          },
    cost:
      settings.prices === undefined
        ? null
        : costOf(settings.prices, {
            nowBytes: nowBytes ?? full,
            yearBytes: size(365, retention),
            monthBytes: daily * 30 + (full * 30) / fullDays,
            restoreBytes: full,
          }),
    upload: {...speed, fullMs: Math.round(uploadMs(full)), dailyMs: Math.round(uploadMs(daily))},
    restore: surveys.map((one) => restoreOf(one, context)),
  };
}

/** What is sealed; what killed runs left is not known here. */
function storedNow({sources}: History): number {
  return sources
    .flatMap(({seals}) => seals)
    .reduce((sum, {bytes, objectBytes}) => sum + bytes.stored + objectBytes, 0);
}

function costOf(
  prices: Prices,
  bytes: {nowBytes: number; yearBytes: number; monthBytes: number; restoreBytes: number},
): NonNullable<Projection['cost']> {
  const monthly = (stored: number): number =>
    (stored / GB) * prices.storage +
    (bytes.monthBytes / GB) * prices.upload +
    (bytes.monthBytes / PACK_BYTES / 1000) * prices.requests;
  return {
    currency: prices.currency,
    nowPerMonth: monthly(bytes.nowBytes),
    afterYearPerMonth: monthly(bytes.yearBytes),
    restore: (bytes.restoreBytes / GB) * prices.download,
  };
}

function uploadSpeed(
  surveys: readonly SourceSurvey[],
  {settings, uploadLimit}: PlanContext,
): Pick<Projection['upload'], 'bytesPerSecond' | 'from'> {
  const seen = surveys.flatMap(({history}) => history?.bytesPerSecond ?? []);
  const [best, from] =
    settings.uploadBytesPerSecond !== undefined
      ? ([settings.uploadBytesPerSecond, 'config'] as const)
      : seen.length > 0
        ? ([Math.max(...seen), 'backups'] as const)
        : ([ASSUMED_UPLOAD, 'assumed'] as const);
  return uploadLimit !== undefined && uploadLimit < best
    ? {bytesPerSecond: uploadLimit, from: 'config'}
    : {bytesPerSecond: best, from};
}

function restoreOf(
  {source, bytes, files, storedBytes}: SourceSurvey,
  {drills, settings, objectives}: PlanContext,
): RestoreTime {
  const drill = drills.findLast(
    ({result, subjects, bytes: counts}) =>
      result === 'passed' && subjects.length === 1 && subjects[0]?.source === source && counts.restored > 0,
  );
  const restored = (drill?.scope === 'whole' ? drill.bytes.restored : drill?.bytes.source) ?? 0;
  const tookMs = drill?.scope === 'whole' ? drill.rtoMs : drill?.estimate?.fullMs;
  const isMeasured = tookMs !== undefined && restored > 0;
  const fetchMs = ((storedBytes ?? 0) / (settings.downloadBytesPerSecond ?? ASSUMED_RESTORE)) * 1000;
  const writeMs = ((bytes ?? 0) / ASSUMED_RESTORE + (files ?? 0) / ASSUMED_FILES) * 1000;
  const ms = isMeasured ? tookMs * Math.max(1, (bytes ?? restored) / restored) : Math.max(fetchMs, writeMs);
  const rtoMs = objectives.get(source)?.rtoMs ?? settings.rtoMs ?? null;
  return {
    source,
    ms: Math.round(ms),
    from: isMeasured ? 'drill' : 'assumed',
    rtoMs,
    fits: rtoMs === null ? null : ms <= rtoMs,
  };
}

function sumHours(surveys: readonly SourceSurvey[]): number[] {
  return Array.from({length: 24}, (_, hour) =>
    surveys.reduce((sum, {hours}) => sum + (hours?.[hour] ?? 0), 0),
  );
}
