/** Seals: the agent's signed public statement of one snapshot, and the commit point of a backup (docs/format.md §9). */
import type {PublicKey} from 'openpgp';
import {armor, unarmor, verifyMessage} from '../crypto/message.ts';
import {type Agent, signAsAgent} from './agent.ts';
import {canonicalJson, isCanonical, type Json} from './canonical.ts';
import {Fields, FormatError, signedText} from './fields.ts';
import {FORMAT, type GenerationPlace, type SnapshotId, sha256} from './layout.ts';

export type SnapshotKind = 'full' | 'incremental';

/** Why a snapshot is suspect; readers take what they do not know for a reason all the same. */
export type SuspicionReason = 'halved' | 'vanished' | 'collapsed' | 'incompressible';

export interface EntryCounts {
  readonly new: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly total: number;
}

export interface ByteCounts {
  /** Logical size of all files. */
  readonly source: number;
  readonly read: number;
  /** Of new blobs, before compression. */
  readonly new: number;
  /** Added to the repository before the seal. */
  readonly stored: number;
}

export type SizedName = readonly [sha256: string, size: number];

/** What a restore takes besides the snapshot and the secrets; relative to the seal whose payload hash is `base`. */
export interface Needs {
  readonly base: string | null;
  readonly packs: readonly SizedName[];
  readonly index: readonly SizedName[];
  readonly dropped: readonly string[];
  /** The MD5 of each of `packs`, in hex, empty where it is not known; left out where none is. For stores that keep nothing better. */
  readonly md5?: readonly string[] | undefined;
}

export interface NamedObject {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

export interface Seal extends GenerationPlace {
  readonly repository: string;
  readonly agent: string;
  readonly sequence: number;
  readonly previous: string | null;
  readonly generationKey: string;
  readonly kind: SnapshotKind;
  readonly started: string;
  readonly finished: string;
  readonly tags: readonly string[];
  readonly snapshot: {readonly id: SnapshotId; readonly size: number; readonly sha256: string};
  readonly entries: EntryCounts;
  readonly bytes: ByteCounts;
  readonly warnings: number;
  readonly secrets: readonly NamedObject[];
  readonly needs: Needs;
  /** Why this is no good snapshot; left out if nothing is suspicious. */
  readonly suspect?: readonly SuspicionReason[] | undefined;
}

/** A seal whose signature and form were checked. */
export interface CheckedSeal extends Seal {
  /** SHA-256 of its payload; what the next seal calls `previous`. */
  readonly hash: string;
  /** The signed bytes. */
  readonly payload: string;
  /** Size of the seal's object. */
  readonly objectBytes: number;
}

/** No seal is larger. */
export const SEAL_MOST_BYTES = 4 * 2 ** 20;

export async function makeSeal(
  seal: Seal,
  agent: Agent,
  now: Date,
): Promise<{object: Buffer; checked: CheckedSeal}> {
  const payload = canonicalJson({
    type: 'holdfast-seal',
    format: FORMAT,
    ...(seal as unknown as Record<string, Json>),
  });
  const object = Buffer.from(armor(await signAsAgent(agent, Buffer.from(payload), now)));
  return {object, checked: {...seal, hash: sha256(payload), payload, objectBytes: object.length}};
}

/**
 * Checks the signature and reads what was signed.
 * @throws SignatureError, {@link FormatError}
 */
export async function readSeal(object: Uint8Array, agents: readonly PublicKey[]): Promise<CheckedSeal> {
  const {data, signer} = await verifyMessage(await unarmor(Buffer.from(object).toString('latin1')), agents);
  const payload = signedText(data);
  const seal = parseSeal(payload);
  if (seal.agent !== signer) throw new FormatError('it is signed by another agent than it says');
  return {...seal, hash: sha256(payload), payload, objectBytes: object.length};
}

/**
 * Reads a payload that was signed.
 * @throws {@link FormatError} unless it is the canonical form of a seal
 */
export function parseSeal(payload: string): Seal {
  const fields = Fields.parse(payload);
  if (!isCanonical(payload)) throw new FormatError('it is not canonical JSON');
  if (fields.text('type') !== 'holdfast-seal') throw new FormatError('it is not a seal');
  fields.format();
  const kind = fields.text('kind');
  if (kind !== 'full' && kind !== 'incremental') throw new FormatError('its kind is unknown');
  const snapshot = fields.object('snapshot');
  return {
    repository: fields.text('repository'),
    source: fields.text('source'),
    generation: fields.text('generation'),
    agent: fields.hash('agent'),
    sequence: fields.count('sequence'),
    previous: fields.has('previous') ? fields.hash('previous') : null,
    generationKey: fields.hash('generationKey'),
    kind,
    started: fields.time('started'),
    finished: fields.time('finished'),
    tags: fields.texts('tags', 100),
    snapshot: {
      id: snapshot.text('id') as SnapshotId,
      size: snapshot.count('size'),
      sha256: snapshot.hash('sha256'),
    },
    entries: entryCounts(fields.object('entries')),
    bytes: byteCounts(fields.object('bytes')),
    warnings: fields.count('warnings'),
    secrets: fields.list('secrets', 100, readNamedObject),
    needs: readNeeds(fields.object('needs')),
    ...(fields.has('suspect') && {suspect: fields.texts('suspect', 100) as SuspicionReason[]}),
  };
}

function readNeeds(fields: Fields): Needs {
  const packs = fields.sizes('packs', 100_000);
  const md5 = fields.has('md5') ? fields.texts('md5', packs.length) : undefined;
  if (md5 !== undefined && (md5.length !== packs.length || md5.some((sum) => !/^([0-9a-f]{32})?$/.test(sum))))
    throw new FormatError('"md5" does not hold an MD5 for each pack');
  return {
    base: fields.has('base') ? fields.hash('base') : null,
    packs,
    index: fields.sizes('index', 100_000),
    dropped: fields.texts('dropped', 100_000),
    ...(md5 && {md5}),
  };
}

/** @throws {@link FormatError} unless it names one of a generation's secrets */
export function readNamedObject(item: unknown): NamedObject {
  const secret = new Fields(item);
  const name = secret.text('name');
  if (!/^(generation(-\d{1,6})?|agent)\.pgp$/.test(name)) throw new FormatError('it names unknown secrets');
  return {name, size: secret.count('size'), sha256: secret.hash('sha256')};
}

export function entryCounts(fields: Fields): EntryCounts {
  return {
    new: fields.count('new'),
    changed: fields.count('changed'),
    unchanged: fields.count('unchanged'),
    removed: fields.count('removed'),
    total: fields.count('total'),
  };
}

export function byteCounts(fields: Fields): ByteCounts {
  return {
    source: fields.count('source'),
    read: fields.count('read'),
    new: fields.count('new'),
    stored: fields.count('stored'),
  };
}
