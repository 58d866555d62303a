/** Drill reports in a copy, and the keys of who signed them: so that the copy proves what the repository proves. */
import type {Problem} from '../repository/chain.ts';
import {readDrills} from '../repository/drill-history.ts';
import {DRILLS_PREFIX, drillObject, OPERATORS_PREFIX} from '../repository/layout.ts';
import {enrolOperator, storedOperators} from '../repository/operators.ts';
import type {Repository} from '../repository/repository.ts';
import type {Target} from '../targets/target.ts';
import {puts} from './puts.ts';

export interface CopiedDrills {
  /** That were copied. */
  readonly objects: number;
  readonly bytes: number;
  /** That the copy had already. */
  readonly present: number;
  readonly problems: readonly Problem[];
}

/**
 * Copies the reports that the copy lacks, each checked with the key beside it. Whose reports count is for those to say who read the copy;
 * a report that nobody's key verifies is a problem, and stays behind.
 */
export async function copyDrills(
  repository: Repository,
  to: Target,
  signal: AbortSignal | undefined,
): Promise<CopiedDrills> {
  const there = new Set<string>();
  for await (const {name} of to.list(DRILLS_PREFIX, {signal}))
    if (!name.startsWith(OPERATORS_PREFIX)) there.add(name);
  const keys = await storedOperators(repository);
  const found = await readDrills(repository, [...keys.values()], signal, there);
  const problems: Problem[] = found.problems.map(({object, problem}) => ({object, problem, affects: []}));
  let objects = 0;
  let bytes = 0;
  for (const {id, operator, object} of found.reports) {
    signal?.throwIfAborted();
    const key = keys.get(operator);
    if (key !== undefined) await enrolOperator({...repository, target: to}, key);
    if (await puts(to, drillObject(id), object, signal)) {
      objects += 1;
      bytes += object.length;
    } else {
      const problem = `in ${to.label} there is something else under its name`;
      problems.push({object: drillObject(id), problem, affects: []});
    }
  }
  return {objects, bytes, present: there.size, problems};
}
