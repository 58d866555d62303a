/**
 * Prune of a repository of many snapshots and packs: how long, how much memory, and how many calls (issue 7: 1,000 and 10,000).
 *   npm run build && TMPDIR=/dev/shm node bench/prune.ts 1000 10000
 * The seals are real, and signed; packs, index objects and snapshots hold noise: prune looks at their names and sizes alone.
 */
import {randomBytes} from 'node:crypto';
import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {
  type GenerationPlace,
  indexObject,
  inGeneration,
  packObject,
  type SnapshotId,
  sealObject,
  sha256,
  snapshotObject,
} from '../src/repository/layout.ts';
import {type CheckedSeal, makeSeal, type SizedName} from '../src/repository/seal.ts';
import {Machine} from '../test/support/machine.ts';
import {measure} from './lib/measure.ts';

const [snapshots, packs] = process.argv.slice(2).map(Number) as [number, number];
const GENERATIONS = 20;
const LINE_SEALS = 31;
const HOUR_MS = 3_600_000;

await using machine = await Machine.create();
const begun = Date.now() - snapshots * HOUR_MS;

function store(name: string, bytes: Buffer): void {
  const path = join(machine.repositoryFolder, name);
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, bytes);
}

/** Noise under the name of its hash. */
function storeHashed(nameOf: (hash: string) => string): SizedName {
  const bytes = randomBytes(1000);
  const hash = sha256(bytes);
  store(nameOf(hash), bytes);
  return [hash, bytes.length];
}

let last: CheckedSeal | undefined;
const perGeneration = Math.ceil(snapshots / GENERATIONS);
for (let number = 0; number < snapshots; ) {
  const started = new Date(begun + number * HOUR_MS);
  const generation = `${started.toISOString().replace(/[-:]|\.\d+/g, '')}-aaaa`;
  const place: GenerationPlace = {source: 'files', generation};
  const secrets = ['generation.pgp', 'agent.pgp'].map((name) => {
    const bytes = randomBytes(1500);
    store(inGeneration(place, name), bytes);
    return {name, size: bytes.length, sha256: sha256(bytes)};
  });
  const all: {packs: SizedName[]; index: SizedName[]} = {packs: [], index: []};
  for (let at = 0; at < perGeneration && number < snapshots; at++, number++) {
    const isFull = at === 0;
    const count = Math.round(packs / snapshots);
    const added = {
      packs: Array.from({length: count}, () => storeHashed((hash) => packObject(place, hash))).sort(),
      index: [storeHashed((hash) => indexObject(place, hash))],
    };
    all.packs.push(...added.packs);
    all.index.push(...added.index);
    const content = randomBytes(1200);
    const id = sha256(content).slice(0, 16) as SnapshotId;
    store(snapshotObject(place, id), content);
    const time = new Date(begun + number * HOUR_MS).toISOString();
    const lists = at % LINE_SEALS === 0 || last === undefined;
    const {object, checked} = await makeSeal(
      {
        repository: machine.repository.id,
        ...place,
        agent: machine.agent.fingerprint,
        sequence: number + 1,
        previous: last?.hash ?? null,
        generationKey: 'f'.repeat(64),
        kind: isFull ? 'full' : 'incremental',
        started: time,
        finished: time,
        tags: [],
        snapshot: {id, size: content.length, sha256: sha256(content)},
        entries: {new: 1, changed: 0, unchanged: 0, removed: 0, total: 1},
        bytes: {source: 1e9, read: 1e9, new: 1e6, stored: 1e6},
        warnings: 0,
        secrets,
        needs: lists
          ? {base: null, packs: [...all.packs].sort(), index: [...all.index].sort(), dropped: []}
          : {base: last?.hash ?? null, ...added, dropped: []},
      },
      machine.agent,
      new Date(time),
    );
    store(sealObject(place, number + 1, id), object);
    last = checked;
  }
}

const env = {HOLDFAST_REPOSITORY: machine.repositoryFolder, XDG_STATE_HOME: join(machine.folder, 'pruner')};
const policy = ['--keep-last', '24', '--keep-daily', '7', '--keep-weekly', '4', '--yes', '--large', '--json'];

/** The command line, in a process of its own. */
function run(what: string, ...args: string[]): void {
  const log = join(machine.folder, 'log');
  const argv = [process.execPath, join(import.meta.dirname, '../bin/run.js'), ...args];
  const {wallSeconds, cpuSeconds, peakBytes} = measure({argv, env, cwd: machine.folder}, log);
  console.log(
    `${what}: ${wallSeconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of CPU, most memory ${Math.round(peakBytes / 2 ** 20)} MiB`,
  );
}

console.log(`${snapshots} snapshots, ${packs} packs`);
run('snapshots', 'snapshots', '--json');
run('dry run', 'prune', ...policy, '--dry-run');
run('dry run, nothing goes', 'prune', '--keep-last', String(snapshots), '--dry-run', '--json');
run('mark', 'prune', ...policy);
run('sweep', 'prune', ...policy, '--grace', '0s');
run('nothing to do', 'prune', ...policy);
run('verify, structure', 'verify', '--level', 'structure', '--json');
