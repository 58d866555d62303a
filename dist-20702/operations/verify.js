import { useLittleMemory } from '../system/memory.js';
import { verifyCiphertext } from './verify-ciphertext.js';
import { FILES_AFFECTED, verifyContent } from './verify-content.js';
import { verifyKit } from './verify-kit.js';
import { neededObjects, verifyStructure } from './verify-structure.js';
export async function verify(context, history, options) {
    useLittleMemory();
    const { level, seal, sample = 1 } = options;
    const chosen = history.sources
        .filter(({ source }) => seal === undefined || source === seal.source)
        .map((source) => ({ source, seals: seal === undefined ? source.seals : [seal] }));
    const problems = [];
    if (seal === undefined)
        problems.push(...history.problems);
    problems.push(...(await verifyKit(context)));
    const needed = [];
    const bad = new Set();
    let unfinished = 0;
    let unsealed = 0;
    for (const { source, seals } of chosen) {
        const objects = neededObjects(source, seals, context.agents, problems);
        const structure = await verifyStructure(context, source, objects);
        problems.push(...structure.problems);
        if (seal === undefined) {
            unfinished += structure.unfinished;
            unsealed += structure.unsealed;
        }
        for (const name of structure.bad)
            bad.add(name);
        needed.push(...objects.filter((object) => !structure.bad.has(object.name)));
    }
    const packs = needed.filter((object) => object.kind === 'pack');
    let bytes = needed.reduce((sum, object) => sum + object.size, 0);
    let packCount = packs.length;
    if (level !== 'structure') {
        const sampled = needed.filter((object) => object.kind !== 'pack' || Math.random() < sample);
        packCount = sampled.filter((object) => object.kind === 'pack').length;
        bytes = sampled.reduce((sum, object) => sum + object.size, 0);
        const found = level === 'ciphertext'
            ? await verifyCiphertext(context, sampled)
            : await verifyContent(context, chosen, sampled, bad);
        // What the structure shows already is not told again in other words; which files it affects, is.
        problems.push(...found.filter(({ object, problem }) => !bad.has(object) || problem === FILES_AFFECTED));
    }
    const snapshots = chosen.reduce((sum, { seals }) => sum + seals.length, 0);
    return {
        level,
        ok: problems.length === 0,
        snapshots,
        packs: packCount,
        bytes,
        problems: merged(problems),
        unfinished,
        unsealed,
    };
}
/** One problem of one object is told once, with everything that it affects. */
function merged(problems) {
    const byText = new Map();
    for (const problem of problems) {
        const key = `${problem.object}\0${problem.problem}`;
        const before = byText.get(key);
        byText.set(key, before === undefined
            ? problem
            : { ...before, affects: [...new Set([...before.affects, ...problem.affects])] });
    }
    return [...byText.values()];
}
