import { counted } from './output.js';
/** Problems as people get them: all that an unapproved agent signed is one of them. */
export function toldProblems(problems) {
    const told = problems.filter(({ stranger }) => stranger === undefined);
    const strangers = Map.groupBy(problems.filter(({ stranger }) => stranger !== undefined), ({ stranger }) => stranger);
    for (const [stranger, seals] of strangers) {
        const are = seals.length === 1 ? 'is' : 'are';
        told.push({
            object: `agent ${stranger}…`,
            problem: `${counted(seals.length, 'seal')} ${are} signed by this agent, which is not approved here, or whose key is missing: ${are === 'is' ? 'it does' : 'they do'} not count`,
            affects: seals.flatMap(({ affects }) => affects),
        });
    }
    return told;
}
