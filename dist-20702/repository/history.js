/** The seals of a repository, read and checked: signatures, chain, and what this machine saw before. */
import pMap from 'p-map';
import { UnknownSignerError } from '../crypto/message.js';
import { DamageError, HoldfastError } from '../errors.js';
import { readObject } from '../targets/read.js';
import { ObjectMissingError } from '../targets/target.js';
import { asProblem, chainProblems, endOfHistory, problemText, seenProblems, } from './chain.js';
import { isGenerationName, isSourceName, parseSealObject, sealObject, sealsPrefix, } from './layout.js';
import { readSeal, SEAL_MOST_BYTES } from './seal.js';
const PARALLEL_READS = 8;
/**
 * Reads all seals, of all sources or of those named, and notes the newest as seen.
 * @throws only what the target throws; everything wrong with what is stored is a problem in the result
 */
export async function readHistory(repository, agents, trust, sources) {
    const names = sources ?? (await allSources(repository, trust));
    const histories = await pMap(names, (source) => readSource(repository, agents, source, trust), {
        concurrency: 2,
    });
    const problems = histories.flatMap((history) => history.problems);
    trust.remember(newestSeen(histories.filter((history) => history.endProblems.length === 0)));
    return { sources: histories, problems };
}
/**
 * The seals of one source, checked on their own, against each other, and against what this machine remembers.
 * @param cataloged the number of the newest seal in the catalog: remembered, too
 */
export async function readSource(repository, agents, source, trust, cataloged = 0) {
    const found = [];
    const generations = [];
    for await (const name of repository.target.listFolders(`${source}/`))
        if (isGenerationName(name))
            generations.push(name);
    generations.sort();
    const objects = [];
    const sealNames = new Set();
    for (const generation of generations) {
        const place = { source, generation };
        for await (const { name } of repository.target.list(sealsPrefix(place))) {
            sealNames.add(name);
            const parsed = parseSealObject(place, name);
            if (parsed === undefined)
                found.push({ object: name, problem: 'it is not named like a seal', affects: [], sequence: -1 });
            else
                objects.push({ place, name, ...parsed });
        }
    }
    const read = await pMap(objects, async ({ place, name, sequence, id }) => {
        const seal = await readOne(repository, agents, name);
        const wrong = (problem) => ({ object: name, problem, affects: [id], sequence });
        if ('problem' in seal)
            return { object: name, affects: [id], sequence, ...seal };
        const named = sealObject(place, sequence, id);
        const says = sealObject(seal, seal.sequence, seal.snapshot.id);
        if (seal.repository !== repository.id)
            return wrong('it belongs to another repository');
        if (named !== says)
            return wrong(`it belongs at ${says}`);
        return seal;
    }, { concurrency: PARALLEL_READS });
    const seals = [];
    for (const item of read) {
        if ('problem' in item)
            found.push(item);
        else
            seals.push(item);
    }
    // Two seals of one number are a fork; which of them counts as the later one must not depend on the listing's order.
    seals.sort((a, b) => a.sequence - b.sequence || (a.snapshot.id < b.snapshot.id ? -1 : 1));
    const seen = trust.seen(source);
    found.push(...chainProblems(source, seals), ...seenProblems(source, seals, seen));
    const accepted = new Set(trust.accepted(source));
    const open = found.filter((problem) => !accepted.has(problemText(problem)));
    const end = endOfHistory(seals, Math.max(seen?.sequence ?? 0, cataloged));
    return {
        source,
        seals,
        sealNames,
        generations,
        problems: open.map(asProblem),
        endProblems: open.filter(({ sequence }) => sequence >= end).map(asProblem),
    };
}
/** A seal lists everything it needs at least so often (docs/format.md §9); a longer line is no honest one. */
const LINE_MOST_SEALS = 32;
const sealsByHistory = new WeakMap();
function sealsByHash(history) {
    const known = sealsByHistory.get(history) ?? new Map(history.seals.map((seal) => [seal.hash, seal]));
    sealsByHistory.set(history, known);
    return known;
}
/** What `seal` needs in all, following the seals it builds on. Undefined if one of those is missing. */
export function resolveNeeds(history, seal) {
    const byHash = sealsByHash(history);
    const line = [];
    for (let at = seal;;) {
        line.push(at);
        if (at.needs.base === null)
            break;
        if (line.length === LINE_MOST_SEALS)
            return undefined;
        const base = byHash.get(at.needs.base);
        if (base === undefined || base.sequence >= at.sequence || base.generation !== at.generation)
            return undefined;
        at = base;
    }
    const packs = new Map();
    const index = new Map();
    for (const { needs } of line.reverse()) {
        for (const [name, size] of needs.packs)
            packs.set(name, size);
        for (const [name, size] of needs.index)
            index.set(name, size);
        for (const name of needs.dropped) {
            packs.delete(name);
            index.delete(name);
        }
    }
    return { packs, index };
}
async function allSources({ target }, trust) {
    const names = new Set(trust.sources);
    for await (const name of target.listFolders(''))
        if (isSourceName(name))
            names.add(name);
    return [...names].sort();
}
async function readOne({ target }, agents, name) {
    try {
        return await readSeal(await readObject(target, name, { maxBytes: SEAL_MOST_BYTES }), agents);
    }
    catch (error) {
        if (error instanceof DamageError)
            return { problem: error.message.replace(`${name}: `, '') };
        if (error instanceof ObjectMissingError)
            return { problem: 'it is missing' };
        if (error instanceof HoldfastError)
            throw error;
        const { message: problem } = error;
        return error instanceof UnknownSignerError ? { problem, stranger: error.keyId } : { problem };
    }
}
/**
 * Notes that the operator has looked at the problems of a history and went on with `next`. A problem that shows up later
 * is reported again.
 */
export function acceptHistory(trust, history, next) {
    const problems = [...history.problems, ...chainProblems(history.source, [...history.seals, next])];
    trust.accept(next.source, next, problems.map(problemText));
}
function newestSeen(histories) {
    return Object.fromEntries(histories.flatMap(({ source, seals }) => {
        const newest = seals.at(-1);
        return newest === undefined ? [] : [[source, { sequence: newest.sequence, hash: newest.hash }]];
    }));
}
