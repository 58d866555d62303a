import { armor, unarmor, verifyMessage } from '../crypto/message.js';
import { signAsAgent } from './agent.js';
import { canonicalJson, isCanonical } from './canonical.js';
import { Fields, FormatError, signedText } from './fields.js';
import { FORMAT, sha256 } from './layout.js';
/** No seal is larger. */
export const SEAL_MOST_BYTES = 4 * 2 ** 20;
export async function makeSeal(seal, agent, now) {
    const payload = canonicalJson({
        type: 'holdfast-seal',
        format: FORMAT,
        ...seal,
    });
    const object = Buffer.from(armor(await signAsAgent(agent, Buffer.from(payload), now)));
    return { object, checked: { ...seal, hash: sha256(payload), payload, objectBytes: object.length } };
}
/**
 * Checks the signature and reads what was signed.
 * @throws SignatureError, {@link FormatError}
 */
export async function readSeal(object, agents) {
    const { data, signer } = await verifyMessage(await unarmor(Buffer.from(object).toString('latin1')), agents);
    const payload = signedText(data);
    const seal = parseSeal(payload);
    if (seal.agent !== signer)
        throw new FormatError('it is signed by another agent than it says');
    return { ...seal, hash: sha256(payload), payload, objectBytes: object.length };
}
/**
 * Reads a payload that was signed.
 * @throws {@link FormatError} unless it is the canonical form of a seal
 */
export function parseSeal(payload) {
    const fields = Fields.parse(payload);
    if (!isCanonical(payload))
        throw new FormatError('it is not canonical JSON');
    if (fields.text('type') !== 'holdfast-seal')
        throw new FormatError('it is not a seal');
    fields.format();
    const kind = fields.text('kind');
    if (kind !== 'full' && kind !== 'incremental')
        throw new FormatError('its kind is unknown');
    const snapshot = fields.object('snapshot');
    const needs = fields.object('needs');
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
            id: snapshot.text('id'),
            size: snapshot.count('size'),
            sha256: snapshot.hash('sha256'),
        },
        entries: entryCounts(fields.object('entries')),
        bytes: byteCounts(fields.object('bytes')),
        warnings: fields.count('warnings'),
        secrets: fields.list('secrets', 100, readNamedObject),
        needs: {
            base: needs.has('base') ? needs.hash('base') : null,
            packs: needs.sizes('packs', 100_000),
            index: needs.sizes('index', 100_000),
            dropped: needs.texts('dropped', 100_000),
        },
    };
}
/** @throws {@link FormatError} unless it names one of a generation's secrets */
export function readNamedObject(item) {
    const secret = new Fields(item);
    const name = secret.text('name');
    if (!/^(generation(-\d{1,6})?|agent)\.pgp$/.test(name))
        throw new FormatError('it names unknown secrets');
    return { name, size: secret.count('size'), sha256: secret.hash('sha256') };
}
export function entryCounts(fields) {
    return {
        new: fields.count('new'),
        changed: fields.count('changed'),
        unchanged: fields.count('unchanged'),
        removed: fields.count('removed'),
        total: fields.count('total'),
    };
}
export function byteCounts(fields) {
    return {
        source: fields.count('source'),
        read: fields.count('read'),
        new: fields.count('new'),
        stored: fields.count('stored'),
    };
}
