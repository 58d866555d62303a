import pMap from 'p-map';
import {readPacketHeader, TAG} from '../crypto/packets.ts';
import {inspectMessage} from '../crypto/seipd.ts';
import {HoldfastError} from '../errors.ts';
import type {Problem} from '../repository/chain.ts';
import {SECRETS_MOST_BYTES} from '../repository/generation.ts';
import {INDEX_MOST_BYTES} from '../repository/index-object.ts';
import {sha256} from '../repository/layout.ts';
import {LIMITS} from '../repository/pack.ts';
import {SNAPSHOT_MOST_BYTES} from '../repository/snapshot.ts';
import {readObject} from '../targets/read.ts';
import {GarbledObjectError, ObjectMissingError, type StoredSums} from '../targets/target.ts';
import type {VerifyContext} from './verify.ts';
import type {NeededObject} from './verify-structure.ts';

const PARALLEL_READS = 3;
const PARALLEL_LOOKS = 16;
/** A seal can say anything of sizes; no more than this is ever read into memory. */
export const MOST_BYTES: Record<NeededObject['kind'], number> = {
  pack: LIMITS.packBytes,
  index: INDEX_MOST_BYTES,
  snapshot: SNAPSHOT_MOST_BYTES,
  secret: SECRETS_MOST_BYTES,
};

/** Reads objects and compares them with their names and with what seals say; and whom they are encrypted to. No key is needed. */
export async function verifyCiphertext(
  context: VerifyContext,
  objects: readonly NeededObject[],
): Promise<Problem[]> {
  const {signal, onProgress} = context;
  const total = objects.reduce((sum, object) => sum + object.size, 0);
  const problems: Problem[] = [];
  let files = 0;
  let bytes = 0;
  await pMap(
    objects,
    async (object) => {
      signal?.throwIfAborted();
      const problem = await checkObject(context, object);
      if (problem !== undefined) problems.push({object: object.name, problem, affects: object.affects});
      bytes += object.size;
      onProgress?.({
        phase: 'verify',
        files: {done: ++files, total: objects.length},
        bytes: {done: bytes, total},
        current: object.name,
      });
    },
    {concurrency: PARALLEL_READS},
  );
  return problems;
}

/** Objects of which the store itself says that they have the checksum that the seals say. What it says otherwise is found by reading. */
export async function believedObjects(
  {repository: {target}, signal, onProgress}: VerifyContext,
  objects: readonly NeededObject[],
): Promise<Set<NeededObject>> {
  const believed = new Set<NeededObject>();
  const bytes = {done: 0, total: 0}; // None is read.
  let files = 0;
  const ask = async (object: NeededObject): Promise<void> => {
    signal?.throwIfAborted();
    if (isRight(object, await target.storedSums?.(object.name, {signal}))) believed.add(object);
    onProgress?.({
      phase: 'verify',
      files: {done: ++files, total: objects.length},
      bytes,
      current: object.name,
    });
  };
  if (target.storedSums !== undefined) await pMap(objects, ask, {concurrency: PARALLEL_LOOKS});
  return believed;
}

function isRight({sha256, md5}: NeededObject, stored: StoredSums | undefined): boolean {
  if (stored?.sha256 !== undefined) return stored.sha256 === sha256;
  return md5 !== undefined && stored?.md5 === md5;
}

/** What is wrong with the bytes of an object; undefined if nothing is. Wrong bytes are read a second time before they count. */
export async function checkObject(
  {repository: {target}, signal}: Pick<VerifyContext, 'repository' | 'signal'>,
  object: NeededObject,
): Promise<string | undefined> {
  let problem: string | undefined;
  for (let attempt = 1; attempt <= 2; attempt++) {
    try {
      if (object.size > MOST_BYTES[object.kind])
        return `it has ${object.size} bytes, more than any that Holdfast writes`;
      const bytes = await readObject(target, object.name, {maxBytes: object.size, signal});
      problem = wrongBytes(bytes, object);
    } catch (error) {
      if (error instanceof ObjectMissingError) return 'it is missing';
      if (!(error instanceof HoldfastError) || error.code !== 'DAMAGED') throw error;
      problem =
        error instanceof GarbledObjectError
          ? 'it arrives with other bytes than the checksum of the storage says'
          : 'it is larger than the seal says';
    }
    if (problem === undefined) return undefined;
  }
  return problem;
}

export function wrongBytes(bytes: Uint8Array, object: NeededObject): string | undefined {
  if (bytes.length !== object.size) return `it has ${bytes.length} bytes instead of ${object.size}`;
  if (sha256(bytes) !== object.sha256) {
    return object.hash === ''
      ? 'its content is not what the seal says'
      : 'its content does not match its name';
  }
  try {
    if (object.kind === 'secret')
      return readPacketHeader(bytes, 0).tag === TAG.publicKeyEncryptedSessionKey
        ? undefined
        : 'it is not encrypted to a key';
    const {recipients} = inspectMessage(bytes, bytes.length);
    const allowed = object.encryptedTo ?? [];
    const isRight =
      recipients.length === allowed.length &&
      allowed.every((keys) => recipients.some((recipient) => keys.includes(recipient)));
    return isRight ? undefined : 'it is encrypted to other keys than it should be';
  } catch (error) {
    return (error as Error).message;
  }
}
