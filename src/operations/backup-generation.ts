/** Chooses the generation that a backup goes into: the last one, one that was begun and not finished, or a new one. */
import {isDeepStrictEqual} from 'node:util';
import * as openpgp from 'openpgp';
import type {StoredGeneration} from '../catalog/generations.ts';
import type {SourceConfig} from '../config/sources.ts';
import {KeyError} from '../errors.ts';
import {openGenerationAsAgent, startGeneration} from '../repository/generation.ts';
import type {SourceHistory} from '../repository/history.ts';
import {inGeneration} from '../repository/layout.ts';
import type {CheckedSeal, NamedObject, SnapshotKind} from '../repository/seal.ts';
import {ObjectMissingError, TargetError} from '../targets/target.ts';
import type {BackupContext, BackupOptions} from './backup.ts';
import {asRow} from './backup-catalog.ts';

export interface ChosenGeneration {
  readonly generation: StoredGeneration;
  /** What packs are encrypted to. */
  readonly key: openpgp.PublicKey;
  readonly kind: SnapshotKind;
}

export async function chooseGeneration(
  context: BackupContext,
  source: SourceConfig,
  options: BackupOptions,
  history: SourceHistory,
  now: Date,
): Promise<ChosenGeneration> {
  const last = history.seals.at(-1);
  const current =
    last === undefined || options.full === true
      ? undefined
      : await usable(context, source, last.generation, now, last);
  if (current !== undefined) return {...current, kind: 'incremental'};
  for (const name of unfinished(history)) {
    const begun = await usable(context, source, name, now);
    if (begun !== undefined) return {...begun, kind: 'full'};
  }
  return {...(await begin(context, source, history, options.dryRun ?? false, now)), kind: 'full'};
}

/** Generations that were begun after the last sealed one, newest first: their packs need not be stored again. */
function unfinished({generations, seals}: SourceHistory): string[] {
  const lastSealed = seals.at(-1)?.generation ?? '';
  return generations.filter((name) => name > lastSealed).reverse();
}

/** The generation, if this agent can go on in it: its own, young enough, whole, and for the same recipients. */
async function usable(
  context: BackupContext,
  source: SourceConfig,
  name: string,
  now: Date,
  last?: CheckedSeal,
): Promise<{generation: StoredGeneration; key: openpgp.PublicKey} | undefined> {
  const {catalog, repository, agent, recipients, onNote} = context;
  const place = {source: source.name, generation: name};
  if (last !== undefined && last.agent !== agent.fingerprint) {
    onNote?.(source.name, `generation ${name} was made by another agent; a new one starts`);
    return undefined;
  }
  let generation = catalog.generations.find(source.name, name);
  if (generation === undefined) {
    try {
      generation = catalog.generations.add(asRow(await openGenerationAsAgent(repository, place, agent)));
    } catch (error) {
      // A target that fails is no reason to store everything again.
      if (error instanceof TargetError && !(error instanceof ObjectMissingError)) throw error;
      onNote?.(
        source.name,
        `generation ${name} cannot be continued by this agent (${(error as Error).message}); a new one starts`,
      );
      return undefined;
    }
  }
  if (now.getTime() - Date.parse(generation.created) > source.fullAfterMs) return undefined;
  const keyIds = generation.recipients;
  const isForAll = recipients.every(({key}) => key.getKeyIDs().some((id) => keyIds.includes(id.toHex())));
  if (!isForAll || keyIds.length !== recipients.length) {
    onNote?.(source.name, 'the recipients have changed; a new generation starts');
    return undefined;
  }
  if (last !== undefined && !isDeepStrictEqual(named(generation.secrets), named(last.secrets))) {
    // A catalog that was rebuilt knows them from the storage alone: this agent must not sign for what was swapped there.
    onNote?.(
      source.name,
      `the secrets of generation ${name} are not those that its seals name; a new one starts`,
    );
    return undefined;
  }
  for (const secret of generation.secrets) {
    const stored = await repository.target.stat(inGeneration(place, secret.name));
    if (stored?.sizeBytes !== secret.size) {
      onNote?.(
        source.name,
        `${inGeneration(place, secret.name)} is missing or altered; a new generation starts`,
      );
      return undefined;
    }
  }
  return {generation, key: await openpgp.readKey({armoredKey: generation.publicKey})};
}

function named(secrets: readonly NamedObject[]): Map<string, string> {
  return new Map(secrets.map(({name, size, sha256}) => [name, `${size} ${sha256}`]));
}

async function begin(
  context: BackupContext,
  source: SourceConfig,
  history: SourceHistory,
  isDryRun: boolean,
  now: Date,
): Promise<{generation: StoredGeneration; key: openpgp.PublicKey}> {
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
      if (!isDryRun) await repository.target.put(name, bytes);
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
