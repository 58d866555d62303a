/** Pins in a copy, and the keys of who signed them: what must stay here must stay there, too. */
import type {PublicKey} from 'openpgp';
import {DamageError, HoldfastError} from '../errors.ts';
import type {Problem} from '../repository/chain.ts';
import {pinObject, pinsPrefix} from '../repository/layout.ts';
import {enrolOperator, storedOperators} from '../repository/operators.ts';
import {PIN_MOST_BYTES, PIN_TYPE} from '../repository/pins.ts';
import type {Repository} from '../repository/repository.ts';
import {readStatement} from '../repository/statement.ts';
import {readObject} from '../targets/read.ts';
import type {Target} from '../targets/target.ts';
import {puts} from './puts.ts';
import type {CopiedDrills} from './replicate-drills.ts';

/** Copies the pins of a source that the copy lacks, each checked with the key beside it. Whose pins count is for those to say who prune the copy. */
export async function copyPins(
  repository: Repository,
  source: string,
  to: Target,
  signal: AbortSignal | undefined,
): Promise<CopiedDrills> {
  const there = new Set<string>();
  for await (const {name} of to.list(pinsPrefix(source), {signal})) there.add(name);
  const missing: string[] = [];
  for await (const {name} of repository.target.list(pinsPrefix(source), {signal}))
    if (!there.has(name)) missing.push(name);
  const problems: Problem[] = [];
  const keys = missing.length === 0 ? new Map<string, PublicKey>() : await storedOperators(repository);
  let objects = 0;
  let bytes = 0;
  for (const name of missing) {
    signal?.throwIfAborted();
    const body = await readObject(repository.target, name, {maxBytes: PIN_MOST_BYTES, signal});
    const signer = await signerOf(repository, source, name, body, [...keys.values()]);
    if (signer instanceof Error) {
      problems.push({object: name, problem: signer.message, affects: []});
      continue;
    }
    const key = keys.get(signer);
    if (key !== undefined) await enrolOperator({...repository, target: to}, key);
    if (await puts(to, name, body, signal)) {
      objects += 1;
      bytes += body.length;
    } else {
      const problem = `in ${to.label} there is something else under its name`;
      problems.push({object: name, problem, affects: []});
    }
  }
  return {objects, bytes, present: there.size, problems};
}

/** The fingerprint of who signed a pin, or what is wrong with it. */
async function signerOf(
  {id: repositoryId}: Repository,
  source: string,
  name: string,
  body: Uint8Array,
  operators: readonly PublicKey[],
): Promise<string | Error> {
  try {
    const {repository, operator, ...pin} = await readStatement(PIN_TYPE, body, operators);
    const isRight =
      repository === repositoryId && pin.source === source && pinObject(source, pin.id) === name;
    return isRight ? operator : new DamageError(name, 'it belongs elsewhere');
  } catch (error) {
    if (error instanceof HoldfastError && !(error instanceof DamageError)) throw error;
    return error as Error;
  }
}
