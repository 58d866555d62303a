import type {Problem} from '../repository/chain.ts';
import {counted} from './output.ts';

/** For who expected snapshots, and finds none. */
export const EMPTY_HINT =
  'if backups were made into this repository, check the address (another prefix, bucket or disk?), and whether somebody emptied the storage.';

/** Problems as people get them: all that an unapproved agent signed is one of them. */
export function toldProblems(problems: readonly Problem[]): Problem[] {
  const told: Problem[] = problems.filter(({stranger}) => stranger === undefined);
  const strangers = Map.groupBy(
    problems.filter(({stranger}) => stranger !== undefined),
    ({stranger}) => stranger,
  );
  for (const [stranger, seals] of strangers) {
    const are = seals.length === 1 ? 'is' : 'are';
    told.push({
      object: `agent ${stranger}…`,
      problem: `${counted(seals.length, 'seal')} ${are} signed by this agent, which is not approved here, or whose key is missing: ${are === 'is' ? 'it does' : 'they do'} not count`,
      affects: seals.flatMap(({affects}) => affects),
    });
  }
  return told;
}
