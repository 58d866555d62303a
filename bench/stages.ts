/**
 * Where the time of a command goes, by stage; every sample counts once, so each thread's stages add up to its time:
 *   node --cpu-prof --cpu-prof-dir=/tmp/profile bin/dev.js backup && node bench/stages.ts /tmp/profile
 */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

interface Profile {
  readonly nodes: {
    readonly id: number;
    readonly callFrame: {readonly functionName: string; readonly url: string};
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** From the innermost frame outwards, the first that one of these fits decides. Frames are `function file`. */
const STAGES: readonly (readonly [stage: string, frame: RegExp])[] = [
  ['waiting', /^\(idle\)/],
  ['garbage collection', /^\(garbage collector\)|collectGarbage|^gc /],
  ['zstd', /^processChunkSync|^(compress|compressDelta|decompress) .*system\/linked/],
  ['OpenPGP, unlocking the key', /openpgp/],
  ['name blobs (HMAC)', /^mac .*system\/linked|#mac .*blob-writer|unpacking\/unpack\./],
  ['cut (gear hash)', /chunker\/chunker/],
  ['known? (catalog)', /^has .*catalog\/blobs/],
  ['catalog', /\/catalog\/|folder\/(state|read-ahead)|better-sqlite3\/lib\/methods/],
  ['pack names (SHA-256)', /^sha256 /],
  ['encrypt, decrypt (AES-GCM)', /crypto\/seipd/],
  ['extended attributes', /(list|get|read)Xattrs?|describeEntry/],
  ['open, read, stat files', /folder\/(read-file|stored-content)/],
  ['list and compare', /folder\/(walk[a-z-]*|names|entry|entry-stats|left-out|exclude|cache-tag)\./],
  ['trees', /repository\/tree|folder\/listing/],
  ['write files', /folder\/(writer|restored-file|parts|outcome|metadata|directory|linked-files|existing)\./],
  ['gather and hand over', /\/(un)?packing\/|^postMessage/],
  ['storage', /targets\//],
  ['start-up, loading code', /internal\/modules|internal\/bootstrap|@oclif|src\/cli\//],
];

for (const file of readdirSync(process.argv[2] ?? '.').sort()) {
  if (!file.endsWith('.cpuprofile')) continue;
  const profile = JSON.parse(readFileSync(join(process.argv[2] ?? '.', file), 'utf8')) as Profile;
  tell(/\.(\d+)\.\d+\.cpuprofile$/.exec(file)?.[1] === '0' ? 'main thread' : 'worker', profile);
}

function tell(thread: string, {nodes, samples, timeDeltas}: Profile): void {
  const stages = new Map<number, string>();
  const frames = new Map(nodes.map(({id, callFrame}) => [id, `${callFrame.functionName} ${callFrame.url}`]));
  const parents = new Map(nodes.flatMap(({id, children = []}) => children.map((child) => [child, id])));
  const totals = new Map<string, number>();
  for (const [n, sample] of samples.entries()) {
    const stage = stages.get(sample) ?? stageOf(sample, frames, parents);
    stages.set(sample, stage);
    totals.set(stage, (totals.get(stage) ?? 0) + (timeDeltas[n] ?? 0));
  }
  const all = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  console.log(`\n${thread}: ${(all / 1e6).toFixed(2)} s`);
  for (const [stage, us] of [...totals].sort(([, a], [, b]) => b - a))
    console.log(
      `  ${stage.padEnd(28)} ${(us / 1e6).toFixed(3).padStart(8)} s ${((us / all) * 100).toFixed(1).padStart(6)} %`,
    );
}

function stageOf(
  leaf: number,
  frames: ReadonlyMap<number, string>,
  parents: ReadonlyMap<number, number>,
): string {
  for (let id: number | undefined = leaf; id !== undefined; id = parents.get(id)) {
    const frame = frames.get(id) ?? '';
    const stage = STAGES.find(([, pattern]) => pattern.test(frame));
    if (stage !== undefined) return stage[0];
  }
  return 'other';
}
