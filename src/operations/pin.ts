/** Pins a snapshot, so that no retention removes it, or takes the pin away. */
import type {PrivateKey} from 'openpgp';
import {NotFoundError} from '../errors.ts';
import type {SourceHistory} from '../repository/history.ts';
import {newStatementId, pinObject} from '../repository/layout.ts';
import {enrolOperator} from '../repository/operators.ts';
import {isPinned, makePin, readPins} from '../repository/pins.ts';
import type {Repository} from '../repository/repository.ts';
import type {CheckedSeal} from '../repository/seal.ts';
import type {TrustFile} from '../repository/trust.ts';

export interface PinContext {
  readonly repository: Repository;
  readonly trust: TrustFile;
  /** Signs the pin. Awaited only if there is something to sign. */
  operator(): Promise<PrivateKey>;
  now(): Date;
}

/**
 * @returns whether anything changed
 * @throws {@link NotFoundError} if the snapshot does not belong to this history any more
 */
export async function setPin(
  {repository, trust, operator, now}: PinContext,
  {source, seals}: SourceHistory,
  seal: CheckedSeal,
  pinned: boolean,
): Promise<boolean> {
  if (!seals.includes(seal)) throw new NotFoundError(`Snapshot ${seal.snapshot.id} was removed.`);
  const pins = await readPins(repository, source, trust);
  if (isPinned(pins, seal.hash) === pinned) return false;
  const key = await operator();
  await enrolOperator(repository, key.toPublic());
  trust.approveOperators([key.getFingerprint()]);
  const at = now();
  const id = newStatementId(at);
  const object = await makePin(
    {
      repository: repository.id,
      source,
      id,
      operator: key.getFingerprint(),
      created: at.toISOString(),
      snapshot: seal.snapshot.id,
      seal: seal.hash,
      pinned,
      number: (pins.bySeal.get(seal.hash)?.number ?? 0) + 1,
    },
    key,
    at,
  );
  await repository.target.put(pinObject(source, id), object);
  return true;
}
