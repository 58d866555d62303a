import pMap from 'p-map';
import { DamageError, NoRepositoryError } from '../errors.js';
import { enrolAgent } from '../repository/agents.js';
import { kitFiles } from '../repository/kit.js';
import { sealObject, sealsPrefix } from '../repository/layout.js';
import { findRepository, putMarker } from '../repository/repository.js';
import { readSeal, SEAL_MOST_BYTES } from '../repository/seal.js';
import { readObject } from '../targets/read.js';
import { ObjectExistsError, ObjectMissingError } from '../targets/target.js';
import { MOST_BYTES, wrongBytes } from './verify-ciphertext.js';
import { neededObjects } from './verify-structure.js';
/**
 * @throws {@link NoRepositoryError} where `to` holds another repository
 * @throws {@link TargetError} of either side; what was copied until then stays
 */
export async function replicate(context, history, to) {
    const counts = { objects: 0, bytes: 0, snapshots: 0, present: 0, problems: [...history.problems] };
    await prepare(context, to);
    for (const source of history.sources) {
        const problems = await copyNeeded(context, source, to, counts);
        counts.problems.push(...problems);
        await copySeals(context, source, to, counts, new Set(problems.flatMap(({ affects }) => affects)));
    }
    return counts;
}
/** The marker, the agents' keys, and the emergency kit: that of this program, not what somebody may have put there. */
async function prepare({ repository, agents, createContainer = false, signal }, to) {
    const copy = { ...repository, target: to };
    await to.create({ container: createContainer, signal });
    const found = await findRepository(to);
    if (found !== undefined && found.id !== repository.id) {
        throw new NoRepositoryError(`${to.label} holds another repository (${found.id}), not a copy of ${repository.id}.`, {
            hint: 'Name an empty place, or the copy of this repository.',
        });
    }
    if (found === undefined)
        await unlessThere(() => putMarker(copy));
    for (const key of agents)
        await unlessThere(() => enrolAgent(copy, key));
    for (const { name, content } of kitFiles())
        await unlessThere(() => to.put(name, content));
}
/** Copies what the seals of a source need. @returns what could not be copied, since it is damaged on one side */
async function copyNeeded(context, source, to, counts) {
    const { repository, agents, concurrency, signal, onProgress } = context;
    const problems = [];
    const needed = neededObjects(source, source.seals, agents, problems);
    const sizes = new Map();
    for await (const { name, sizeBytes } of to.list(`${source.source}/`, { signal }))
        sizes.set(name, sizeBytes);
    const complain = ({ name, affects }, problem) => {
        problems.push({ object: name, problem, affects });
    };
    const missing = needed.filter((object) => {
        const size = sizes.get(object.name);
        if (size === undefined)
            return true;
        if (size === object.size)
            counts.present += 1;
        else
            complain(object, `in ${to.label} it has ${size} bytes instead of ${object.size}`);
        return false;
    });
    const total = missing.reduce((sum, { size }) => sum + size, 0);
    let bytes = 0;
    let files = 0;
    await pMap(missing, async (object) => {
        signal?.throwIfAborted();
        const body = await readChecked(repository.target, object, signal);
        if (typeof body === 'string')
            complain(object, body);
        else if (await puts(to, object.name, body, signal)) {
            counts.objects += 1;
            counts.bytes += body.length;
        }
        else
            complain(object, `in ${to.label} there is something else under its name`);
        bytes += object.size;
        onProgress?.({
            phase: 'replicate',
            files: { done: ++files, total: missing.length },
            bytes: { done: bytes, total },
            current: object.name,
        });
    }, { concurrency });
    return problems;
}
/**
 * The seals, oldest first, so that each finds there what it builds on. Not those of snapshots whose objects are damaged, nor what builds
 * on them: a seal is a promise.
 *
 * @param broken ids of snapshots that would not restore from the copy
 */
async function copySeals({ repository: { target }, agents, signal }, { source, seals, sealNames, generations }, to, counts, broken) {
    const there = new Set();
    for (const generation of generations)
        for await (const { name } of to.list(sealsPrefix({ source, generation }), { signal }))
            there.add(name);
    const withheld = new Set();
    for (const seal of seals) {
        signal?.throwIfAborted();
        const name = sealObject(seal, seal.sequence, seal.snapshot.id);
        if (there.has(name)) {
            counts.present += 1;
        }
        else if (broken.has(seal.snapshot.id) || (seal.needs.base !== null && withheld.has(seal.needs.base))) {
            withheld.add(seal.hash);
        }
        else {
            const body = await readSealObject(target, name, seal, agents, signal);
            if (await puts(to, name, body, signal)) {
                counts.objects += 1;
                counts.bytes += body.length;
                counts.snapshots += 1;
            }
            else {
                const problem = `in ${to.label} there is something else under its name`;
                counts.problems.push({ object: name, problem, affects: [seal.snapshot.id] });
            }
        }
    }
    for (const name of there) {
        if (sealNames.has(name))
            continue;
        const problem = `${to.label} has this seal, and the repository has not: it was removed here, or never made here`;
        counts.problems.push({ object: name, problem, affects: [] });
    }
}
/** The object as the seals say that it is, or what is wrong with it. Wrong bytes are read a second time before they count. */
async function readChecked(target, object, signal) {
    if (object.size > MOST_BYTES[object.kind])
        return `it has ${object.size} bytes, more than any that Holdfast writes`;
    for (let attempt = 1;; attempt++) {
        let problem;
        try {
            const bytes = await readObject(target, object.name, { maxBytes: object.size, signal });
            problem = wrongBytes(bytes, object);
            if (problem === undefined)
                return bytes;
        }
        catch (error) {
            if (error instanceof ObjectMissingError)
                return 'it is missing';
            if (!(error instanceof DamageError))
                throw error;
            problem = 'it is larger than the seal says';
        }
        if (attempt === 2)
            return problem;
    }
}
/** The bytes of a seal that was checked before, checked again: they were read anew. */
async function readSealObject(target, name, { hash }, agents, signal) {
    const body = await readObject(target, name, { maxBytes: SEAL_MOST_BYTES, signal });
    const { hash: found } = await readSeal(body, agents);
    if (found === hash)
        return body;
    throw new DamageError(name, 'it changed while the repository was copied');
}
/** @returns false where the name holds other bytes */
async function puts(to, name, body, signal) {
    try {
        await to.put(name, body, { signal });
        return true;
    }
    catch (error) {
        if (!(error instanceof ObjectExistsError))
            throw error;
        // Another run may have copied it meanwhile.
        const found = await readObject(to, name, { maxBytes: body.length, signal }).catch((cause) => {
            if (cause instanceof DamageError)
                return undefined;
            throw cause;
        });
        return found !== undefined && Buffer.compare(found, body) === 0;
    }
}
async function unlessThere(put) {
    try {
        await put();
    }
    catch (error) {
        if (!(error instanceof ObjectExistsError))
            throw error;
    }
}
