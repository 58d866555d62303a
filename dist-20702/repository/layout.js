/** Names of objects (docs/format.md §1): the one place that knows how a repository is laid out. */
import { createHash, randomBytes } from 'node:crypto';
export const FORMAT = 1;
export const MARKER = 'holdfast.json';
export const RECOVERY_GUIDE = 'RECOVERY.md';
export const RECOVERY_SCRIPT = 'recover.py';
const RESERVED = new Set(['agents', 'audit', 'drills', 'leases', MARKER, RECOVERY_SCRIPT]);
const SOURCE = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const GENERATION = /^\d{8}T\d{6}Z-[a-z2-7]{4}$/;
const HASH = /^[0-9a-f]{64}$/;
const SEAL = /^(\d{10})-([0-9a-f]{16})\.asc$/;
export function isSourceName(name) {
    return SOURCE.test(name) && !RESERVED.has(name);
}
export function isGenerationName(name) {
    return GENERATION.test(name);
}
export function isHash(text) {
    return typeof text === 'string' && HASH.test(text);
}
export function newGenerationName(now) {
    const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
    const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
    return `${time}-${Array.from(randomBytes(4), (byte) => alphabet[byte & 31]).join('')}`;
}
export const agentObject = (fingerprint) => `agents/${fingerprint}.asc`;
export const leaseObject = (source) => `leases/${source}.json`;
export const generationPrefix = ({ source, generation }) => `${source}/${generation}/`;
export const inGeneration = (place, name) => generationPrefix(place) + name;
export const packsPrefix = (place) => inGeneration(place, 'packs/');
export const packObject = (place, name) => `${packsPrefix(place)}${name.slice(0, 2)}/${name}.pgp`;
export const indexPrefix = (place) => inGeneration(place, 'index/');
export const indexObject = (place, name) => `${indexPrefix(place)}${name}.pgp`;
export const snapshotObject = (place, id) => inGeneration(place, `snapshots/${id}.pgp`);
export const sealsPrefix = (place) => inGeneration(place, 'seals/');
export const sealObject = (place, sequence, id) => `${sealsPrefix(place)}${String(sequence).padStart(10, '0')}-${id}.asc`;
/** Sequence and snapshot id out of a seal's object name, or undefined if it is none. */
export function parseSealObject(place, name) {
    const prefix = sealsPrefix(place);
    const match = name.startsWith(prefix) ? SEAL.exec(name.slice(prefix.length)) : null;
    return match === null ? undefined : { sequence: Number(match[1]), id: match[2] };
}
/** The hash out of the name of a pack or index object, or undefined if it is none. */
export function parseHashObject(prefix, name) {
    const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    const [, folder, hash] = /^(?:([0-9a-f]{2})\/)?([0-9a-f]{64})\.pgp$/.exec(rest) ?? [];
    return folder === undefined || hash?.startsWith(folder) === true ? hash : undefined;
}
export function sha256(bytes) {
    return createHash('sha256').update(bytes).digest('hex');
}
