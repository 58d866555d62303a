/** How one source of a machine stands, by the names of its seals and the newest of them. */
import type {PublicKey} from 'openpgp';
import {UnknownSignerError} from '../../crypto/message.ts';
import {DamageError, HoldfastError} from '../../errors.ts';
import {
  isGenerationName,
  parseSealObject,
  type SnapshotId,
  sealObject,
  sealsPrefix,
} from '../../repository/layout.ts';
import type {Repository} from '../../repository/repository.ts';
import {type CheckedSeal, readSeal, SEAL_MOST_BYTES} from '../../repository/seal.ts';
import {readObject} from '../../targets/read.ts';
import {ObjectMissingError} from '../../targets/target.ts';
import {medianGapMs} from '../clock.ts';
import type {RememberedSource} from './memory.ts';

export interface SourceReading {
  /** Undefined if no seal counts. */
  readonly newest: RememberedSource | undefined;
  /** What is wrong with what is stored. */
  readonly tampered: readonly string[];
}

interface Entry {
  readonly object: string;
  readonly generation: string;
  readonly sequence: number;
  readonly id: SnapshotId;
  readonly modifiedMs: number;
}

/** Of which machine, and who signs for it. */
export interface SourcePlace {
  readonly repository: Repository;
  readonly source: string;
  /** Whose seals count. */
  agents(): Promise<readonly PublicKey[]>;
  readonly signal?: AbortSignal | undefined;
}

/** So many of the newest seals show the rhythm. */
const RHYTHM_SEALS = 15;
/** Fewer names of seals than this, and the generation before is looked at as well. */
const ENOUGH_SEALS = 4;
const GENERATIONS_MOST = 3;
/** So many seals are read to find one that counts, or one that is not suspect. */
const READ_MOST = 8;
/** A storage that says to have got a seal at another time than it was made, was copied, or one of the clocks is wrong. */
const COPIED_MS = 6 * 3_600_000;
/** So was one that got them faster than anybody makes them. */
const FASTEST_MS = 10 * 60_000;

/** @param remembered what this monitor read of it before */
export async function readFleetSource(
  place: SourcePlace,
  remembered: RememberedSource | undefined,
): Promise<SourceReading> {
  const entries = await newestEntries(place);
  const tampered: string[] = [];
  const [first, second] = entries;
  if (first !== undefined && first.sequence === second?.sequence)
    tampered.push(`there are two seals number ${first.sequence}: history was forked`);
  const newest = await newestThatCounts(place, entries, remembered, tampered);
  if (remembered !== undefined && newest !== undefined && newest !== remembered) {
    if (newest.sequence < remembered.sequence)
      tampered.push(
        `its newest seal has number ${newest.sequence}, older than ${remembered.sequence} seen before: rolled back`,
      );
    else if (newest.sequence === remembered.sequence)
      tampered.push(`seal ${newest.sequence} is not the one seen before: history was replaced`);
  }
  return {newest, tampered};
}

async function newestThatCounts(
  place: SourcePlace,
  entries: readonly Entry[],
  remembered: RememberedSource | undefined,
  tampered: string[],
): Promise<RememberedSource | undefined> {
  for (const entry of entries.slice(0, READ_MOST)) {
    if (entry.object === remembered?.object) return remembered;
    const seal = await readEntry(place, entry);
    if (typeof seal === 'string') tampered.push(`${entry.object}: ${seal}`);
    else
      return {
        object: entry.object,
        sequence: seal.sequence,
        hash: seal.hash,
        finished: seal.finished,
        lastGood: await lastGood(place, entries, seal, remembered),
        suspect: seal.suspect ?? [],
        bytes: seal.bytes.source,
        everyMs: await rhythm(place, entries, seal),
      };
  }
  return undefined;
}

/** Newest first; of no more generations than needed. */
async function newestEntries({repository: {target}, source, signal}: SourcePlace): Promise<Entry[]> {
  const generations: string[] = [];
  for await (const name of target.listFolders(`${source}/`, {signal}))
    if (isGenerationName(name)) generations.push(name);
  const entries: Entry[] = [];
  for (const generation of generations.sort().reverse().slice(0, GENERATIONS_MOST)) {
    const at = {source, generation};
    for await (const {name, modifiedMs} of target.list(sealsPrefix(at), {signal})) {
      const parsed = parseSealObject(at, name);
      if (parsed !== undefined) entries.push({object: name, generation, ...parsed, modifiedMs});
    }
    if (entries.length >= ENOUGH_SEALS) break;
  }
  return entries.sort((a, b) => b.sequence - a.sequence || (a.object < b.object ? -1 : 1));
}

/** The seal, or what is wrong with it. */
async function readEntry(
  {repository, source, agents, signal}: SourcePlace,
  {object}: Entry,
): Promise<CheckedSeal | string> {
  try {
    const bytes = await readObject(repository.target, object, {maxBytes: SEAL_MOST_BYTES, signal});
    const seal = await readSeal(bytes, await agents());
    if (seal.repository !== repository.id) return 'it belongs to another repository';
    const says = sealObject(seal, seal.sequence, seal.snapshot.id);
    return seal.source === source && says === object ? seal : `it belongs at ${says}`;
  } catch (error) {
    if (error instanceof ObjectMissingError) return 'it is missing';
    if (error instanceof HoldfastError && !(error instanceof DamageError)) throw error;
    if (error instanceof UnknownSignerError)
      return `it is signed by agent ${error.keyId}, who is not approved here`;
    return (error as Error).message.replace(`${object}: `, '');
  }
}

async function lastGood(
  place: SourcePlace,
  entries: readonly Entry[],
  newest: CheckedSeal,
  remembered: RememberedSource | undefined,
): Promise<string | null> {
  if (newest.suspect === undefined) return newest.finished;
  if (remembered?.lastGood) return remembered.lastGood;
  for (const entry of entries.filter(({sequence}) => sequence < newest.sequence).slice(0, READ_MOST)) {
    const seal = await readEntry(place, entry);
    if (typeof seal !== 'string' && seal.suspect === undefined) return seal.finished;
  }
  return null;
}

/** By when the storage got the seals; where that is not when they were made, by what some of them say. */
async function rhythm(
  place: SourcePlace,
  entries: readonly Entry[],
  newest: CheckedSeal,
): Promise<number | null> {
  const storedMs = entries.map(({modifiedMs}) => modifiedMs);
  const isCopied = Math.abs(Number(storedMs[0]) - Date.parse(newest.finished)) > COPIED_MS;
  const stored = medianGapMs(storedMs.slice(0, RHYTHM_SEALS));
  if (stored === undefined || (!isCopied && stored >= FASTEST_MS)) return rounded(stored);
  const times: number[] = [];
  for (const entry of entries.slice(0, ENOUGH_SEALS)) {
    const seal = await readEntry(place, entry);
    if (typeof seal !== 'string') times.push(Date.parse(seal.finished));
  }
  return rounded(medianGapMs(times));
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms);
}
