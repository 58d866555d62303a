import {spawnSync} from 'node:child_process';
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

/**
 * Whether this is root, for `test.runIf`; where it is not, `npm test` names what that leaves out.
 * @param tests what they are, such as `devices`
 */
export function asRoot(tests: string): boolean {
  const isRoot = process.geteuid?.() === 0;
  if (!isRoot) leftOut(tests, 'only root may do that; run the tests as root', {tolerated: true});
  return isRoot;
}

/** The same for tests that mount; a container may forbid that even to root. */
export function mayMount(tests: string): boolean {
  const {status} = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  if (status !== 0)
    leftOut(tests, 'mounting is not permitted here; run the tests as root', {tolerated: true});
  return status === 0;
}

/** The same for tests that need a program of the system. */
export function hasProgram(tests: string, program: string): boolean {
  const {error} = spawnSync(program, ['--version'], {stdio: 'ignore'});
  if (error) leftOut(tests, `there is no ${program}; install it`);
  return error === undefined;
}
