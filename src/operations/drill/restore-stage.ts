/** Restores one snapshot for a drill: into a private folder, or into a database server, and compares it with what was recorded. */
import {join} from 'node:path';
import type {PublicKey} from 'openpgp';
import type {RecipientKey} from '../../crypto/recipient-key.ts';
import {
  type OpenedGeneration,
  openSealedGeneration,
  readSealedSnapshot,
} from '../../repository/open-snapshot.ts';
import type {Repository} from '../../repository/repository.ts';
import type {Snapshot} from '../../repository/snapshot.ts';
import {RDB_FILE} from '../../sources/redis/dump.ts';
import type {RedisWitness} from '../../sources/redis/witness.ts';
import type {OnProgress} from '../progress.ts';
import {restoreToFolder} from '../restore.ts';
import type {DatabaseTarget} from '../restore-database.ts';
import {isEverything, type Selection} from '../selection.ts';
import {compareFolder} from './compare-folder.ts';
import {restoreMysqlStage, restorePostgresStage} from './database-stage.ts';
import type {Meter} from './meter.ts';
import type {Picked} from './pick.ts';
import {checkRedis} from './redis-stage.ts';
import type {ProgramPlaces} from './server.ts';
import {checkSqlite, type StoredSqliteWitness} from './sqlite-stage.ts';
import {damageChecks, type FullCheck, type Stage} from './stage.ts';
import type {Workplace} from './workplace.ts';

export interface StageContext {
  /** Its target is the meter's. */
  readonly repository: Repository;
  readonly agents: readonly PublicKey[];
  readonly key: RecipientKey;
  readonly place: Workplace;
  readonly meter: Meter;
  readonly programs: ProgramPlaces;
  /** Undefined for a server that the drill starts. */
  readonly into: DatabaseTarget | undefined;
  readonly selection: Selection;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface RestoredStage {
  readonly stage: Stage;
  readonly checks: readonly FullCheck[];
  readonly files: number;
  readonly bytes: number;
  readonly tools: readonly (readonly [string, string])[];
  /** Ends what is not in the workplace. */
  readonly close?: () => Promise<void>;
}

export interface OpenedStage {
  readonly opened: OpenedGeneration;
  readonly snapshot: Snapshot;
}

/** @throws {@link RestoreError}, SourceError, DamageError, TargetError, KeyError */
export async function restoreStage(context: StageContext, picked: Picked): Promise<RestoredStage> {
  const {repository, agents, key, meter, signal} = context;
  const {history, seal} = picked;
  const {opened, snapshot} = await meter.during('prepare', async () => {
    const generation = await openSealedGeneration(repository, agents, history, seal, key, {
      readsAll: true,
      salvage: true,
      signal,
    });
    return {
      opened: generation,
      snapshot: await readSealedSnapshot(repository, agents, seal, generation.reader),
    };
  });
  await using _threads = opened.reader;
  const kind = witnessKind(snapshot);
  if (kind === 'postgres') return await restorePostgresStage(context, picked, snapshot);
  if (kind === 'mysql') return await restoreMysqlStage(context, picked, snapshot);
  return await restoreFolderStage(context, picked, {opened, snapshot}, kind);
}

async function restoreFolderStage(
  context: StageContext,
  {history, seal}: Picked,
  {opened, snapshot}: OpenedStage,
  kind: string | undefined,
): Promise<RestoredStage> {
  const {place, meter, selection, signal} = context;
  const folder = join(place.makeFolder(`files-${seal.source}`), 'root');
  const restored = await meter.whileThreadsWrite((onSpent) =>
    restoreToFolder({...context, onSpent}, history, seal, folder, {
      ...selection,
      overwrite: 'never',
    }),
  );
  const owners = process.geteuid?.() === 0;
  const compared = await meter.during('check', () =>
    compareFolder(folder, snapshot.root, opened, {
      selection,
      entries: seal.entries.total,
      owners,
      attributes: restored.warnings.length === 0,
      signal,
    }),
  );
  const wrong = compared.differences.count;
  const damaged = restored.damaged.length;
  // What lies below a listing that is lost is named nowhere, but it is missing; the folder itself is one more.
  const absent = isEverything(selection) ? seal.entries.total + 1 - compared.entries : 0;
  const more = [...restored.damaged, ...compared.differences.kept].map(
    ({path, problem}) => `${path || 'the folder'}: ${problem}`,
  );
  const checks: FullCheck[] = [
    {
      name: 'files as recorded',
      ok: wrong === 0 && damaged === 0,
      detail:
        wrong === 0 && damaged === 0
          ? `${compared.files} files and ${compared.entries} entries: every byte and its metadata`
          : `${Math.min(Math.max(wrong, damaged, absent), seal.entries.total)} of ${seal.entries.total} entries are missing, damaged or different`,
      more: [
        ...new Set([
          ...more,
          ...restored.warnings.map(({path, problem}) => `${path || 'the folder'}: ${problem}`),
        ]),
      ],
    },
    ...damageChecks(restored.damagedObjects),
  ];
  const base = {files: restored.files, bytes: restored.bytes};
  const stage: Stage = {source: seal.source, folder};
  if (kind === 'sqlite' && wrong === 0 && damaged === 0) {
    const witness = snapshot.witness as unknown as StoredSqliteWitness;
    const sqlite = await meter.during('check', () => checkSqlite(folder, seal.source, witness, context.now));
    return {...base, ...sqlite, stage: {...stage, ...sqlite.stage}, checks: [...checks, ...sqlite.checks]};
  }
  if (kind === 'redis' && wrong === 0 && damaged === 0) {
    const witness = snapshot.witness as unknown as RedisWitness;
    const redis = await meter.during('load', () =>
      checkRedis(context, seal.source, join(folder, RDB_FILE), witness),
    );
    return {...base, ...redis, stage: {...stage, ...redis.stage}, checks: [...checks, ...redis.checks]};
  }
  return {...base, stage, checks, tools: []};
}

function witnessKind({witness}: Snapshot): string | undefined {
  const kind = (witness as {kind?: unknown} | undefined)?.kind;
  return typeof kind === 'string' ? kind : undefined;
}
