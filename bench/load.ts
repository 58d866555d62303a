/**
 * A full backup under load: what it takes with a slow storage, how busy it keeps the cores, and how soon it stops when interrupted.
 *   node bench/load.ts [--folder DIR] [--upload 50MB/s] [--interrupts 10]
 * Needs the built program (npm run build).
 */
import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {availableParallelism, tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {setTimeout as passed} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {Holdfast} from './lib/holdfast.ts';
import {measure, median} from './lib/measure.ts';
import {Random} from './lib/random.ts';
import {Place} from './lib/tool.ts';
import {makeTree} from './lib/tree.ts';

const {values: options} = parseArgs({
  options: {
    folder: {type: 'string', default: existsSync('/dev/shm') ? '/dev/shm' : tmpdir()},
    upload: {type: 'string', default: '50MB/s'},
    interrupts: {type: 'string', default: '10'},
  },
});
const scratch = mkdtempSync(join(options.folder, 'holdfast-load-'));
try {
  const source = join(scratch, 'source');
  const {files, bytes} = makeTree(source, 1);
  console.log(`${files} files, ${(bytes / 1e9).toFixed(1)} GB`);
  const tool = new Holdfast(join(scratch, 'keys'));
  const seconds = backUp(tool, new Place(join(scratch, 'fast'), source), 'fast storage');
  backUp(tool, new Place(join(scratch, 'slow'), source), options.upload, [
    `limits: {upload: ${options.upload}}`,
  ]);
  await interrupt(tool, source, seconds, Number(options.interrupts));
} finally {
  rmSync(scratch, {recursive: true});
}

function backUp(tool: Holdfast, place: Place, name: string, config: readonly string[] = []): number {
  tool.prepare(place, config);
  const {wallSeconds, cpuSeconds, peakBytes} = measure(tool.command('backup', place), join(scratch, 'log'));
  const busy = (100 * cpuSeconds) / (wallSeconds * availableParallelism());
  console.log(
    `${name.padEnd(14)} ${wallSeconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} cpu s, ${busy.toFixed(0)} % of ${availableParallelism()} cores, peak ${(peakBytes / 1e6).toFixed(0)} MB`,
  );
  rmSync(place.folder, {recursive: true});
  return wallSeconds;
}

/** At moments between a fifth and four fifths of a whole run. */
async function interrupt(tool: Holdfast, source: string, seconds: number, rounds: number): Promise<void> {
  const random = new Random(0x696e74, rounds);
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const place = new Place(join(scratch, `interrupted-${round}`), source);
    tool.prepare(place);
    const {argv, env, cwd} = tool.command('backup', place);
    const [program = '', ...args] = argv;
    const child = spawn(program, args, {cwd, env: {...process.env, ...env}, stdio: 'ignore'});
    await passed(seconds * 1000 * (0.2 + (0.6 * random.below(1000)) / 1000));
    const started = performance.now();
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    took.push(performance.now() - started);
    if (code !== 130) throw new Error(`ended with ${code} instead of 130`);
    const packs = checkNames(place.repository);
    console.log(
      `interrupted    ended after ${took.at(-1)?.toFixed(0)} ms, ${packs} packs, each what its name says`,
    );
    rmSync(place.folder, {recursive: true});
  }
  if (rounds > 0)
    console.log(
      `interrupted    median ${median(took).toFixed(0)} ms, at most ${Math.max(...took).toFixed(0)} ms`,
    );
}

/** @returns how many packs there are. @throws if one is not whole */
function checkNames(repository: string): number {
  let packs = 0;
  for (const entry of readdirSync(repository, {recursive: true, withFileTypes: true})) {
    if (!entry.isFile() || !/[/]packs[/]/.test(`${entry.parentPath}/`)) continue;
    const path = join(entry.parentPath, entry.name);
    const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
    if (hash !== basename(path, '.pgp')) throw new Error(`${path} is not whole`);
    packs++;
  }
  return packs;
}
