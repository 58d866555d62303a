// Runs the tests, then says what was left out and why, and ends with `N passed, N failed`.
// Arguments go to vitest: npm test -- test/chunker
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, relative} from 'node:path';
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
  const report = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : undefined;
  const {passed, failed} = count(report, status);
  if (report) tellSkipped(report, existsSync(skips) ? readFileSync(skips, 'utf8').trim().split('\n') : []);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && status === 0 ? 0 : 1;
}

/** Nothing is left out in silence: the reasons that suites gave, and the files with skipped tests. */
function tellSkipped({testResults}, reasons) {
  // With a filter by name (-t), what it passes over is skipped as well: then only reasons are told.
  const isFiltered = process.argv.some((word) => /^(-t|--testNamePattern)\b/.test(word));
  const files = isFiltered ? [] : testResults.map(skippedIn).filter(({count}) => count > 0);
  if (reasons.length + files.length === 0) return;
  console.log('\nLeft out:');
  for (const reason of new Set(reasons)) console.log(`  ${reason}`);
  for (const {name, count} of files) console.log(`  ${name}: ${count} skipped`);
}

function skippedIn({name, assertionResults}) {
  const skipped = assertionResults.filter(({status}) => ['skipped', 'pending', 'todo'].includes(status));
  return {name: relative(root, name), count: skipped.length};
}

/** A file that cannot be loaded, or an error outside of any test, counts as one failed test. */
function count(report, status) {
  if (!report) return {passed: 0, failed: 1};
  const {numPassedTests, numFailedTests, testResults} = report;
  const isBroken = ({status, assertionResults}) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
  const failed = numFailedTests + testResults.filter(isBroken).length;
  return {passed: numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed};
}
