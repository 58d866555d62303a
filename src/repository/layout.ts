/** Names of objects (docs/format.md §1): the one place that knows how a repository is laid out. */
import {createHash, randomBytes} from 'node:crypto';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & {readonly [brand]: Name};

/** SHA-256 of a pack's bytes, 64 hex digits. */
export type PackName = Branded<string, 'PackName'>;
/** SHA-256 of an index object's bytes, 64 hex digits. */
export type IndexName = Branded<string, 'IndexName'>;
/** HMAC-SHA256 of a blob's content, 64 hex digits. */
export type BlobId = Branded<string, 'BlobId'>;
/** 16 hex digits. */
export type SnapshotId = Branded<string, 'SnapshotId'>;

export const FORMAT = 1;
export const MARKER = 'holdfast.json';
export const RECOVERY_GUIDE = 'RECOVERY.md';
export const RECOVERY_SCRIPT = 'recover.py';

const RESERVED = new Set(['agents', 'audit', 'drills', 'leases', MARKER, RECOVERY_SCRIPT]);
const SOURCE = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const GENERATION = /^\d{8}T\d{6}Z-[a-z2-7]{4}$/;
const HASH = /^[0-9a-f]{64}$/;
const SEAL = /^(\d{10})-([0-9a-f]{16})\.asc$/;

const OPERATOR = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const DRILL = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;

/** One generation of one source. */
export interface GenerationPlace {
  readonly source: string;
  readonly generation: string;
}

export function isSourceName(name: string): boolean {
  return SOURCE.test(name) && !RESERVED.has(name);
}

export function isGenerationName(name: string): boolean {
  return GENERATION.test(name);
}

export function isHash(text: unknown): text is string {
  return typeof text === 'string' && HASH.test(text);
}

export function newGenerationName(now: Date): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  return `${time}-${Array.from(randomBytes(4), (byte) => alphabet[byte & 31]).join('')}`;
}

/** Whether it is the fingerprint of who signs drill reports. */
export function isOperator(text: unknown): text is string {
  return typeof text === 'string' && OPERATOR.test(text);
}

export function isDrillId(text: string): boolean {
  return DRILL.test(text);
}

/** Begins with the time, so that names sort by it. */
export function newDrillId(now: Date): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(4).toString('hex')}`;
}

/** Marks and pins are named as drills are. */
export function isStatementId(text: string): boolean {
  return isDrillId(text);
}

export function newStatementId(now: Date): string {
  return newDrillId(now);
}

export const DRILLS_PREFIX = 'drills/';
export const OPERATORS_PREFIX = 'drills/operators/';
export const drillObject = (id: string): string => `${DRILLS_PREFIX}${id}.asc`;
export const operatorObject = (fingerprint: string): string => `${OPERATORS_PREFIX}${fingerprint}.asc`;
export const marksPrefix = (source: string): string => `${source}/marks/`;
export const markObject = (source: string, id: string): string => `${marksPrefix(source)}${id}.asc`;
export const pinsPrefix = (source: string): string => `${source}/pins/`;
export const pinObject = (source: string, id: string): string => `${pinsPrefix(source)}${id}.asc`;
export const PRUNE_LEASE = 'leases/_prune.json';
export const agentObject = (fingerprint: string): string => `agents/${fingerprint}.asc`;
export const LEASES_PREFIX = 'leases/';
export const leaseObject = (source: string): string => `${LEASES_PREFIX}${source}.json`;
export const generationPrefix = ({source, generation}: GenerationPlace): string => `${source}/${generation}/`;
export const inGeneration = (place: GenerationPlace, name: string): string => generationPrefix(place) + name;
export const packsPrefix = (place: GenerationPlace): string => inGeneration(place, 'packs/');
export const packObject = (place: GenerationPlace, name: string): string =>
  `${packsPrefix(place)}${name.slice(0, 2)}/${name}.pgp`;
export const indexPrefix = (place: GenerationPlace): string => inGeneration(place, 'index/');
export const indexObject = (place: GenerationPlace, name: string): string =>
  `${indexPrefix(place)}${name}.pgp`;
export const snapshotObject = (place: GenerationPlace, id: string): string =>
  inGeneration(place, `snapshots/${id}.pgp`);
export const sealsPrefix = (place: GenerationPlace): string => inGeneration(place, 'seals/');
export const sealObject = (place: GenerationPlace, sequence: number, id: string): string =>
  `${sealsPrefix(place)}${String(sequence).padStart(10, '0')}-${id}.asc`;

/** Sequence and snapshot id out of a seal's object name, or undefined if it is none. */
export function parseSealObject(
  place: GenerationPlace,
  name: string,
): {sequence: number; id: SnapshotId} | undefined {
  const prefix = sealsPrefix(place);
  const match = name.startsWith(prefix) ? SEAL.exec(name.slice(prefix.length)) : null;
  return match === null ? undefined : {sequence: Number(match[1]), id: match[2] as SnapshotId};
}

/** The hash out of the name of a pack or index object, or undefined if it is none. */
export function parseHashObject(prefix: string, name: string): string | undefined {
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  const [, folder, hash] = /^(?:([0-9a-f]{2})\/)?([0-9a-f]{64})\.pgp$/.exec(rest) ?? [];
  return folder === undefined || hash?.startsWith(folder) === true ? hash : undefined;
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
