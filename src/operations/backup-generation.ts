/** Chooses the generation that a backup goes into: the last one, one that was begun and not finished, or a new one. */
import {isDeepStrictEqual} from 'node:util';
import * as openpgp from 'openpgp';
import type {StoredGeneration} from '../catalog/generations.ts';
import type {SourceConfig} from '../config/source-types.ts';
import {DamageError, KeyError, LimitError} from '../errors.ts';
import type {Agent} from '../repository/agent.ts';
import type {Problem} from '../repository/chain.ts';
import {openGenerationAsAgent, SECRETS_MOST_BYTES, startGeneration} from '../repository/generation.ts';
import type {SourceHistory} from '../repository/history.ts';
import {inGeneration, sha256} from '../repository/layout.ts';
import type {Repository} from '../repository/repository.ts';
import type {CheckedSeal, NamedObject, SnapshotKind} from '../repository/seal.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import type {BackupContext, BackupOptions} from './backup.ts';
import {asRow} from './backup-catalog.ts';
import {survey} from './plan/survey.ts';
import {nextFullBytes, refuseOverLimit} from './volume.ts';

export interface ChosenGeneration {
  readonly generation: StoredGeneration;
  /** What packs are encrypted to. */
  readonly key: openpgp.PublicKey;
  readonly kind: SnapshotKind;
  /** Damage found in generations that could else have been continued. */
  readonly problems: readonly Problem[];
  /** Why the generation is older than it should be. */
  readonly overdue?: string | undefined;
}

/** A look at a source that was never backed up, where a limit is set. */
const SURVEY_MOST_MS = 20_000;

type Opened = Pick<ChosenGeneration, 'generation' | 'key'>;

export async function chooseGeneration(
  context: BackupContext,
  source: SourceConfig,
  options: BackupOptions,
  history: SourceHistory,
  now: Date,
): Promise<ChosenGeneration> {
  const problems: Problem[] = [];
  const last = history.seals.at(-1);
  const current =
    last === undefined || options.full === true
      ? undefined
      : await usable(context, source, last.generation, now, history, problems);
  if (current !== undefined) return {...current, kind: 'incremental', problems};
  try {
    const full = await newFull(context, source, history, options.dryRun ?? false, now, problems);
    return {...full, kind: 'full', problems};
  } catch (error) {
    if (!(error instanceof LimitError) || last === undefined || options.full === true) throw error;
    // The limit is no reason to leave what changed unprotected.
    const ageless = {...source, fullAfterMs: Number.POSITIVE_INFINITY};
    const old = await usable(context, ageless, last.generation, now, history, problems);
    if (old === undefined) throw error;
    const begun = old.generation.created.slice(0, 10);
    const overdue = `${error.message} This snapshot went on in the generation of ${begun}, which is older than "full" allows. ${error.hint}`;
    return {...old, kind: 'incremental', problems, overdue};
  }
}

/** A generation for a full backup: one that was begun, or a new one. @throws {@link LimitError} if it would not fit */
async function newFull(
  context: BackupContext,
  source: SourceConfig,
  history: SourceHistory,
  isDryRun: boolean,
  now: Date,
  problems: Problem[],
): Promise<Opened> {
  const {limitBytes, catalog} = context;
  const demandRoom = async (begun?: StoredGeneration): Promise<void> => {
    if (limitBytes === undefined) return;
    const stored = begun === undefined ? [] : catalog.blobs.packs(begun.id);
    const done = stored.reduce((sum, {size}) => sum + size, 0);
    const needed = nextFullBytes(history) ?? (await firstFullBytes(context, source));
    await refuseOverLimit(context, source.name, Math.max(0, needed - done), limitBytes);
  };
  for (const name of unfinished(history)) {
    const begun = await usable(context, source, name, now, history, problems);
    if (begun === undefined) continue;
    await demandRoom(begun.generation);
    return begun;
  }
  await demandRoom();
  return await begin(context, source, history, isDryRun, now);
}

/** What the first full backup will store, by a look at the source; 0 where nobody can tell. */
async function firstFullBytes({now, ownPaths, signal}: BackupContext, source: SourceConfig): Promise<number> {
  const {storedBytes} = await survey(source, undefined, {
    now,
    ownPaths,
    signal,
    random: Math.random,
    mostMs: SURVEY_MOST_MS,
  });
  return storedBytes ?? 0;
}

/** Generations that were begun after the last sealed one, newest first: their packs need not be stored again, unless a prune takes them. */
function unfinished({generations, seals, marks}: SourceHistory): string[] {
  const lastSealed = seals.at(-1)?.generation ?? '';
  return generations
    .filter((name) => name > lastSealed && !marks.areUnclear && !marks.isWhollyMarked(name))
    .reverse();
}

/** When it began: what it says itself, or where that is in the future, because a clock was ahead, the earliest time that its snapshots say. */
function begunMs({created}: StoredGeneration, its: readonly CheckedSeal[], now: Date): number {
  const ms = Date.parse(created);
  return ms <= now.getTime() ? ms : Math.min(ms, ...its.map(({started}) => Date.parse(started)));
}

/** The generation, if this agent can go on in it: its own, young enough, whole, and for the same recipients. */
async function usable(
  context: BackupContext,
  source: SourceConfig,
  name: string,
  now: Date,
  {seals}: SourceHistory,
  problems: Problem[],
): Promise<Opened | undefined> {
  const {catalog, repository, agent, recipients, onNote} = context;
  const place = {source: source.name, generation: name};
  const its = seals.filter((seal) => seal.generation === name);
  const last = its.at(-1);
  if (last !== undefined && last.agent !== agent.fingerprint) {
    onNote?.(source.name, `generation ${name} was made by another agent; a new one starts`);
    return undefined;
  }
  let generation = catalog.generations.find(source.name, name);
  try {
    generation ??= catalog.generations.add(asRow(await openGenerationAsAgent(repository, place, agent)));
    if (now.getTime() - begunMs(generation, its, now) > source.fullAfterMs) return undefined;
    const keyIds = generation.recipients;
    const isForAll = recipients.every(({key}) => key.getKeyIDs().some((id) => keyIds.includes(id.toHex())));
    if (!isForAll || keyIds.length !== recipients.length) {
      onNote?.(source.name, 'the recipients have changed; a new generation starts');
      return undefined;
    }
    // A catalog that was rebuilt knows the secrets from the storage alone: this agent must not sign for what was swapped there.
    for (const secret of last?.secrets ?? generation.secrets)
      await checkSecret(repository, inGeneration(place, secret.name), secret);
    if (last !== undefined && !isDeepStrictEqual(hashes(generation.secrets), hashes(last.secrets)))
      throw new DamageError(
        inGeneration(place, 'agent.pgp'),
        'it was another one when this catalog learnt it',
      );
  } catch (error) {
    // A target that fails is no reason to store everything again.
    if (!(error instanceof DamageError)) throw error;
    onNote?.(
      source.name,
      `generation ${name} cannot be continued by this agent (${error.message}); a new one starts`,
    );
    if (isFault(error, last, agent))
      problems.push({
        object: error.object,
        problem: error.message.replace(`${error.object}: `, ''),
        affects: its.map((seal) => seal.snapshot.id),
      });
    return undefined;
  }
  return {generation, key: await openpgp.readKey({armoredKey: generation.publicKey})};
}

/** Another agent's generation is closed to this one, and a run that was cut off at its begin left half of one: neither is damage. */
function isFault(error: DamageError, last: CheckedSeal | undefined, agent: Agent): boolean {
  if (last !== undefined) return last.agent === agent.fingerprint;
  return error.object.endsWith('/generation.pgp') && !(error.cause instanceof ObjectMissingError);
}

/** @throws {@link DamageError} unless the storage has exactly what was stored */
async function checkSecret({target}: Repository, object: string, secret: NamedObject): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = await readObject(target, object, {maxBytes: SECRETS_MOST_BYTES});
  } catch (cause) {
    if (cause instanceof ObjectMissingError) throw new DamageError(object, 'it is missing', {cause});
    throw cause;
  }
  if (bytes.length !== secret.size || sha256(bytes) !== secret.sha256)
    throw new DamageError(object, 'it is not the one that was stored');
}

function hashes(secrets: readonly NamedObject[]): Map<string, string> {
  return new Map(secrets.map(({name, size, sha256: hash}) => [name, `${size} ${hash}`]));
}

async function begin(
  context: BackupContext,
  source: SourceConfig,
  history: SourceHistory,
  isDryRun: boolean,
  now: Date,
): Promise<Opened> {
  const {catalog, repository, agent, recipients} = context;
  if (recipients.length === 0) {
    throw new KeyError('No recipient is configured, so there is nobody to encrypt to.', {
      hint: 'Name at least one public key file as "recipients" in the configuration.',
    });
  }
  // Names of generations are ordered by time; a clock that went back must not put a new one before an old one.
  const lastMs = Math.max(0, ...history.generations.map(timeOf));
  const start = new Date(Math.max(now.getTime(), lastMs + 1000));
  const facts = await startGeneration(
    repository,
    source.name,
    agent,
    recipients,
    start,
    async (name, bytes) => {
      if (isDryRun) return;
      await repository.target.put(name, bytes);
      catalog.transaction(() => catalog.sizes.add(repository.target.label, bytes.length));
    },
  );
  const row = asRow(facts);
  const generation = isDryRun ? {...row, id: -1} : catalog.generations.add(row);
  return {generation, key: facts.publicKey};
}

/** `20261120T023000Z-k3v9` as ms since the epoch. */
function timeOf(generation: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(generation) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) || 0;
}
