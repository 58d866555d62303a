import {appendFileSync} from 'node:fs';

/**
 * Says that a suite is left out, so that `npm test` can name it at the end. Where everything must run
 * (`HOLDFAST_TEST_SERVERS=required`, as in .ci/run) that is a failure, unless the machine cannot help it.
 * @param reason what is missing, and how to have it
 */
export function leftOut(suite: string, reason: string, {tolerated = false} = {}): void {
  if (process.env['HOLDFAST_TEST_SERVERS'] === 'required' && !tolerated) {
    throw new Error(`${suite} must not be left out: ${reason}`);
  }
  const file = process.env['HOLDFAST_TEST_SKIPS'];
  if (file) appendFileSync(file, `${suite}: ${reason}\n`);
  else console.warn(`Left out: ${suite}: ${reason}`);
}
