/** What is wrong with seals as a chain, and whether its end goes on from what this machine remembers. */
import { sealObject } from './layout.js';
export function asProblem({ sequence, ...problem }) {
    return problem;
}
export function problemText({ object, problem }) {
    return `${object}: ${problem}`;
}
/**
 * From this number on a problem concerns the end of the history. What lies below a seal that this machine remembers, and that is there,
 * cannot change what follows: that seal names the hash of everything before it.
 */
export function endOfHistory(seals, remembered) {
    return Math.min(seals.at(-1)?.sequence ?? 0, remembered);
}
/** Sequences start at 1 and have no gap; each seal names the one before. */
export function chainProblems(source, seals) {
    const problems = [];
    let before;
    for (const seal of seals) {
        const object = sealObject(seal, seal.sequence, seal.snapshot.id);
        const affects = [seal.snapshot.id];
        const expected = (before?.sequence ?? 0) + 1;
        if (seal.sequence === before?.sequence) {
            problems.push({
                object,
                problem: `there are two seals number ${seal.sequence} of ${source}: history was forked`,
                affects: [before.snapshot.id, ...affects],
                sequence: seal.sequence,
            });
        }
        else if (seal.sequence !== expected) {
            const missing = seal.sequence - 1 === expected ? `seal ${expected}` : `seals ${expected} to ${seal.sequence - 1}`;
            problems.push({
                object,
                problem: `${missing} of ${source} before it: missing`,
                affects: [],
                sequence: seal.sequence - 1,
            });
        }
        else if (seal.previous !== (before?.hash ?? null)) {
            problems.push({
                object,
                problem: 'it does not follow from the seal before it',
                affects,
                sequence: seal.sequence - 1,
            });
        }
        before = seal;
    }
    return problems;
}
/** The storage must not serve an older history, or another one, than this machine has seen. */
export function seenProblems(source, seals, seen) {
    if (seen === undefined)
        return [];
    const newest = seals.at(-1);
    const { sequence } = seen;
    if (newest === undefined || newest.sequence < sequence) {
        const has = newest === undefined ? 'no seal' : `seal ${newest.sequence}`;
        return [
            {
                object: source,
                problem: `the storage has ${has} as its newest, older than seal ${sequence} seen before: rolled back or emptied`,
                affects: [],
                sequence,
            },
        ];
    }
    const same = seals.filter((seal) => seal.sequence === sequence);
    if (same.length > 0 && !same.some((seal) => seal.hash === seen.hash)) {
        return [
            {
                object: source,
                problem: `seal ${sequence} is not the one seen before: history was replaced`,
                affects: same.map((seal) => seal.snapshot.id),
                sequence,
            },
        ];
    }
    return [];
}
