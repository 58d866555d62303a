/** Looks at what no seal needs: it must be what an unfinished run leaves, and be encrypted as everything else is. No key is needed. */
import pMap from 'p-map';
import {PacketError, readPacketHeader, TAG} from '../crypto/packets.ts';
import {inspectMessage} from '../crypto/seipd.ts';
import {DamageError} from '../errors.ts';
import type {Problem} from '../repository/chain.ts';
import type {SourceHistory} from '../repository/history.ts';
import {
  type GenerationPlace,
  indexPrefix,
  inGeneration,
  packsPrefix,
  parseHashObject,
  sha256,
} from '../repository/layout.ts';
import {LIMITS} from '../repository/pack.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import type {VerifyContext} from './verify.ts';
import type {Leftover} from './verify-structure.ts';

const PARALLEL_READS = 3;

export async function verifyLeftovers(
  context: VerifyContext,
  history: SourceHistory,
  leftovers: readonly Leftover[],
): Promise<Problem[]> {
  const keys = new Map(history.seals.map(({generation, generationKey}) => [generation, generationKey]));
  const check = async ({name, generation}: Leftover): Promise<Problem[]> => {
    context.signal?.throwIfAborted();
    const place = {source: history.source, generation};
    const wrong = await whatIsWrong(context, place, name, keys.get(generation));
    return wrong === undefined
      ? []
      : [{object: name, problem: `no snapshot needs it, and ${wrong}`, affects: []}];
  };
  return (await pMap(leftovers, check, {concurrency: PARALLEL_READS})).flat();
}

async function whatIsWrong(
  {repository, signal}: VerifyContext,
  place: GenerationPlace,
  name: string,
  generationKey: string | undefined,
): Promise<string | undefined> {
  const hash = parseHashObject(packsPrefix(place), name) ?? parseHashObject(indexPrefix(place), name);
  const isSecret = /^(?:generation(?:-\d+)?|agent)\.pgp$/.test(name.slice(inGeneration(place, '').length));
  const isSnapshot = /^snapshots\/[0-9a-f]{16}\.pgp$/.test(name.slice(inGeneration(place, '').length));
  if (hash === undefined && !isSecret && !isSnapshot) return 'it is no object of Holdfast';
  try {
    const bytes = await readObject(repository.target, name, {maxBytes: LIMITS.packBytes, signal});
    if (hash !== undefined && sha256(bytes) !== hash) return 'its content does not match its name';
    if (isSecret) {
      const isEncrypted = readPacketHeader(bytes, 0).tag === TAG.publicKeyEncryptedSessionKey;
      return isEncrypted ? undefined : 'it is not encrypted to a key';
    }
    const {recipients} = inspectMessage(bytes, bytes.length);
    const isForGeneration = generationKey === undefined || recipients.includes(generationKey);
    const isPack = name.startsWith(packsPrefix(place));
    return isForGeneration && (!isPack || recipients.length === 1)
      ? undefined
      : 'it is encrypted to other keys than it should be';
  } catch (error) {
    if (error instanceof PacketError) return error.message;
    if (error instanceof ObjectMissingError) return undefined; // A run that goes on meanwhile may have removed it.
    if (error instanceof DamageError) return 'it is larger than any that Holdfast writes';
    throw error;
  }
}
