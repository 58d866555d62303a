/**
 * A repository of many packs on a real storage: how long, and how many requests, what looks at it takes (issue 4: pages, not objects).
 *   TMPDIR=/dev/shm node bench/packs.ts 10000 --to swift://bench/packs --to 's3://bench/packs?endpoint=…'
 * Makes the packs in a temporary folder first, by incremental backups with packs of one frame; then copies the repository to each `--to`,
 * with the credentials of the environment, and measures there. Calls are those to the target: a page of a listing is one.
 */
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {replicate} from '../src/operations/replicate.ts';
import {FileTarget} from '../src/targets/file.ts';
import {ResilientTarget} from '../src/targets/resilient.ts';
import {openS3} from '../src/targets/s3.ts';
import {openSwift} from '../src/targets/swift.ts';
import type {Target} from '../src/targets/target.ts';
import {Machine} from '../test/support/machine.ts';

const {values, positionals} = parseArgs({
  options: {to: {type: 'string', multiple: true, default: []}},
  allowPositionals: true,
});
const count = Number(positionals[0] ?? 10_000);
const ROUND_FILES = 500;
/** A frame is closed at 1 MiB, and a pack not before its first frame. */
const FILE_BYTES = 2 ** 20 + 1000;

/** Counts the calls, a page of a listing each. */
function counting(target: Target): {target: Target; calls: Record<string, number>} {
  const calls: Record<string, number> = {};
  const counted = new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name, object);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        calls[String(name)] = (calls[String(name)] ?? 0) + 1;
        return (value as (...args: unknown[]) => unknown).apply(object, args);
      };
    },
  });
  return {target: counted, calls};
}

async function timed<T>(what: string, calls: Record<string, number>, work: () => Promise<T>): Promise<T> {
  for (const name of Object.keys(calls)) delete calls[name];
  const begun = performance.now();
  const result = await work();
  const most = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(
    `${what}: ${seconds} s, most memory ${Math.round(Number(most) / 1024)} MB, ${JSON.stringify(calls)}`,
  );
  return result;
}

await using machine = await Machine.create();
for (let round = 0; round * ROUND_FILES < count; round++) {
  for (let i = 0; i < ROUND_FILES; i++) {
    const line = `${round} ${i} is a line that compresses well\n`;
    writeFileSync(join(machine.source, `file-${i}`), line.repeat(Math.ceil(FILE_BYTES / line.length)));
  }
  await machine.backup({}, {}, {packBytes: 1, concurrency: 2});
  process.stderr.write(`${(round + 1) * ROUND_FILES} packs\r`);
}
for (const url of [machine.repositoryFolder, ...values.to]) {
  console.log(`\n${url}`);
  const {target, calls} = counting(await plainTarget(url));
  const there = new ResilientTarget(target);
  if (url !== machine.repositoryFolder) {
    await there.create({container: true});
    const {agents, repository, trust} = await machine.context();
    const copying = {repository, agents, trust, concurrency: 8};
    const history = await machine.history();
    await timed('replicate', calls, () => replicate(copying, history, there));
    await timed('replicate, nothing new', calls, () => replicate(copying, history, there));
  }
  machine.target = there;
  machine.repository = {...machine.repository, target: there};
  const {history} = await timed('snapshots', calls, () => machine.elsewhere());
  const found = await timed('verify, structure', calls, () => machine.verify({level: 'structure'}));
  console.log(`  ${history.sources[0]?.seals.length} snapshots, ${found.packs} packs, ok ${found.ok}`);
  writeFileSync(join(machine.source, 'new'), url);
  await timed('an incremental', calls, () => machine.backup());
  await timed('an incremental, nothing new', calls, () => machine.backup());
}

async function plainTarget(url: string): Promise<Target> {
  if (url.startsWith('s3:')) return openS3(url, {env: process.env});
  return url.startsWith('swift:') ? await openSwift(url, {env: process.env}) : new FileTarget(url);
}
