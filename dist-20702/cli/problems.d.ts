import type { Problem } from '../repository/chain.ts';
/** Problems as people get them: all that an unapproved agent signed is one of them. */
export declare function toldProblems(problems: readonly Problem[]): Problem[];
