import { encryptionFingerprint } from '../repository/agent.js';
import { resolveNeeds } from '../repository/history.js';
import { generationPrefix, indexObject, inGeneration, packObject, sealObject, snapshotObject, } from '../repository/layout.js';
/** Everything that these seals need, each object once. What cannot be resolved goes to `problems`. */
export function neededObjects(history, seals, agents, problems) {
    const agentSubkeys = agents.map(encryptionFingerprint);
    const objects = new Map();
    const need = (object, snapshot) => {
        const known = objects.get(object.name);
        if (known === undefined)
            objects.set(object.name, { ...object, affects: [snapshot] });
        else
            known.affects.push(snapshot);
    };
    for (const seal of seals) {
        const { snapshot, generationKey } = seal;
        const common = { generation: seal.generation, source: seal.source };
        const object = snapshotObject(seal, snapshot.id);
        need({
            ...common,
            name: object,
            kind: 'snapshot',
            size: snapshot.size,
            sha256: snapshot.sha256,
            hash: '',
            encryptedTo: [[generationKey]],
        }, snapshot.id);
        for (const { name, size, sha256 } of seal.secrets) {
            need({
                ...common,
                name: inGeneration(seal, name),
                kind: 'secret',
                size,
                sha256,
                hash: '',
                encryptedTo: undefined,
            }, snapshot.id);
        }
        const needs = resolveNeeds(history, seal);
        if (needs === undefined) {
            problems.push({
                object: sealObject(seal, seal.sequence, snapshot.id),
                problem: 'a seal that it builds on is missing, so what it needs is not known',
                affects: [snapshot.id],
            });
            continue;
        }
        for (const [hash, size] of needs.packs) {
            need({
                ...common,
                name: packObject(seal, hash),
                kind: 'pack',
                size,
                sha256: hash,
                hash,
                encryptedTo: [[generationKey]],
            }, snapshot.id);
        }
        for (const [hash, size] of needs.index) {
            need({
                ...common,
                name: indexObject(seal, hash),
                kind: 'index',
                size,
                sha256: hash,
                hash,
                encryptedTo: [[generationKey], agentSubkeys],
            }, snapshot.id);
        }
    }
    return [...objects.values()];
}
/** Looks every needed object up, by listing, and directly where a listing does not have it. */
export async function verifyStructure({ repository: { target }, signal }, history, needed) {
    const problems = [];
    const bad = new Set();
    let unfinished = 0;
    let unsealed = 0;
    for (const generation of new Set([...history.generations, ...needed.map((object) => object.generation)])) {
        const prefix = generationPrefix({ source: history.source, generation });
        const expected = new Map(needed.filter((object) => object.generation === generation).map((object) => [object.name, object]));
        const sizes = new Map();
        for await (const { name, sizeBytes } of target.list(prefix, { signal })) {
            if (expected.has(name))
                sizes.set(name, sizeBytes);
            else if (!name.startsWith(`${prefix}seals/`)) {
                unfinished++;
                if (name.startsWith(`${prefix}snapshots/`))
                    unsealed++;
            }
        }
        for (const object of expected.values()) {
            const size = sizes.get(object.name) ?? (await target.stat(object.name, { signal }))?.sizeBytes;
            if (size === object.size)
                continue;
            bad.add(object.name);
            const problem = size === undefined ? 'it is missing' : `it has ${size} bytes instead of ${object.size}`;
            problems.push({ object: object.name, problem, affects: object.affects });
        }
    }
    return { problems, bad, unfinished, unsealed };
}
