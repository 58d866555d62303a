import { verifyMessage } from '../crypto/message.js';
import { openSigned, sealSigned } from './agent.js';
import { canonicalJson, isCanonical } from './canonical.js';
import { Fields, FormatError, signedText } from './fields.js';
import { FORMAT, sha256 } from './layout.js';
import { byteCounts, entryCounts } from './seal.js';
import { decodeEntry, encodeEntry } from './tree.js';
export const WARNINGS_MOST = 1000;
/** No snapshot object is larger. */
export const SNAPSHOT_MOST_BYTES = 16 * 2 ** 20;
export async function makeSnapshot(snapshot, agent, session, now) {
    const { path, root, ...rest } = snapshot;
    const payload = canonicalJson({
        type: 'holdfast-snapshot',
        format: FORMAT,
        ...rest,
        ...pathMember(path),
        root: JSON.parse(encodeEntry(root)),
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
export async function readSnapshot(object, sessionKey, agents, expected) {
    const { data, signer } = await verifyMessage(openSigned(object, sessionKey), agents);
    const payload = signedText(data);
    if (snapshotId(payload) !== expected.id)
        throw new FormatError('it is another snapshot than its name says');
    const snapshot = parseSnapshot(payload);
    if (snapshot.agent !== signer ||
        snapshot.agent !== expected.agent ||
        snapshot.repository !== expected.repository ||
        snapshot.source !== expected.source ||
        snapshot.generation !== expected.generation ||
        snapshot.sequence !== expected.sequence) {
        throw new FormatError('it belongs to another repository, source, generation, agent or seal');
    }
    return snapshot;
}
function snapshotId(payload) {
    return sha256(payload).slice(0, 16);
}
function parseSnapshot(payload) {
    const fields = Fields.parse(payload);
    if (!isCanonical(payload))
        throw new FormatError('it is not canonical JSON');
    if (fields.text('type') !== 'holdfast-snapshot')
        throw new FormatError('it is not a snapshot');
    fields.format();
    const kind = fields.text('kind');
    if (kind !== 'full' && kind !== 'incremental')
        throw new FormatError('its kind is unknown');
    const root = decodeEntry(JSON.stringify(JSON.parse(payload).root ?? null));
    if (root.type !== 'directory')
        throw new FormatError('its root is not a directory');
    return {
        repository: fields.text('repository'),
        source: fields.text('source'),
        generation: fields.text('generation'),
        agent: fields.hash('agent'),
        sequence: fields.count('sequence'),
        kind,
        parent: fields.has('parent') ? fields.text('parent') : null,
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
            return { path: warning.text('path'), problem: warning.text('problem') };
        }),
        warningsOmitted: fields.count('warningsOmitted'),
        tags: fields.texts('tags', 100),
        ...(fields.has('witness') && { witness: JSON.parse(payload).witness }),
    };
}
function pathMember(path) {
    const text = path.toString('utf8');
    return Buffer.from(text).equals(path) ? { path: text } : { pathBytes: path.toString('base64') };
}
