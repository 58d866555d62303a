/** Snapshot objects: what one backup saw, for those with the generation key (docs/format.md §8). */
import type {PublicKey} from 'openpgp';
import {verifyMessage} from '../crypto/message.ts';
import type {Session} from '../crypto/seipd.ts';
import {type Agent, openSigned, sealSigned} from './agent.ts';
import {canonicalJson, isCanonical, type Json} from './canonical.ts';
import {Fields, FormatError, signedText} from './fields.ts';
import {FORMAT, type GenerationPlace, type SnapshotId, sha256} from './layout.ts';
import {
  type ByteCounts,
  byteCounts,
  type EntryCounts,
  entryCounts,
  type SnapshotKind,
  type SuspicionReason,
} from './seal.ts';
import {decodeEntry, encodeEntry, type TreeEntry} from './tree.ts';

export interface Warning {
  readonly path: string;
  readonly problem: string;
}

/** Why a backup that succeeded is no good one; its seal names the reasons. */
export interface Suspicion {
  readonly reason: SuspicionReason;
  /** For people; may name files and tables. */
  readonly detail: string;
}

export interface Snapshot extends GenerationPlace {
  readonly repository: string;
  readonly agent: string;
  readonly sequence: number;
  readonly kind: SnapshotKind;
  readonly parent: SnapshotId | null;
  readonly started: string;
  readonly finished: string;
  readonly host: string;
  /** Bytes of the folder's path. */
  readonly path: Buffer;
  readonly root: TreeEntry;
  readonly entries: EntryCounts;
  readonly bytes: ByteCounts;
  readonly warnings: readonly Warning[];
  readonly warningsOmitted: number;
  readonly tags: readonly string[];
  /** Left out if nothing is suspicious. */
  readonly suspect?: readonly Suspicion[] | undefined;
  /** Facts about the source, to compare a restored copy with. */
  readonly witness?: Json | undefined;
}

export const WARNINGS_MOST = 1000;
const SUSPICIONS_MOST = 10_000;
/** No snapshot object is larger. */
export const SNAPSHOT_MOST_BYTES = 16 * 2 ** 20;

export async function makeSnapshot(
  snapshot: Snapshot,
  agent: Agent,
  session: Session,
  now: Date,
): Promise<{id: SnapshotId; object: Buffer}> {
  const {path, root, ...rest} = snapshot;
  const payload = canonicalJson({
    type: 'holdfast-snapshot',
    format: FORMAT,
    ...(rest as unknown as Record<string, Json>),
    ...pathMember(path),
    root: JSON.parse(encodeEntry(root)) as Json,
  });
  return {
    id: snapshotId(payload),
    object: await sealSigned(agent, session, Buffer.from(payload), now),
  };
}

/**
 * Opens a snapshot object and checks who signed it and that its id is the one expected.
 * @throws PacketError, SignatureError, {@link FormatError}
 */
export async function readSnapshot(
  object: Uint8Array,
  sessionKey: Uint8Array,
  agents: readonly PublicKey[],
  expected: GenerationPlace & {repository: string; agent: string; id: SnapshotId; sequence: number},
): Promise<Snapshot> {
  const {data, signer} = await verifyMessage(openSigned(object, sessionKey), agents);
  const payload = signedText(data);
  if (snapshotId(payload) !== expected.id) throw new FormatError('it is another snapshot than its name says');
  const snapshot = parseSnapshot(payload);
  if (
    snapshot.agent !== signer ||
    snapshot.agent !== expected.agent ||
    snapshot.repository !== expected.repository ||
    snapshot.source !== expected.source ||
    snapshot.generation !== expected.generation ||
    snapshot.sequence !== expected.sequence
  ) {
    throw new FormatError('it belongs to another repository, source, generation, agent or seal');
  }
  return snapshot;
}

function snapshotId(payload: string): SnapshotId {
  return sha256(payload).slice(0, 16) as SnapshotId;
}

function parseSnapshot(payload: string): Snapshot {
  const fields = Fields.parse(payload);
  if (!isCanonical(payload)) throw new FormatError('it is not canonical JSON');
  if (fields.text('type') !== 'holdfast-snapshot') throw new FormatError('it is not a snapshot');
  fields.format();
  const kind = fields.text('kind');
  if (kind !== 'full' && kind !== 'incremental') throw new FormatError('its kind is unknown');
  const root = decodeEntry(JSON.stringify((JSON.parse(payload) as {root?: unknown}).root ?? null));
  if (root.type !== 'directory') throw new FormatError('its root is not a directory');
  return {
    repository: fields.text('repository'),
    source: fields.text('source'),
    generation: fields.text('generation'),
    agent: fields.hash('agent'),
    sequence: fields.count('sequence'),
    kind,
    parent: fields.has('parent') ? (fields.text('parent') as SnapshotId) : null,
    started: fields.time('started'),
    finished: fields.time('finished'),
    host: fields.text('host'),
    path: fields.has('path')
      ? Buffer.from(fields.text('path'))
      : Buffer.from(fields.text('pathBytes'), 'base64'),
    root,
    entries: entryCounts(fields.object('entries')),
    bytes: byteCounts(fields.object('bytes')),
    warnings: fields.list('warnings', WARNINGS_MOST, (item) => {
      const warning = new Fields(item);
      return {path: warning.text('path'), problem: warning.text('problem')};
    }),
    warningsOmitted: fields.count('warningsOmitted'),
    tags: fields.texts('tags', 100),
    ...(fields.has('suspect') && {suspect: fields.list('suspect', SUSPICIONS_MOST, readSuspicion)}),
    ...(fields.has('witness') && {witness: (JSON.parse(payload) as {witness: Json}).witness}),
  };
}

function readSuspicion(item: unknown): Suspicion {
  const suspicion = new Fields(item);
  return {reason: suspicion.text('reason') as SuspicionReason, detail: suspicion.text('detail')};
}

function pathMember(path: Buffer): Record<string, string> {
  const text = path.toString('utf8');
  return Buffer.from(text).equals(path) ? {path: text} : {pathBytes: path.toString('base64')};
}
