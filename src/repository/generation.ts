/** Generations: their keys, and the secrets that lead from a recipient's key to every pack (docs/format.md §4). */
import {randomBytes} from 'node:crypto';
import {isDeepStrictEqual} from 'node:util';
import * as openpgp from 'openpgp';
import {DEFAULT_CHUNKING} from '../chunker/chunker.ts';
import {generateGenerationKey} from '../crypto/keygen.ts';
import type {Recipient} from '../crypto/keys.ts';
import {encryptToRecipients, newSession, openSession, verifyMessage} from '../crypto/message.ts';
import {decryptWith, keyIdsOf, type RecipientKey} from '../crypto/recipient-key.ts';
import {inspectMessage} from '../crypto/seipd.ts';
import {DamageError, HoldfastError, KeyError} from '../errors.ts';
import {readObject} from '../targets/read.ts';
import {ObjectMissingError} from '../targets/target.ts';
import {type Agent, encryptionFingerprint, openSigned, sealSigned} from './agent.ts';
import {Fields, FormatError} from './fields.ts';
import {FORMAT, type GenerationPlace, inGeneration, newGenerationName, sha256} from './layout.ts';
import type {Repository} from './repository.ts';
import {type NamedObject, readNamedObject, type Seal} from './seal.ts';

export interface ChunkerSettings {
  /** base64 of 32 bytes. */
  readonly seed: string;
  readonly min: number;
  readonly maskBits: number;
  readonly max: number;
}

/** What the VM keeps of a generation. */
export interface GenerationFacts extends GenerationPlace {
  readonly created: string;
  readonly publicKey: openpgp.PublicKey;
  readonly blobIdKey: Buffer;
  readonly chunker: ChunkerSettings;
  readonly secrets: readonly NamedObject[];
  /** Ids of the keys that `generation.pgp` is encrypted to. */
  readonly recipients: readonly string[];
}

/** A generation whose packs can be opened. */
export interface OpenGeneration extends GenerationPlace {
  readonly privateKey: openpgp.PrivateKey;
  readonly blobIdKey: Buffer;
}

/** The secrets for those who can restore. */
const FOR_RECIPIENTS = 'generation.pgp';

const LOST_SECRETS_HINT =
  'Without it no snapshot of its generation can be opened: fetch it from another copy of the repository. Snapshots of other generations do not need it; "holdfast snapshots --json" tells which is of which.';

/** No message of secrets is larger. */
export const SECRETS_MOST_BYTES = 2 ** 20;

/**
 * Makes a generation's keys, stores them for recipients and agent, and forgets the private half.
 * @param store keeps an object; a dry run keeps none
 */
export async function startGeneration(
  repository: Repository,
  source: string,
  agent: Agent,
  recipients: readonly Recipient[],
  now: Date,
  store: (name: string, bytes: Uint8Array) => Promise<void>,
): Promise<GenerationFacts> {
  const place = {source, generation: newGenerationName(now)};
  const key = await generateGenerationKey(now);
  const publicKey = key.toPublic();
  const blobIdKey = randomBytes(32);
  const chunker = {seed: randomBytes(32).toString('base64'), ...DEFAULT_CHUNKING};
  const created = now.toISOString();
  const common = {
    format: FORMAT,
    repository: repository.id,
    ...place,
    created,
    agent: agent.fingerprint,
    blobIdKey: blobIdKey.toString('base64'),
    chunker: {algorithm: 'gear64', ...chunker},
  };
  const forRecipients = JSON.stringify(
    {type: 'holdfast-generation', ...common, privateKey: key.armor()},
    null,
    1,
  );
  const sealedToRecipients = await encryptToRecipients(
    Buffer.from(forRecipients),
    recipients.map((recipient) => recipient.key),
  );
  const sealed = [named(FOR_RECIPIENTS, sealedToRecipients)];
  const forAgent = JSON.stringify(
    {type: 'holdfast-generation-agent', ...common, publicKey: publicKey.armor(), secrets: sealed},
    null,
    1,
  );
  const objects = [
    {name: FOR_RECIPIENTS, bytes: sealedToRecipients},
    {
      name: 'agent.pgp',
      bytes: await sealSigned(agent, await newSession([agent.key]), Buffer.from(forAgent), now),
    },
  ];
  const secrets: NamedObject[] = [];
  for (const {name, bytes} of objects) {
    await store(inGeneration(place, name), bytes);
    secrets.push(named(name, bytes));
  }
  const keyIds = await recipientKeyIds(FOR_RECIPIENTS, sealedToRecipients);
  return {...place, created, publicKey, blobIdKey, chunker, secrets, recipients: keyIds};
}

/**
 * Opens a generation with a recipient's private key, as its seals describe it.
 * @throws {@link KeyError} if none of its secrets is for this key; {@link DamageError}
 */
export async function openGeneration(
  repository: Repository,
  seal: Seal,
  key: RecipientKey,
): Promise<OpenGeneration> {
  const needed: string[] = [];
  for (const {name, size, sha256: hash} of seal.secrets.filter(({name}) => name.startsWith('generation'))) {
    const object = inGeneration(seal, name);
    const bytes = await readSecrets(repository, object, Math.min(size, SECRETS_MOST_BYTES));
    if (bytes.length !== size || sha256(bytes) !== hash)
      throw new DamageError(object, 'its content is not what the seal says', {hint: LOST_SECRETS_HINT});
    const ids = await recipientKeyIds(object, bytes);
    if (!isFor(ids, key)) {
      needed.push(...ids);
      continue;
    }
    return openSecrets(repository, seal, object, bytes, key);
  }
  throw new KeyError(
    `This key does not open generation ${seal.generation} of ${seal.source}; it is encrypted to ${[...new Set(needed)].join(', ')}.`,
    {
      hint: 'Give one of these keys with --key; "holdfast keys inspect FILE" shows the ids of a key.',
    },
  );
}

async function openSecrets(
  repository: Repository,
  seal: Seal,
  object: string,
  bytes: Uint8Array,
  key: RecipientKey,
): Promise<OpenGeneration> {
  let plaintext: Uint8Array;
  try {
    plaintext = await decryptWith(key, bytes);
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    throw new DamageError(object, 'it cannot be decrypted with the key that it is for', {cause});
  }
  try {
    const fields = Fields.parse(Buffer.from(plaintext).toString('utf8'));
    if (fields.text('type') !== 'holdfast-generation')
      throw new FormatError('it holds no generation secrets');
    fields.format();
    if (
      fields.text('repository') !== repository.id ||
      fields.text('source') !== seal.source ||
      fields.text('generation') !== seal.generation
    ) {
      throw new FormatError('it belongs to another repository, source or generation');
    }
    const privateKey = await openpgp.readPrivateKey({armoredKey: fields.text('privateKey')});
    if (encryptionFingerprint(privateKey) !== seal.generationKey)
      throw new FormatError('its key is not the one that the seals name');
    return {source: seal.source, generation: seal.generation, privateKey, blobIdKey: blobIdKeyOf(fields)};
  } catch (cause) {
    throw new DamageError(object, (cause as Error).message, {
      cause,
      hint: 'Run "holdfast verify" and compare with a copy of the repository.',
    });
  }
}

/**
 * Opens what the agent kept for itself; for the rebuild of a catalog.
 * @throws {@link DamageError}
 */
export async function openGenerationAsAgent(
  repository: Repository,
  place: GenerationPlace,
  agent: Agent,
): Promise<GenerationFacts> {
  const object = inGeneration(place, 'agent.pgp');
  const bytes = await readSecrets(repository, object, SECRETS_MOST_BYTES);
  const objectForRecipients = inGeneration(place, FOR_RECIPIENTS);
  const forRecipients = await readSecrets(repository, objectForRecipients, SECRETS_MOST_BYTES);
  try {
    const {pkesks} = inspectMessage(bytes, bytes.length);
    const {data} = await verifyMessage(openSigned(bytes, await openSession(pkesks, agent.key)), [
      agent.key.toPublic(),
    ]);
    const fields = Fields.parse(Buffer.from(data).toString('utf8'));
    if (
      fields.text('type') !== 'holdfast-generation-agent' ||
      fields.text('repository') !== repository.id ||
      fields.text('source') !== place.source ||
      fields.text('generation') !== place.generation
    ) {
      throw new FormatError('it belongs to another repository, source or generation');
    }
    fields.format();
    const [sealed] = fields.list('secrets', 1, readNamedObject);
    const secrets = [named(FOR_RECIPIENTS, forRecipients), named('agent.pgp', bytes)];
    if (!isDeepStrictEqual(sealed, secrets[0]))
      throw new DamageError(objectForRecipients, 'it is not the one that the agent stored');
    const chunker = fields.object('chunker');
    return {
      ...place,
      created: fields.time('created'),
      publicKey: await openpgp.readKey({armoredKey: fields.text('publicKey')}),
      blobIdKey: blobIdKeyOf(fields),
      chunker: {
        seed: chunker.text('seed'),
        min: chunker.count('min'),
        maskBits: chunker.count('maskBits'),
        max: chunker.count('max'),
      },
      secrets,
      recipients: await recipientKeyIds(objectForRecipients, forRecipients),
    };
  } catch (cause) {
    if (cause instanceof DamageError) throw cause;
    throw new DamageError(object, (cause as Error).message, {cause});
  }
}

function named(name: string, bytes: Uint8Array): NamedObject {
  return {name, size: bytes.length, sha256: sha256(bytes)};
}

async function readSecrets({target}: Repository, object: string, maxBytes: number): Promise<Uint8Array> {
  try {
    return await readObject(target, object, {maxBytes});
  } catch (cause) {
    if (cause instanceof ObjectMissingError)
      throw new DamageError(object, 'it is missing', {cause, hint: LOST_SECRETS_HINT});
    throw cause;
  }
}

function blobIdKeyOf(fields: Fields): Buffer {
  const key = Buffer.from(fields.text('blobIdKey'), 'base64');
  if (key.length !== 32) throw new FormatError('its blob-id key is not 32 bytes');
  return key;
}

async function recipientKeyIds(object: string, bytes: Uint8Array): Promise<string[]> {
  try {
    const message = await openpgp.readMessage({binaryMessage: bytes});
    return message.getEncryptionKeyIDs().map((id) => id.toHex());
  } catch (cause) {
    throw new DamageError(object, 'it is not an encrypted message', {cause});
  }
}

function isFor(ids: readonly string[], key: RecipientKey): boolean {
  const mine = keyIdsOf(key);
  return ids.some((id) => mine.includes(id) || /^0+$/.test(id));
}
