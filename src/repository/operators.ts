/** Who runs drills and prunes: the key that signs reports, marks and pins, and whose count. */
import * as openpgp from 'openpgp';
import {readObject} from '../targets/read.ts';
import {ObjectExistsError, ObjectMissingError, TargetError} from '../targets/target.ts';
import {isOperator, OPERATORS_PREFIX, operatorObject} from './layout.ts';
import type {Repository} from './repository.ts';
import type {OperatorsOfRun, TrustFile} from './trust.ts';

const KEY_MOST_BYTES = 65_536;

export interface TrustedOperators {
  readonly keys: readonly openpgp.PublicKey[];
  /** Fingerprints in the repository that nobody approved. */
  readonly strangers: readonly string[];
  /** Set when this machine took the only operator just now on trust. */
  readonly metFirst?: string;
}

/** Puts an operator's public key beside the reports; once is enough. */
export async function enrolOperator({target}: Repository, key: openpgp.PublicKey): Promise<void> {
  try {
    await target.put(operatorObject(key.getFingerprint()), Buffer.from(key.armor()));
  } catch (error) {
    if (!(error instanceof ObjectExistsError)) throw error;
  }
}

/**
 * Reads the operators' keys. As with agents, the storage cannot add one: the first and only one is taken on trust, every other counts
 * once somebody approves it.
 * @param trust knows whom this machine and this run approve
 */
export async function trustedOperators(
  repository: Repository,
  trust: TrustFile,
  {approved, pinned, onMet}: OperatorsOfRun = trust.operatorsOfRun,
): Promise<TrustedOperators> {
  const found = await storedOperators(repository);
  const known = new Set([...approved, ...(pinned ?? trust.operators)]);
  const [only, another] = found.keys();
  const metFirst =
    known.size === 0 && pinned === undefined && only !== undefined && another === undefined
      ? only
      : undefined;
  if (metFirst !== undefined) known.add(metFirst);
  if (metFirst !== undefined) onMet?.(metFirst);
  if (pinned === undefined) trust.approveOperators([...found.keys()].filter((one) => known.has(one)));
  return {
    keys: [...found].filter(([fingerprint]) => known.has(fingerprint)).map(([, key]) => key),
    strangers: [...found.keys()].filter((fingerprint) => !known.has(fingerprint)),
    ...(metFirst !== undefined && {metFirst}),
  };
}

/** The operators' keys in the repository, by fingerprint, whoever they are. */
export async function storedOperators(repository: Repository): Promise<Map<string, openpgp.PublicKey>> {
  const found = new Map<string, openpgp.PublicKey>();
  for await (const {name} of repository.target.list(OPERATORS_PREFIX)) {
    const fingerprint = name.slice(OPERATORS_PREFIX.length, -'.asc'.length);
    if (!isOperator(fingerprint) || name !== operatorObject(fingerprint)) continue;
    const key = await readOperatorKey(repository, name);
    if (key?.getFingerprint() === fingerprint) found.set(fingerprint, key);
  }
  return found;
}

async function readOperatorKey({target}: Repository, name: string): Promise<openpgp.PublicKey | undefined> {
  try {
    const bytes = await readObject(target, name, {maxBytes: KEY_MOST_BYTES});
    const key = await openpgp.readKey({armoredKey: Buffer.from(bytes).toString('latin1')});
    if (key.isPrivate()) return undefined;
    await key.getSigningKey(undefined, null); // A key whose self-signature is altered verifies nothing.
    return key;
  } catch (error) {
    if (error instanceof TargetError && !(error instanceof ObjectMissingError)) throw error;
    return undefined; // Whatever lies there is nobody's key: what it should verify is reported as a stranger's.
  }
}
