/** Pins: an operator's word that a snapshot stays, whatever the retention says (docs/format.md §14). */
import type {PrivateKey} from 'openpgp';
import pMap from 'p-map';
import {UnknownSignerError} from '../crypto/message.ts';
import {DamageError, HoldfastError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import type {Problem} from './chain.ts';
import {isStatementId, pinObject, pinsPrefix, type SnapshotId} from './layout.ts';
import {trustedOperators} from './operators.ts';
import type {Repository} from './repository.ts';
import {readStatement, type Statement, signStatement} from './statement.ts';
import type {TrustFile} from './trust.ts';

export interface Pin extends Statement {
  readonly snapshot: SnapshotId;
  /** SHA-256 of the seal's payload: no other snapshot can be meant. */
  readonly seal: string;
  readonly pinned: boolean;
  /** The highest number of a snapshot's pins counts; no clock does. */
  readonly number: number;
}

export interface Pins {
  /** The pins of the source that are in force, pinned or not, by the hash of the seal. */
  readonly bySeal: ReadonlyMap<string, Pin>;
  readonly problems: readonly Problem[];
}

export const PIN_TYPE = 'holdfast-pin';
export const PIN_MOST_BYTES = 65_536;
const PARALLEL_READS = 8;

export function makePin(pin: Pin, key: PrivateKey, now: Date): Promise<Buffer> {
  return signStatement(PIN_TYPE, {...pin}, key, now);
}

export function isPinned({bySeal}: Pins, sealHash: string): boolean {
  return bySeal.get(sealHash)?.pinned === true;
}

/** @throws only what the target throws */
export async function readPins(repository: Repository, source: string, trust: TrustFile): Promise<Pins> {
  const names: string[] = [];
  for await (const {name} of repository.target.list(pinsPrefix(source))) names.push(name);
  if (names.length === 0) return {bySeal: new Map(), problems: []};
  const {keys} = await trustedOperators(repository, trust);
  const read = await pMap(names, (name) => readOne(repository, source, name, keys), {
    concurrency: PARALLEL_READS,
  });
  const bySeal = new Map<string, Pin>();
  for (const item of read) {
    if ('problem' in item) continue;
    const before = bySeal.get(item.seal);
    // Of two with the same number, the one that keeps.
    if (before === undefined || item.number > before.number || (item.number === before.number && item.pinned))
      bySeal.set(item.seal, item);
  }
  return {bySeal, problems: read.filter((item): item is Problem => 'problem' in item)};
}

async function readOne(
  {target, id: repositoryId}: Repository,
  source: string,
  name: string,
  operators: Awaited<ReturnType<typeof trustedOperators>>['keys'],
): Promise<Pin | Problem> {
  const wrong = (problem: string): Problem => ({object: name, problem, affects: []});
  const named = name.slice(pinsPrefix(source).length, -'.asc'.length);
  if (!isStatementId(named) || name !== pinObject(source, named)) return wrong('it is not named like a pin');
  try {
    const bytes = await readObject(target, name, {maxBytes: PIN_MOST_BYTES});
    const {fields, ...statement} = await readStatement(PIN_TYPE, bytes, operators);
    if (statement.repository !== repositoryId) return wrong('it belongs to another repository');
    if (statement.source !== source || statement.id !== named)
      return wrong(`it belongs at ${pinObject(statement.source, statement.id)}`);
    return {
      ...statement,
      snapshot: fields.text('snapshot') as SnapshotId,
      seal: fields.hash('seal'),
      pinned: fields.flag('pinned'),
      number: fields.count('number'),
    };
  } catch (error) {
    if (error instanceof ObjectMissingError) return wrong('it is missing');
    if (error instanceof UnknownSignerError)
      return wrong(`it is signed by operator ${error.keyId}, whom nobody approved here`);
    if (error instanceof DamageError) return wrong(error.message.replace(`${name}: `, ''));
    if (error instanceof HoldfastError) throw error;
    return wrong((error as Error).message);
  }
}
