/**
 * Holdfast beside restic, borg, kopia and duplicity, whichever are on the PATH: npm run bench -- [--quick] [--case NAME]…
 * Every tool does the same work in every round; they take turns, in another order each round. See docs/performance.md.
 */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync} from 'node:fs';
import {availableParallelism, cpus, release, tmpdir, totalmem} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {CASES, type Case, type Dataset, withNeeded} from './lib/cases.ts';
import {type DatasetFacts, Datasets} from './lib/datasets.ts';
import {Holdfast} from './lib/holdfast.ts';
import {bytesBelow, measure} from './lib/measure.ts';
import {findPeers} from './lib/peers.ts';
import {type BenchResult, newCaseResult, renderCase} from './lib/results.ts';
import {Place, type Tool} from './lib/tool.ts';

const RESULTS = fileURLToPath(new URL('results', import.meta.url));
const {values: options} = parseArgs({
  options: {
    quick: {type: 'boolean', default: false},
    case: {type: 'string', multiple: true},
    tool: {type: 'string', multiple: true},
    scale: {type: 'string'},
    rounds: {type: 'string'},
    folder: {type: 'string'},
    tree: {type: 'string'},
    json: {type: 'string'},
    keep: {type: 'boolean', default: false},
    help: {type: 'boolean', default: false},
  },
});
const HELP = `npm run bench -- [OPTION…]
  --quick        5 % of the data, one round, in a minute: tells whether all works, not how fast it is
  --case NAME    only this (again for more): ${CASES.map(({name}) => name).join(', ')}
  --tool NAME    only this (again for more); all that are on the PATH by default
  --scale N      size of the data; 1 is 1.4 GB in 54,000 files, and a dump of 500 MB
  --rounds N     3 by default
  --folder DIR   where to work; needs some 10 GB for all tools; memory (/dev/shm) by default, if it has as much
  --tree DIR     back up a copy of this folder instead of a made one
  --json FILE    where to write the result; bench/results/DATE.json by default, nowhere with --quick
  --keep         leave the made data there for the next run`;

if (options.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const scale = Number(options.scale ?? (options.quick ? 0.05 : 1));
  const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
  const chosen = CASES.filter(({name}) => options.case?.includes(name) ?? true);
  const unknown = options.case?.find((name) => !CASES.some((one) => one.name === name));
  if (unknown !== undefined || !(scale > 0) || !(rounds >= 1)) throw new Error(`${unknown ?? ''}\n${HELP}`);
  const parent = options.folder === undefined ? workFolder(scale) : resolve(options.folder);
  const base = join(parent, 'holdfast-bench');
  mkdirSync(base, {recursive: true});
  const work = mkdtempSync(join(base, 'run-'));
  try {
    const keys = join(work, 'keys');
    const tools: Tool[] = [new Holdfast(keys), new Holdfast(keys, '0B'), ...findPeers()].filter(
      ({name}) => options.tool?.includes(name) ?? true,
    );
    for (const {name, version} of tools) console.log(`${name}: ${version}`);
    const datasets = new Datasets(base, scale, options.tree && resolve(options.tree));
    const result: BenchResult = {
      date: new Date().toISOString(),
      machine: describeMachine(base),
      versions: Object.fromEntries(tools.map(({name, version}) => [name, version])),
      options: {scale, rounds, tree: options.tree ?? null},
      cases: [],
    };
    for (let round = 0; round < rounds; round++) {
      const turned = [...tools.slice(round % tools.length), ...tools.slice(0, round % tools.length)];
      for (const dataset of ['tree', 'dump'] as const)
        runRound(result, turned, datasets, dataset, chosen, round, work);
    }
    console.log(`\nMedians of ${rounds}; ${JSON.stringify(result.machine)}`);
    for (const found of result.cases) console.log(`\n${renderCase(found)}`);
    const file =
      options.json ?? (options.quick ? undefined : join(RESULTS, `${result.date.slice(0, 10)}.json`));
    if (file !== undefined) {
      mkdirSync(dirname(file), {recursive: true});
      writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
      console.log(`\nWritten to ${resolve(file)}`);
    }
  } finally {
    rmSync(work, {recursive: true, force: true});
    rmSync(join(base, 'data'), {recursive: true, force: true});
    if (!options.keep) rmSync(base, {recursive: true, force: true});
  }
}

/** All cases of one dataset, each tool with a fresh repository. */
function runRound(
  result: BenchResult,
  tools: readonly Tool[],
  datasets: Datasets,
  dataset: Dataset,
  chosen: readonly Case[],
  round: number,
  work: string,
): void {
  const cases = withNeeded(chosen.filter((one) => one.dataset === dataset));
  if (cases.length === 0) return;
  const facts = datasets.reset(dataset);
  const places = new Map<Tool, Place>();
  for (const tool of tools.filter(({only = dataset}) => only === dataset)) {
    const place = new Place(mkdtempSync(join(work, `${tool.name}-`)), datasets.folders[dataset]);
    tool.prepare(place);
    places.set(tool, place);
  }
  for (const one of cases) {
    if (one.change !== undefined) datasets.change(one.change, round);
    for (const [tool, place] of places) runCase(result, one, chosen.includes(one), tool, place, facts);
  }
  for (const {folder} of places.values()) rmSync(folder, {recursive: true, force: true});
}

function runCase(
  result: BenchResult,
  one: Case,
  isReported: boolean,
  tool: Tool,
  place: Place,
  facts: DatasetFacts,
): void {
  const before = repositoryBytes(place);
  const taken = measure(tool.command(one.step, place), join(place.folder, 'log'));
  const addedBytes = repositoryBytes(place) - before;
  if (one.step === 'restore') checkRestored(tool, place);
  console.log(`${one.name} ${tool.name}: ${taken.wallSeconds.toFixed(2)} s`);
  if (!isReported) return;
  let found = result.cases.find(({name}) => name === one.name);
  if (found === undefined) {
    found = newCaseResult(one, facts);
    result.cases.push(found);
  }
  found.rounds[tool.name] = [...(found.rounds[tool.name] ?? []), {...taken, addedBytes}];
}

function repositoryBytes({repository}: Place): number {
  return existsSync(repository) ? bytesBelow(repository) : 0; // duplicity makes it with the first backup
}

/** A restore that brings back less would be faster. What comes back, byte by byte, is for the tests. */
function checkRestored(tool: Tool, {source, restored}: Place): void {
  const [expected, found] = [bytesBelow(source), bytesBelow(restored)];
  if (expected !== found)
    throw new Error(`${tool.name} restored ${found} of ${expected} bytes of ${source} in ${restored}`);
  rmSync(restored, {recursive: true, force: true});
}

function workFolder(scale: number): string {
  const memory = '/dev/shm';
  try {
    const {bavail, bsize} = statfsSync(memory);
    return bavail * bsize > 10e9 * scale + 1e9 ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}

function describeMachine(folder: string): BenchResult['machine'] {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: process.version,
    fileSystem: execFileSync('stat', ['--file-system', '--format=%T', folder], {encoding: 'utf8'}).trim(),
    commit: execFileSync('git', ['describe', '--always', '--dirty'], {encoding: 'utf8'}).trim(),
  };
}
