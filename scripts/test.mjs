// Runs the tests, then says what was left out and why, and ends with `N passed, N failed`.
// Arguments go to vitest: npm test -- test/chunker
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {root, runWithPinnedNode, withPinnedNode} from './lib/project.mjs';

await runWithPinnedNode(import.meta.url, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  try {
    process.exitCode = test(scratch);
  } finally {
    rmSync(scratch, {recursive: true, force: true});
  }
});

function test(scratch) {
  const results = join(scratch, 'results.json');
  const skips = join(scratch, 'skips');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const {status} = withPinnedNode([vitest, 'run', ...reporters, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: {...process.env, HOLDFAST_TEST_SKIPS: skips},
  });
  const {passed, failed} = count(results, status);
  if (existsSync(skips)) {
    console.log('\nLeft out:');
    for (const line of new Set(readFileSync(skips, 'utf8').trim().split('\n'))) console.log(`  ${line}`);
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && status === 0 ? 0 : 1;
}

/** A file that cannot be loaded, or an error outside of any test, counts as one failed test. */
function count(results, status) {
  if (!existsSync(results)) return {passed: 0, failed: 1};
  const {numPassedTests, numFailedTests, testResults} = JSON.parse(readFileSync(results, 'utf8'));
  const isBroken = ({status, assertionResults}) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
  const failed = numFailedTests + testResults.filter(isBroken).length;
  return {passed: numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed};
}
