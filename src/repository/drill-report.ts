/** Drill reports: what was restored, what was checked, how long it took; signed by who ran the drill, readable by all (docs/format.md). */
import type {PrivateKey, PublicKey} from 'openpgp';
import {armor, signMessage, unarmor, verifyMessage} from '../crypto/message.ts';
import {canonicalJson, isCanonical, type Json} from './canonical.ts';
import {Fields, FormatError, signedText} from './fields.ts';
import {FORMAT, isDrillId, isOperator, type SnapshotId} from './layout.ts';
import type {SnapshotKind} from './seal.ts';

export type DrillResult = 'passed' | 'failed' | 'aborted';
/** How much of the snapshots was restored: all, a part of the files, or nothing but the keys of their generations. */
export type DrillScope = 'whole' | 'sample' | 'key';

/** One snapshot that was restored. */
export interface DrillSubject {
  readonly source: string;
  readonly generation: string;
  readonly snapshot: SnapshotId;
  /** SHA-256 of its seal's payload: no other snapshot can be meant. */
  readonly seal: string;
  readonly sequence: number;
  readonly kind: SnapshotKind;
  /** When its backup began: how old the data is counts from here. */
  readonly time: string;
}

export interface DrillCheck {
  readonly name: string;
  readonly ok: boolean;
  /** In numbers, without names of files or values: everybody who sees the storage can read it. */
  readonly detail: string;
}

/** Where the time went, in ms; together they are the time from the start until the last check was done. */
export interface DrillTimes {
  /** Reading seals and index, opening the key, starting a throwaway server. */
  readonly prepare: number;
  /** Waiting for the storage. */
  readonly fetch: number;
  /** Waiting for decryption, decompression and the check of each blob. */
  readonly decrypt: number;
  /** Writing files. */
  readonly write: number;
  /** A database taking in its dump. */
  readonly load: number;
  readonly check: number;
}

export interface DrillEstimate {
  /** How long the whole would have taken. */
  readonly fullMs: number;
  readonly assumptions: readonly string[];
}

export interface DrillReport {
  readonly repository: string;
  readonly id: string;
  /** Fingerprint of the key that signs it. */
  readonly operator: string;
  /** The name of the drill in the configuration; empty for one without. */
  readonly name: string;
  readonly started: string;
  readonly finished: string;
  readonly host: string;
  readonly scope: DrillScope;
  readonly result: DrillResult;
  readonly subjects: readonly DrillSubject[];
  readonly checks: readonly DrillCheck[];
  readonly files: number;
  readonly bytes: {readonly source: number; readonly restored: number; readonly fetched: number};
  readonly times: DrillTimes;
  /** From the start until the last check was done. */
  readonly rtoMs: number;
  /** Age of the oldest data at the start; null where nothing was restored. */
  readonly rpoMs: number | null;
  readonly objectives: {readonly rtoMs: number | null; readonly rpoMs: number | null};
  readonly estimate: DrillEstimate | null;
  /** Name and version of the programs that took part. */
  readonly tools: readonly (readonly [name: string, version: string])[];
}

/** A report whose signature and form were checked. */
export interface CheckedReport extends DrillReport {
  /** The bytes of the object. */
  readonly object: Buffer;
}

/** No report is larger. */
export const REPORT_MOST_BYTES = 2 ** 20;
const LIST_MOST = 10_000;
const PHASES = ['prepare', 'fetch', 'decrypt', 'write', 'load', 'check'] as const;

/** @param now the time of the signature */
export async function makeReport(report: DrillReport, key: PrivateKey, now: Date): Promise<Buffer> {
  const payload = canonicalJson({
    type: 'holdfast-drill',
    format: FORMAT,
    ...(report as unknown as Record<string, Json>),
  });
  const date = new Date(Math.max(now.getTime(), key.getCreationTime().getTime()));
  return Buffer.from(armor(await signMessage(Buffer.from(payload), key, date), true));
}

/**
 * Checks the signature and reads what was signed.
 * @throws SignatureError, {@link FormatError}
 */
export async function readReport(
  object: Uint8Array,
  operators: readonly PublicKey[],
): Promise<CheckedReport> {
  const bytes = Buffer.from(object);
  const {data, signer} = await verifyMessage(await unarmor(bytes.toString('latin1')), operators);
  const report = parseReport(signedText(data));
  if (report.operator !== signer) throw new FormatError('it is signed by another operator than it says');
  return {...report, object: bytes};
}

/** @throws {@link FormatError} unless it is the canonical form of a report */
export function parseReport(payload: string): DrillReport {
  const fields = Fields.parse(payload);
  if (!isCanonical(payload)) throw new FormatError('it is not canonical JSON');
  if (fields.text('type') !== 'holdfast-drill') throw new FormatError('it is not a drill report');
  fields.format();
  const [id, operator] = [fields.text('id'), fields.text('operator')];
  if (!isDrillId(id)) throw new FormatError('its id is not one');
  if (!isOperator(operator)) throw new FormatError('its operator is not a fingerprint');
  const bytes = fields.object('bytes');
  const times = fields.object('times');
  const objectives = fields.object('objectives');
  return {
    repository: fields.text('repository'),
    id,
    operator,
    name: fields.text('name'),
    started: fields.time('started'),
    finished: fields.time('finished'),
    host: fields.text('host'),
    scope: oneOf(fields, 'scope', ['whole', 'sample', 'key']),
    result: oneOf(fields, 'result', ['passed', 'failed', 'aborted']),
    subjects: fields.list('subjects', LIST_MOST, readSubject),
    checks: fields.list('checks', LIST_MOST, (item) => {
      const check = new Fields(item);
      return {
        name: check.text('name'),
        ok: check.flag('ok'),
        detail: check.text('detail'),
      };
    }),
    files: fields.count('files'),
    bytes: {
      source: bytes.count('source'),
      restored: bytes.count('restored'),
      fetched: bytes.count('fetched'),
    },
    times: Object.fromEntries(PHASES.map((phase) => [phase, times.count(phase)])) as unknown as DrillTimes,
    rtoMs: fields.count('rtoMs'),
    rpoMs: optional(fields, 'rpoMs'),
    objectives: {rtoMs: optional(objectives, 'rtoMs'), rpoMs: optional(objectives, 'rpoMs')},
    estimate: fields.has('estimate') ? readEstimate(fields.object('estimate')) : null,
    tools: fields.list('tools', 100, (item) => {
      if (Array.isArray(item) && item.length === 2 && item.every((part) => typeof part === 'string'))
        return [item[0], item[1]] as [string, string];
      throw new FormatError('"tools" holds something else than names and versions');
    }),
  };
}

function readSubject(item: unknown): DrillSubject {
  const subject = new Fields(item);
  return {
    source: subject.text('source'),
    generation: subject.text('generation'),
    snapshot: subject.text('snapshot') as SnapshotId,
    seal: subject.hash('seal'),
    sequence: subject.count('sequence'),
    kind: oneOf(subject, 'kind', ['full', 'incremental']),
    time: subject.time('time'),
  };
}

function readEstimate(fields: Fields): DrillEstimate {
  return {fullMs: fields.count('fullMs'), assumptions: fields.texts('assumptions', 100)};
}

function optional(fields: Fields, member: string): number | null {
  return fields.has(member) ? fields.count(member) : null;
}

function oneOf<const T extends string>(fields: Fields, member: string, known: readonly T[]): T {
  const value = known.find((candidate) => fields.text(member) === candidate);
  if (value === undefined) throw new FormatError(`"${member}" is none of ${known.join(', ')}`);
  return value;
}
